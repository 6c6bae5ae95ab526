"""A selector that matches no pod: a word mistyped, pods elsewhere, or nothing there yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from k8slab.diagnose.findings import UNREACHED, Finding
from k8slab.diagnose.words import in_namespace, labels_text, listed, said
from k8slab.diagnose.workloads import WORKLOADS
from k8slab.kube.objects import Obj, dig, labels_of, name_of, namespace_of
from k8slab.kube.resources import PODS
from k8slab.snapshot import Snapshot
from k8slab.snapshot.lookups import has_ended, selector_of_service

_ALIKE = 0.45


def selector_findings(snapshot: Snapshot, service: Obj, behind: Sequence[Obj]) -> Iterator[Finding]:
    """Yield why the Service selects nothing; ``behind`` are workloads whose template it would select."""
    where, name = namespace_of(service), name_of(service)
    wanted: dict[str, str] = dig(service, "spec", "selector", default={})
    shown = f"Service {name} spec.selector: {labels_text(wanted)}"
    if behind:
        yield Finding(
            "pods-not-made",
            f"{said(behind[0], behind[0].get('kind') or 'Workload')} has made no pods yet.",
            in_namespace("kubectl get events", where),
            (shown,),
            UNREACHED,
        )
        return
    candidates = _candidates(snapshot, where)
    nearest = nearest_labels(wanted, [labels for _, labels in candidates])
    if nearest is not None:
        who = next(what for what, labels in candidates if labels == nearest)
        yield Finding(
            "selector-typo",
            f"The selector {labels_text(wanted)} of {said(service, 'Service')} matches no pod. {who} has "
            f"{labels_text(_relevant(wanted, nearest))}: is the selector spelt right?",
            in_namespace("kubectl get pods --show-labels", where),
            (shown, f"{who} labels: {labels_text(nearest)}"),
            UNREACHED,
        )
        return
    elsewhere = _elsewhere(snapshot, service)
    if elsewhere:
        yield Finding(
            "pods-in-another-namespace",
            f"{said(service, 'Service')} selects pods of its own namespace {where}; pods with {labels_text(wanted)} "
            "are in "
            f"namespace {elsewhere}.",
            f"kubectl get pods -n {elsewhere} --show-labels",
            (shown,),
            UNREACHED,
        )
        return
    have = sorted({f"{key}={value}" for _, labels in candidates for key, value in labels.items()})
    cause = "selector-matches-nothing" if candidates else "no-pods"
    yield Finding(
        cause,
        f"The selector {labels_text(wanted)} of {said(service, 'Service')} matches no pod. Pods here have:"
        f" {listed(have)}.",
        in_namespace("kubectl get pods --show-labels", where),
        (shown,),
        UNREACHED,
    )


def _candidates(snapshot: Snapshot, namespace: str) -> list[tuple[str, dict[str, str]]]:
    pods = [(f"Pod {name_of(pod)}", labels_of(pod)) for pod in snapshot.list(PODS, namespace) if not has_ended(pod)]
    templates = [
        (f"{resource.kind} {name_of(entry)}", dig(entry, "spec", "template", "metadata", "labels", default={}))
        for resource in WORKLOADS
        for entry in snapshot.list(resource, namespace)
    ]
    return [*pods, *templates]


def nearest_labels(wanted: dict[str, str], known: Sequence[dict[str, str]]) -> dict[str, str] | None:
    """Return the labels that a mistyped selector most likely meant, or None when nothing is alike.

    Alike is: some label fits already, or each missing one has a key or a value that is nearly the same.
    """
    best, score = None, 0.0
    for labels in known:
        found = sum(_likeness(key, value, labels) for key, value in wanted.items()) / max(1, len(wanted))
        if found > score:
            best, score = labels, found
    return best if score >= _ALIKE else None


def _likeness(key: str, value: str, labels: dict[str, str]) -> float:
    """Return from 0 to 1 how much a label looks like one of others."""

    def ratio(one: str, two: str) -> float:
        return SequenceMatcher(None, one.lower(), two.lower()).ratio()

    return max((ratio(key, other) * ratio(value, text) for other, text in labels.items()), default=0.0)


def _relevant(wanted: dict[str, str], labels: dict[str, str]) -> dict[str, str]:
    """Return of the labels those that the selector's stand for."""
    kept = {key: labels[key] for key in wanted if key in labels}
    return kept or {key: value for key, value in labels.items() if key != "pod-template-hash"}


def _elsewhere(snapshot: Snapshot, service: Obj) -> str:
    selector = selector_of_service(service)
    return next(
        (
            namespace_of(pod)
            for pod in snapshot.everywhere(PODS)
            if namespace_of(pod) != namespace_of(service) and selector is not None and selector.matches(labels_of(pod))
        ),
        "",
    )
