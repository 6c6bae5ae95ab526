"""Explains one request: takes a picture, sends the request, reads the logs that would help, and diagnoses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from k8slab.diagnose import Diagnosis, Evidence, Request, diagnose, parse_request
from k8slab.diagnose.names import meaning_of
from k8slab.errors import CommandError, K8slabError
from k8slab.kube.resources import PODS
from k8slab.snapshot import Snapshot
from k8slab.traffic.observe import Sender, observe

_LOG_LINES = 30
_MOST_LOGS = 3


class Lab(Sender, Protocol):
    """A cluster that can be looked at, asked, and sent requests to."""

    def full_snapshot(self, namespace: str) -> Snapshot:
        """Return a picture with everything that a diagnosis looks at."""
        ...

    def current_log(self, namespace: str, pod: str, container: str, lines: int) -> str:
        """Return the end of a running container's log."""
        ...

    def last_words(self, namespace: str, pod: str, container: str, lines: int) -> str:
        """Return the end of a container's log, of the one that ended last where there is one."""
        ...


def request_of(url: str, source: str, namespace: str, snapshot: Snapshot, **more: Any) -> Request:
    """Return the request; without a source, names that only the cluster knows start inside, others on this machine."""
    if source == "host":
        return parse_request(url, origin="outside", namespace=namespace, **more)
    if source:
        pod = "" if source == "inside" else source
        return parse_request(url, origin="inside", namespace=namespace, pod=pod, **more)
    inside = parse_request(url, origin="inside", namespace=namespace, **more)
    kind = meaning_of(snapshot, inside).kind
    by_name = any(letter.isalpha() for letter in inside.host)
    if by_name and (kind in ("service", "cluster-name", "pod-name") or ".svc." in f"{inside.host}."):
        return inside
    return replace(inside, origin="outside")


def explain(
    lab: Lab, url: str, source: str, namespace: str, *, last_error: str = "", tell: Callable[[str], None] | None = None,
    **more: Any,
) -> Diagnosis:  # fmt: skip
    """Return why a request arrives or not; raises ``CommandError`` for what is no URL."""
    snapshot = lab.full_snapshot(namespace)
    request = request_of(url, source, namespace, snapshot, **more)
    if request.pod and snapshot.get(PODS, request.pod, namespace) is None:
        raise CommandError(f"There is no pod {request.pod} in namespace {namespace}.", "kubectl get pods")
    if tell is not None:
        tell(
            f"sending {request.method} {request.url} from {'this machine' if request.origin == 'outside' else 'inside'}"
        )
    evidence = replace(_sent(lab, snapshot, request), last_error=last_error)
    if evidence.symptom and evidence.symptom != "ok":
        snapshot = lab.full_snapshot(namespace)
    found = diagnose(snapshot, request, evidence)
    logs = _logs(lab, found)
    return diagnose(snapshot, request, replace(evidence, logs=logs)) if logs else found


def _sent(lab: Lab, snapshot: Snapshot, request: Request) -> Evidence:
    """Send the request, unless it would leave the lab: nothing else is dialled."""
    kind = meaning_of(snapshot, request).kind
    if request.origin == "outside" and kind not in ("node", "ingress", "local"):
        return Evidence("", "not sent: from this machine that address is none of the lab's")
    return observe(request, lab)


def _logs(lab: Lab, found: Diagnosis) -> dict[str, str]:
    logs: dict[str, str] = {}
    for key in found.wants_logs[:_MOST_LOGS]:
        try:
            namespace, pod, container = key.split("/")
            logs[key] = lab.last_words(namespace, pod, container, _LOG_LINES)
        except K8slabError:
            continue
    return logs


def unseen(lab: Lab, url: str, source: str, namespace: str) -> Diagnosis:
    """Return the diagnosis from the declared objects alone: nothing is sent."""
    snapshot = lab.full_snapshot(namespace)
    return diagnose(snapshot, request_of(url, source, namespace, snapshot), Evidence())
