"""From a check's request and what came back to what a diagnosis reads."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlsplit

from k8slab.checks.reader import HttpProbe, ProbeResult
from k8slab.diagnose import Evidence, Request, parse_request
from k8slab.traffic.seen import seen_answer, seen_failure

_CODE = re.compile(r"curl exit code (\d+)|curl: \((\d+)\)")
_REFUSED = 7


def request_of_probe(probe: HttpProbe) -> Request:
    """Return the request as a learner would have typed it."""
    url, origin = probe.url, "inside" if probe.origin == "inside" else "outside"
    if probe.origin == "nodePort":
        path = urlsplit(url if "://" in url else f"http://127.0.0.1{url}").path
        url = f"http://127.0.0.1:{probe.node_port or 30000}{path}"
    return parse_request(
        url, origin=origin, namespace=probe.namespace, pod=probe.from_pod, method=probe.method, headers=probe.headers
    )


def evidence_of(result: ProbeResult) -> Evidence:
    """Return what the probe showed."""
    if result.error or not result.answers:
        return Evidence("unmapped", result.error)
    answer = result.answers[0]
    if answer.status:
        reason = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
        return seen_answer(answer.status, reason, answer.headers, answer.body)
    code = _CODE.search(answer.error)
    return seen_failure(int(code[1] or code[2]) if code else _REFUSED, answer.error)
