"""Containers that end again and again: the exit code, what killed them, their last words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.diagnose.events import last_event
from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.words import in_namespace
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.snapshot import Snapshot

# What nginx says of a configuration that it does not take; the text after it says where.
_NGINX = re.compile(r"\[emerg\][^\n]*")
_COMMAND_NOT_FOUND = 127
_BOUND = re.compile(r"(address already in use|bind\(\) to \S+ failed)", re.IGNORECASE)


def restart_findings(snapshot: Snapshot, pod: Obj, evidence: Evidence) -> Iterator[Finding]:
    """Yield the containers that do not stay up."""
    for status in dig(pod, "status", "containerStatuses", default=[]):
        ended = dig(status, "state", "terminated") or dig(status, "lastState", "terminated")
        waiting = dig(status, "state", "waiting", "reason") == "CrashLoopBackOff"
        if ended is None or ended.get("reason") in ("StartError", "ContainerCannotRun"):
            continue
        if waiting or dig(status, "state", "terminated") or not status.get("ready"):
            yield _ended(snapshot, pod, status, ended, evidence)


def _ended(snapshot: Snapshot, pod: Obj, status: Obj, ended: Obj, evidence: Evidence) -> Finding:
    name, where, container = name_of(pod), namespace_of(pod), str(status.get("name"))
    key = f"{where}/{name}/{container}"
    log = evidence.logs.get(key, "") or str(ended.get("message") or "")
    cause, why = _why(snapshot, pod, ended, log)
    last = [line for line in log.strip().splitlines() if line.strip()][-3:]
    again = f"Container {container} of pod {name} ends again and again"
    text = f"{again} ({status.get('restartCount', 0)} restarts): {why}"
    if last and cause in ("crash-loop", "command-not-found"):
        text += f" It said last: {last[-1].strip()}"
    command = f"kubectl logs {name} -c {container} --previous" if status.get("restartCount") else f"kubectl logs {name}"
    seen = (f"container {container} exit code {ended.get('exitCode')}, reason {ended.get('reason')}", *last)
    return Finding(cause, text, in_namespace(command, where), seen, UNREACHED, logs=key)


def _why(snapshot: Snapshot, pod: Obj, ended: Obj, log: str) -> tuple[str, str]:
    if ended.get("reason") == "OOMKilled":
        return "out-of-memory", "it used more memory than its limit and was killed (OOMKilled)."
    killed = _killed_by_probe(snapshot, pod)
    return killed or _by_log(log) or _by_code(ended.get("exitCode"))


def _killed_by_probe(snapshot: Snapshot, pod: Obj) -> tuple[str, str] | None:
    for probe, cause in (("liveness", "liveness-kills"), ("startup", "startup-probe-kills")):
        failed = last_event(snapshot, pod, ("Unhealthy",), f"{probe} probe failed")
        if failed and last_event(snapshot, pod, ("Killing",), probe):
            return cause, f"its {probe} probe fails and the kubelet kills it: {failed}"
    return None


def _by_log(log: str) -> tuple[str, str] | None:
    if _BOUND.search(log):
        return "port-taken-in-pod", "its port is taken already by another container of the pod."
    broken = _NGINX.search(log)
    return ("nginx-config-broken", f"nginx does not take its configuration: {broken[0]}") if broken else None


def _by_code(code: int | None) -> tuple[str, str]:
    if code == _COMMAND_NOT_FOUND:
        return "command-not-found", "its shell did not find the command (exit code 127)."
    if code == 0:
        return "program-ends", "its program ends by itself (exit code 0); a server must keep running."
    return "crash-loop", f"it ends with exit code {code}."
