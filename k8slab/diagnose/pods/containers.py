"""Containers that cannot be made or started (k8s.io/kubernetes/pkg/kubelet/kuberuntime)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8slab.diagnose.events import last_event
from k8slab.diagnose.findings import UNREACHED, Evidence, Finding
from k8slab.diagnose.words import in_namespace, near
from k8slab.kube.objects import Obj, dig, name_of, namespace_of
from k8slab.kube.resources import CONFIG_MAPS, SECRETS
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import container_statuses

_STARTING = ("RunContainerError", "StartError", "CreateContainerError", "ContainerCannotRun")
# A sign in the kubelet's message about the configuration, and the cause.
_CONFIG_SIGNS: tuple[tuple[str, str], ...] = (
    (r"couldn't find key (?P<key>\S+) in (?P<kind>ConfigMap|Secret)", "key-missing"),
    (r"(?P<kind>configmap|secret) \"(?P<name>[^\"]+)\" not found", "missing"),
    (r"runAsNonRoot", "runs-as-root"),
)


def container_findings(snapshot: Snapshot, pod: Obj, evidence: Evidence) -> Iterator[Finding]:
    """Yield containers with a configuration that cannot be made, or a command that cannot be run."""
    for status in container_statuses(pod):
        reason = str(dig(status, "state", "waiting", "reason", default=""))
        message = str(dig(status, "state", "waiting", "message", default=""))
        if reason == "CreateContainerConfigError":
            yield _config(snapshot, pod, status, message or last_event(snapshot, pod, ("Failed",)))
        elif reason in _STARTING or _last(status, "reason") in _STARTING:
            yield _command(pod, status, message or _last(status, "message") or last_event(snapshot, pod, ("Failed",)))
        elif reason == "PodInitializing":
            yield from _init(pod, evidence)


def _last(status: Obj, field: str) -> str:
    found = dig(status, "state", "terminated", field) or dig(status, "lastState", "terminated", field)
    return str(found or "")


def _config(snapshot: Snapshot, pod: Obj, status: Obj, message: str) -> Finding:
    name, where = name_of(pod), namespace_of(pod)
    cause, hint, command = "container-config-wrong", "", f"kubectl describe pod {name}"
    for sign, meaning in _CONFIG_SIGNS:
        found = re.search(sign, message)
        if not found:
            continue
        kind = found.groupdict().get("kind", "").lower()
        cause = f"{kind}-{meaning}" if kind else meaning
        if kind:
            resource = CONFIG_MAPS if kind == "configmap" else SECRETS
            like = near(found.groupdict().get("name") or "", [name_of(one) for one in snapshot.list(resource, where)])
            hint = f" There is one called {like}." if like else ""
            command = f"kubectl get {resource.plural}"
        break
    return Finding(
        cause,
        f"Container {status.get('name')} of pod {name} cannot be made: {message}.{hint}",
        in_namespace(command, where),
        (f"CreateContainerConfigError: {message}",),
        UNREACHED,
    )


def _command(pod: Obj, status: Obj, message: str) -> Finding:
    name, where = name_of(pod), namespace_of(pod)
    spec: Obj = next(
        (entry for entry in dig(pod, "spec", "containers", default=[]) if entry.get("name") == status.get("name")), {}
    )
    typed = " ".join([*(spec.get("command") or ()), *(spec.get("args") or ())])
    return Finding(
        "command-wrong",
        f"Container {status.get('name')} of pod {name} cannot be started with its command ({typed or 'of the image'}): "
        f"{message}",
        in_namespace(f"kubectl describe pod {name}", where),
        (f"container {status.get('name')} command: {typed or '(of the image)'}", message),
        UNREACHED,
    )


def _init(pod: Obj, evidence: Evidence) -> Iterator[Finding]:
    for status in dig(pod, "status", "initContainerStatuses", default=[]):
        ended = dig(status, "state", "terminated", "exitCode")
        if ended == 0 or dig(status, "state", "waiting", "reason") in ("ErrImagePull", "ImagePullBackOff"):
            continue
        key = f"{namespace_of(pod)}/{name_of(pod)}/{status.get('name')}"
        words = evidence.logs.get(key, "").strip().splitlines()[-1:]
        running = dig(status, "state", "running") is not None
        what = (
            "has not ended yet" if running else f"fails (exit code {ended or _last(status, 'exitCode') or 'unknown'})"
        )
        yield Finding(
            "init-container-waits" if running else "init-container-fails",
            f"Init container {status.get('name')} of pod {name_of(pod)} {what}; the others wait for it."
            + (f" It said last: {words[0]}" if words else ""),
            in_namespace(f"kubectl logs {name_of(pod)} -c {status.get('name')}", namespace_of(pod)),
            (f"initContainer {status.get('name')}: {'running' if running else 'failed'}",),
            UNREACHED,
            logs=key,
        )
        return
