"""Looks again until a check holds or its time is up; returns as soon as it holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from k8slab.checks.explain import evidence_of, request_of_probe
from k8slab.checks.match import Mismatch, match, match_answers, match_log, resource_of
from k8slab.checks.reader import HttpProbe, Reader
from k8slab.checks.report import CheckReport
from k8slab.checks.spec import Absent, Check, Exists, FieldIs, Http, Log, Ready
from k8slab.diagnose import Diagnosis, diagnose, likely_cause
from k8slab.kube.objects import dig
from k8slab.kube.resources import SERVICES, Resource
from k8slab.snapshot import Snapshot
from k8slab.snapshot.extra import EXTRA

DEFAULT_SECONDS = 10.0
_TELL_SECONDS = 2.0


def run_checks(
    title: str,
    checks: Sequence[Check],
    reader: Reader,
    namespace: str,
    deadline_seconds: float = DEFAULT_SECONDS,
    tell: Callable[[float], None] = lambda _left: None,
) -> CheckReport:
    """Return the report on a step; ``tell`` hears the seconds that remain, every two seconds."""
    began = told = time.monotonic()
    while True:
        snapshot = reader.snapshot(namespace, resources_of(checks))
        wrong = find_mismatches(checks, snapshot, reader, namespace)
        now = time.monotonic()
        left = began + deadline_seconds - now
        if not wrong:
            return CheckReport(title, passed=True, waited_seconds=now - began)
        if left <= 0:
            # A diagnosis looks at more than checks do: policies, claims, webhooks.
            picture = reader.snapshot(namespace, {*resources_of(checks), *EXTRA})
            cause = likely_cause(
                picture, [entry.path for entry in wrong], explained(checks, wrong, picture, reader, namespace)
            )
            return CheckReport(title, False, now - began, tuple(wrong), cause.text, cause.command)
        if now - told >= _TELL_SECONDS:
            told = now
            tell(left)
        if _only_http(wrong):
            # Objects are as they should be and answers are not: nothing in the cluster may change any more.
            _pause(reader, snapshot, min(left, max(check.every for check in checks if isinstance(check, Http))))
        else:
            reader.wait_for_change(snapshot, min(left, _TELL_SECONDS))


def resources_of(checks: Sequence[Check]) -> set[Resource]:
    """Return the resources whose objects the checks look at by kind."""
    kinds = {check.kind for check in checks if isinstance(check, Exists | Absent | FieldIs | Ready)}
    return {resource_of(kind) for kind in kinds}


def explained(
    checks: Sequence[Check], wrong: Sequence[Mismatch], snapshot: Snapshot, reader: Reader, namespace: str
) -> dict[str, Diagnosis]:
    """Return the diagnoses of the requests that got another answer than they should, by method and URL."""
    found: dict[str, Diagnosis] = {}
    for check in checks:
        if not isinstance(check, Http):
            continue
        key = f"{check.method} {check.url}"
        if any(entry.path.startswith(key) for entry in wrong):
            probe = _probe(check, snapshot, namespace)
            found[key] = diagnose(
                snapshot, request_of_probe(probe), evidence_of(reader.probe(replace(probe, repeat=1)))
            )
    return found


def _pause(reader: Reader, snapshot: Snapshot, seconds: float) -> None:
    """Wait that long; a change ends only a short pause early, a long one is meant."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if reader.wait_for_change(snapshot, left) and seconds < _TELL_SECONDS:
            return


def _only_http(wrong: Sequence[Mismatch]) -> bool:
    return all(entry.path.partition(" ")[0].isupper() for entry in wrong)


def find_mismatches(checks: Sequence[Check], snapshot: Snapshot, reader: Reader, namespace: str) -> list[Mismatch]:
    """Return what is wrong now; requests are sent only when all objects are right."""
    wrong = [entry for check in checks for entry in match(check, snapshot)]
    if wrong:
        return wrong
    for check in checks:
        if isinstance(check, Http):
            wrong += match_answers(check, reader.probe(_probe(check, snapshot, namespace)))
        elif isinstance(check, Log):
            wrong += match_log(check, reader.log(check.kind, check.name, check.namespace or namespace))
    return wrong


def _probe(check: Http, snapshot: Snapshot, namespace: str) -> HttpProbe:
    if check.origin == "nodePort":
        service = snapshot.get(SERVICES, check.service)
        port = dig(service, "spec", "ports", 0, "nodePort", default=0) if service else 0
        return HttpProbe(
            check.url, "nodePort", namespace, check.method, check.headers, node_port=port, repeat=check.repeat
        )
    if check.origin == "ingress":
        return HttpProbe(check.url, "ingress", namespace, check.method, check.headers, repeat=check.repeat)
    address = snapshot.get(SERVICES, check.service) if check.service else None
    url = check.url.replace("{clusterIP}", str(dig(address, "spec", "clusterIP", default="")))
    return HttpProbe(url, "inside", namespace, check.method, check.headers, repeat=check.repeat)
