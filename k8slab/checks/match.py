"""Holds a check against a picture of the cluster: pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k8slab.checks.reader import Answer, ProbeResult
from k8slab.checks.spec import Absent, Check, Endpoints, Event, Exists, FieldIs, Http, Log, Ready, Replaced
from k8slab.kube.gateway import GATEWAY_KINDS
from k8slab.kube.objects import Obj, annotations_of, dig, labels_of, name_of
from k8slab.kube.resources import DEPLOYMENTS, ENDPOINT_SLICES, EVENTS, SERVICES, Catalog, Resource
from k8slab.snapshot import Snapshot

_NOT_THERE = "nothing (it does not exist)"
_REVISION = "deployment.kubernetes.io/revision"
_SHOWN = 120
_MOST = 3  # mismatches of one request: more of the same help nobody


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as it should be."""

    path: str
    expected: str
    found: str


def resource_of(kind: str) -> Resource:
    """Return the resource of a kind; raises ``KeyError``."""
    found = Catalog().named(kind) or GATEWAY_KINDS.get(kind)
    if found is None:
        raise KeyError(kind)
    return found


def match(check: Check, snapshot: Snapshot) -> list[Mismatch]:
    """Return what is wrong (nothing: the check holds). HTTP checks are matched by ``match_answers``."""
    matcher: Callable[[Any, Snapshot], Iterator[Mismatch]] = _MATCHERS[type(check)]
    return list(matcher(check, snapshot))


def _where(check: Exists | Absent | FieldIs | Ready | Log) -> str:
    return _where_of(check.kind, check.name, check.namespace)


def _where_of(kind: str, name: str, namespace: str) -> str:
    """Return how a report names an object: as kubectl's words would, with ``-n`` outside the learner's namespace."""
    return f"{kind}/{name} -n {namespace}" if namespace else f"{kind}/{name}"


def _named(snapshot: Snapshot, check: Exists | Absent | FieldIs | Ready) -> Obj | None:
    return snapshot.get(resource_of(check.kind), check.name, check.namespace or None)


def _exists(check: Exists, snapshot: Snapshot) -> Iterator[Mismatch]:
    if _named(snapshot, check) is None:
        yield Mismatch(_where(check), "it exists", _NOT_THERE)


def _absent(check: Absent, snapshot: Snapshot) -> Iterator[Mismatch]:
    if _named(snapshot, check) is not None:
        yield Mismatch(_where(check), "it is gone", "it exists")


def _field(check: FieldIs, snapshot: Snapshot) -> Iterator[Mismatch]:
    obj = _named(snapshot, check)
    if obj is None:
        yield Mismatch(_where(check), "it exists", _NOT_THERE)
        return
    found = dig(obj, *_steps(check.path))
    if not _as_expected(check, found):
        yield Mismatch(f"{_where(check)} {check.path}", _expectation(check), _text(found))


def _steps(path: str) -> list[str | int]:
    """Split ``spec.ports[0].port``; a key with dots stands in quotes: ``metadata.annotations['example.com/a']``."""
    found = re.findall(r"\['([^']*)'\]|\[(\d+)\]|([^.\[\]]+)", path)
    return [int(index) if index else quoted or plain for quoted, index, plain in found]


def _as_expected(check: FieldIs, found: Any) -> bool:
    if check.equals is not None:
        return bool(found == _value(check.equals))
    if check.contains:
        return check.contains in str(found or "")
    if check.matches:
        return re.search(check.matches, str(found or "")) is not None
    if check.at_least is not None:
        return isinstance(found, int) and found >= check.at_least
    return found is not None


def _value(expected: Any) -> Any:
    # Checks are frozen, so their lists are tuples.
    return list(expected) if isinstance(expected, tuple) else expected


def _expectation(check: FieldIs) -> str:
    if check.equals is not None:
        return _text(_value(check.equals))
    if check.contains:
        return f"something with {check.contains!r}"
    if check.matches:
        return f"something like {check.matches!r}"
    return f"at least {check.at_least}" if check.at_least is not None else "any value"


def _text(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _ready(check: Ready, snapshot: Snapshot) -> Iterator[Mismatch]:
    obj = _named(snapshot, check)
    if obj is None:
        yield Mismatch(_where(check), "it exists", _NOT_THERE)
        return
    where = _where(check)
    yield from _number(f"{where} spec.replicas", check.count, dig(obj, "spec", "replicas", default=0))
    yield from _number(f"{where} status.readyReplicas", check.count, dig(obj, "status", "readyReplicas", default=0))
    if check.kind == "Deployment":
        updated = dig(obj, "status", "updatedReplicas", default=0)
        yield from _number(f"{where} status.updatedReplicas", check.count, updated)
        yield from _number(f"{where} status.replicas", check.count, dig(obj, "status", "replicas", default=0))


def _number(path: str, expected: int, found: int) -> Iterator[Mismatch]:
    if expected != found:
        yield Mismatch(path, str(expected), str(found))


def ready_addresses(snapshot: Snapshot, service: str, namespace: str | None = None) -> list[str]:
    """Return the addresses of the ready pods behind a Service."""
    slices = [entry for entry in snapshot.list(ENDPOINT_SLICES, namespace)
              if labels_of(entry).get("kubernetes.io/service-name") == service]  # fmt: skip
    endpoints = [endpoint for entry in slices for endpoint in entry.get("endpoints") or []]
    return [entry["addresses"][0] for entry in endpoints if dig(entry, "conditions", "ready", default=True)]


def _endpoints(check: Endpoints, snapshot: Snapshot) -> Iterator[Mismatch]:
    namespace = check.namespace or None
    if snapshot.get(SERVICES, check.service, namespace) is None:
        yield Mismatch(_where_of("Service", check.service, check.namespace), "it exists", _NOT_THERE)
        return
    found = len(ready_addresses(snapshot, check.service, namespace))
    if found != check.count:
        yield Mismatch(
            f"{_where_of('Service', check.service, check.namespace)} endpoints",
            f"{check.count} ready pods",
            f"{found} ready pods",
        )


def _event(check: Event, snapshot: Snapshot) -> Iterator[Mismatch]:
    if not any(_is_event(check, event) for event in snapshot.list(EVENTS, check.namespace or None)):
        about = f"{check.kind}/{check.name or '*'}"
        yield Mismatch(f"events of {about}", f"{check.reason} {check.message}".strip(), "no such event yet")


def _is_event(check: Event, event: Obj) -> bool:
    about = event.get("involvedObject") or {}
    named = str(about.get("name", "")).startswith(check.name)
    said = check.message in str(event.get("message", ""))
    return event.get("reason") == check.reason and about.get("kind") == check.kind and named and said


def _revision(check: Replaced, snapshot: Snapshot) -> Iterator[Mismatch]:
    obj = snapshot.get(DEPLOYMENTS, check.name)
    if obj is None:
        yield Mismatch(f"Deployment/{check.name}", "it exists", _NOT_THERE)
        return
    found = int(annotations_of(obj).get(_REVISION, "0"))
    if found < check.revision:
        yield Mismatch(f"Deployment/{name_of(obj)} revision", f"at least {check.revision}", str(found))


def _asked(_check: Http | Log, _snapshot: Snapshot) -> Iterator[Mismatch]:
    """Find nothing: what must be asked for is not in the picture (see ``match_answers`` and ``match_log``)."""
    yield from ()


_MATCHERS: Mapping[type[Check], Callable[[Any, Snapshot], Iterator[Mismatch]]] = {
    Exists: _exists,
    Absent: _absent,
    FieldIs: _field,
    Ready: _ready,
    Endpoints: _endpoints,
    Event: _event,
    Replaced: _revision,
    Http: _asked,
    Log: _asked,
}


def match_answers(check: Http, result: ProbeResult) -> list[Mismatch]:
    """Return what is wrong with the answers to an HTTP check."""
    if result.error:
        return [Mismatch(f"{check.method} {check.url}", f"status {check.status}", result.error)]
    if check.statuses:
        return list(_counted(check, result.answers))
    wrong = [mismatch for answer in result.answers for mismatch in _answer(check, answer)][:_MOST]
    return wrong or [*_unseen(check, result.answers), *_shared(check, result.answers)]


def _counted(check: Http, answers: Sequence[Answer]) -> Iterator[Mismatch]:
    """Yield the statuses that came too seldom or too often."""
    found = Counter(answer.status for answer in answers)
    seen = ", ".join(f"{count} x {status or 'no answer'}" for status, count in sorted(found.items()))
    for status, (least, most) in check.statuses.items():
        if not least <= found[int(status)] <= most:
            wanted = f"{least} to {most}" if least != most else str(least)
            yield Mismatch(f"{check.method} {check.url}", f"{wanted} of {len(answers)} answers with {status}", seen)


def _shared(check: Http, answers: Sequence[Answer]) -> Iterator[Mismatch]:
    """Yield the bodies that came too seldom or too often."""
    for wanted, (least, most) in check.shares.items():
        found = sum(re.search(wanted, answer.body) is not None for answer in answers)
        if not least <= found <= most:
            expected = f"{least} to {most} of {len(answers)} answers like {wanted!r}"
            yield Mismatch(f"{check.method} {check.url}", expected, f"{found} of {len(answers)}")


def match_log(check: Log, text: str) -> list[Mismatch]:
    """Return what is wrong with a log."""
    if check.contains in text:
        return []
    last = text.strip().splitlines()[-1:] or ["nothing yet"]
    return [Mismatch(f"{_where(check)} log", f"a line with {check.contains!r}", _text(last[0]))]


def _unseen(check: Http, answers: Sequence[Answer]) -> Iterator[Mismatch]:
    """Yield what no answer had: a Service that balances lets every pod speak."""
    seen = sorted({_text(answer.body.strip()) for answer in answers})
    for wanted in check.bodies:
        if not any(re.search(wanted, answer.body) for answer in answers):
            expected = f"one of {len(answers)} answers like {wanted!r}"
            yield Mismatch(f"{check.method} {check.url} bodies", expected, _text(" and ".join(seen)))


def _answer(check: Http, answer: Answer) -> Iterator[Mismatch]:
    where = f"{check.method} {check.url}"
    if answer.status != check.status:
        yield Mismatch(where, f"status {check.status}", answer.error or f"status {answer.status}")
        return
    if check.body and not re.search(check.body, answer.body):
        yield Mismatch(f"{where} body", f"something like {check.body!r}", _text(answer.body.strip()))
    for name, wanted in check.header.items():
        found = answer.header(name)
        if found is None or not re.search(wanted, found):
            yield Mismatch(f"{where} header {name}", f"something like {wanted!r}", _text(found))
