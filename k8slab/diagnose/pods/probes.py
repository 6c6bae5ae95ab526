"""Pods that run and are not ready: what their readiness probe was told (k8s.io/kubernetes/pkg/kubelet/prober)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.diagnose.events import last_event
from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.words import in_namespace
from k8slab.kube.objects import Obj, dig, find_condition, name_of, namespace_of
from k8slab.snapshot import Snapshot

# What a failed probe said, and what that means of its definition.
_SIGNS: tuple[tuple[str, str, str], ...] = (
    (r"statuscode: (\d+)", "readiness-path-wrong", "the app answers it with {0}: is its path right?"),
    (r"connection refused", "readiness-port-wrong", "nothing listens on its port."),
    (r"(context deadline exceeded|timeout|Timeout)", "readiness-timeout", "the app answers too slowly for it."),
    (r"(no such file|not found in \$PATH|executable file)", "readiness-command-wrong", "its command does not exist."),
)


def probe_findings(snapshot: Snapshot, pod: Obj, _evidence: Evidence) -> Iterator[Finding]:
    """Yield why a running pod is not ready."""
    condition = find_condition(pod, "Ready")
    running = dig(pod, "status", "phase") == "Running"
    if not running or condition is None or condition.get("status") == "True":
        return
    failing = False
    for status in dig(pod, "status", "containerStatuses", default=[]):
        if dig(status, "state", "running") is not None and not status.get("ready"):
            failing = True
            yield _unready(snapshot, pod, str(status.get("name")), started=status.get("started") is not False)
    gates = [str(gate.get("conditionType")) for gate in dig(pod, "spec", "readinessGates", default=[])]
    closed = [gate for gate in gates if (find_condition(pod, gate) or {}).get("status") != "True"]
    if closed and not failing:
        yield Finding(
            "readiness-gate-closed",
            f"Pod {name_of(pod)} waits for its readiness gates: {', '.join(closed)}.",
            in_namespace(f"kubectl describe pod {name_of(pod)}", namespace_of(pod)),
            (),
            UNREACHED,
        )


def _unready(snapshot: Snapshot, pod: Obj, container: str, *, started: bool) -> Finding:
    name, where = name_of(pod), namespace_of(pod)
    spec = next(entry for entry in dig(pod, "spec", "containers", default=[]) if entry.get("name") == container)
    kind = "readiness" if started else "startup"
    message = last_event(snapshot, pod, ("Unhealthy",), f"{kind} probe") or last_event(snapshot, pod, ("Unhealthy",))
    probe = dig(spec, f"{kind}Probe", default={})
    shown = f"{kind}Probe of container {container}: {probe_text(probe)}"
    command = in_namespace(f"kubectl describe pod {name}", where)
    for sign, cause, text in _SIGNS:
        found = re.search(sign, message)
        if found:
            why = text.format(*found.groups())
            full = f"Pod {name} is not ready: its {kind} probe ({probe_text(probe)}) fails; {why}"
            return Finding(cause.replace("readiness", kind), full, command, (message, shown), UNREACHED)
    if message:
        return Finding(f"{kind}-fails", f"Pod {name} is not ready: {message}", command, (message, shown), UNREACHED)
    full = f"Pod {name} is not ready yet: container {container} has only begun"
    full += f" ({probe_text(probe)} has not succeeded so far)." if probe else "."
    return Finding("pod-starting", full, in_namespace(f"kubectl get pod {name} -w", where), (shown,), UNREACHED)


def probe_text(probe: Obj) -> str:
    """Return a probe in one line: ``GET :8080/healthz``."""
    if "httpGet" in probe:
        asked = probe["httpGet"]
        return f"GET :{asked.get('port')}{asked.get('path', '/')}"
    if "tcpSocket" in probe:
        return f"connect to :{probe['tcpSocket'].get('port')}"
    if "exec" in probe:
        return f"run {' '.join(probe['exec'].get('command') or ())}"
    if "grpc" in probe:
        return f"grpc :{probe['grpc'].get('port')}"
    return "none"
