"""Sends the request that is to be explained, as it would be sent, and says what came."""

from __future__ import annotations

import re
from typing import Protocol

from k8slab.diagnose.findings import Evidence
from k8slab.diagnose.request import Request
from k8slab.errors import ClusterError, CommandError, K8slabError
from k8slab.traffic.command import CurlCommand
from k8slab.traffic.inside import parse_answers, probe_arguments
from k8slab.traffic.resolving import Target
from k8slab.traffic.seen import seen_answer, seen_failure
from k8slab.traffic.sending import send

_EXIT = re.compile(r"curl exit code (\d+)")
# Longer than the three seconds in which a gateway gives up on a slow app of a lesson, short enough to wait for.
_SECONDS = 6.0


class Sender(Protocol):
    """What sending needs: where names lead, and a pod to send from."""

    def resolve(self, scheme: str, host: str, port: int) -> Target:
        """Return where a URL leads from this machine."""
        ...

    def run_inside(self, pod: str, namespace: str, command: list[str], seconds: float) -> str:
        """Run a command in a pod (the probe pod without a name) and return its output; raises ``ClusterError``."""
        ...


class _Probe:
    """``traffic.inside.InsideRequest`` for one request."""

    def __init__(self, request: Request) -> None:
        self.url, self.method, self.headers = request.url, request.method, request.headers
        self.body, self.repeat, self.timeout_seconds = "x" * request.body_bytes, 1, _SECONDS


def observe(request: Request, sender: Sender) -> Evidence:
    """Send the request once; what could not even be tried gives evidence without a symptom."""
    try:
        return _inside(request, sender) if request.origin == "inside" else _outside(request, sender)
    except CommandError as error:
        return seen_failure(error.exit_code, error.message)
    except ClusterError as error:
        unmapped = request.origin == "outside"
        return Evidence("unmapped" if unmapped else "", f"not sent: {error.message}")
    except K8slabError as error:
        return Evidence("", f"not sent: {error.message}")


def _outside(request: Request, sender: Sender) -> Evidence:
    command = CurlCommand(
        request.url, dict(request.headers), request.method, "x" * request.body_bytes, {"k"}, limit_seconds=_SECONDS
    )
    found = send(command, sender.resolve)
    return seen_answer(found.status, found.reason, found.headers, found.body)


def _inside(request: Request, sender: Sender) -> Evidence:
    script = [word.replace("curl -s -i", "curl -s -k -i") for word in probe_arguments(_Probe(request))]
    output = sender.run_inside(request.pod, request.namespace, script, _SECONDS + 20)
    answer = next(parse_answers(output), None)
    if answer is None:
        return Evidence("", "not sent: the pod said nothing")
    if answer.status:
        return seen_answer(answer.status, "", answer.headers, answer.body)
    code = _EXIT.search(answer.error)
    return seen_failure(int(code[1]) if code else 7, answer.error)
