"""Where a pod's neighbours want it: affinity between pods, and even spreading (interpodaffinity, podtopologyspread).

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from k8slab.emulator.controllers.scheduler_filters import Misfit, NodeLoad, affinity_misfit
from k8slab.kube.objects import Obj, dig, is_deleting, labels_of, namespace_of
from k8slab.kube.selectors import label_selector_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_SPREAD = "node(s) didn't match pod topology spread constraints"
_MISSING = Misfit((f"{_SPREAD} (missing required label)",))
_UNEVEN = Misfit((_SPREAD,), final=False)
_NO_FRIEND = Misfit(("node(s) didn't match pod affinity rules",))
_FOE = Misfit(("node(s) didn't match pod anti-affinity rules",), final=False)
_UNWELCOME = Misfit(("node(s) didn't satisfy existing pods anti-affinity rules",), final=False)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All nodes with their pods, and the labels of namespaces."""

    loads: Sequence[NodeLoad]
    namespaces: Mapping[str, Mapping[str, str]]

    def misfit(self, pod: Obj, load: NodeLoad) -> Misfit | None:
        """Return why the pod's neighbours rule a node out."""
        return self._spread(pod, load) or self._affinity(pod, load)

    # --- spreading ---

    def _spread(self, pod: Obj, load: NodeLoad) -> Misfit | None:
        for constraint in dig(pod, "spec", "topologySpreadConstraints", default=[]):
            if constraint.get("whenUnsatisfiable", "DoNotSchedule") != "DoNotSchedule":
                continue
            key = str(constraint.get("topologyKey"))
            place = labels_of(load.node).get(key)
            if place is None:
                return _MISSING
            counts = self._counts(pod, constraint, key)
            least = min(counts.values(), default=0)
            if len(counts) < int(constraint.get("minDomains") or 1):
                least = 0
            own = _selects(constraint.get("labelSelector"), pod)
            if counts.get(place, 0) + own - least > int(constraint.get("maxSkew", 1)):
                return _UNEVEN
        return None

    def _counts(self, pod: Obj, constraint: Obj, key: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for load in self.loads:
            place = labels_of(load.node).get(key)
            honoured = constraint.get("nodeAffinityPolicy", "Honor") == "Honor"
            if place is None or (honoured and affinity_misfit(pod, load.node)):
                continue
            counts.setdefault(place, 0)
            counts[place] += sum(
                _selects(constraint.get("labelSelector"), other)
                for other in load.pods
                if namespace_of(other) == namespace_of(pod) and not is_deleting(other)
            )
        return counts

    # --- affinity ---

    def _affinity(self, pod: Obj, load: NodeLoad) -> Misfit | None:
        friends, foes = _terms(pod, "podAffinity"), _terms(pod, "podAntiAffinity")
        if (
            friends
            and not all(self._near(term, pod, load) for term in friends)
            and not self._is_first(pod, friends, load)
        ):
            return _NO_FRIEND
        if any(self._near(term, pod, load) for term in foes):
            return _FOE
        for other, place in self._pods():
            for term in _terms(other, "podAntiAffinity"):
                if _same_place(term, place.node, load.node) and self._meant(term, other, pod):
                    return _UNWELCOME
        return None

    def _pods(self) -> list[tuple[Obj, NodeLoad]]:
        return [(pod, load) for load in self.loads for pod in load.pods]

    def _near(self, term: Obj, pod: Obj, load: NodeLoad) -> bool:
        return any(
            _same_place(term, place.node, load.node) and self._meant(term, pod, other) for other, place in self._pods()
        )

    def _is_first(self, pod: Obj, terms: Sequence[Obj], load: NodeLoad) -> bool:
        """Tell whether the pod may come before any pod that it wants to be near: when it means its own kind."""
        nobody = not any(all(self._meant(term, pod, other) for term in terms) for other, _ in self._pods())
        own = all(self._meant(term, pod, pod) for term in terms)
        return nobody and own and all(str(term.get("topologyKey")) in labels_of(load.node) for term in terms)

    def _meant(self, term: Obj, pod: Obj, other: Obj) -> bool:
        """Tell whether a term of ``pod`` is about another pod."""
        return self._in_namespaces(term, pod, other) and _selects(term.get("labelSelector"), other)

    def _in_namespaces(self, term: Obj, pod: Obj, other: Obj) -> bool:
        named, chosen = term.get("namespaces") or [], term.get("namespaceSelector")
        if not named and chosen is None:
            return namespace_of(other) == namespace_of(pod)
        if namespace_of(other) in named:
            return True
        return chosen is not None and label_selector_of(chosen).matches(
            dict(self.namespaces.get(namespace_of(other), {}))
        )


def _terms(pod: Obj, kind: str) -> Sequence[Obj]:
    found: Sequence[Obj] = dig(pod, "spec", "affinity", kind, _REQUIRED, default=[])
    return found


def _same_place(term: Obj, one: Obj, other: Obj) -> bool:
    key = str(term.get("topologyKey"))
    place = labels_of(one).get(key)
    return place is not None and place == labels_of(other).get(key)


def _selects(selector: Obj | None, pod: Obj) -> bool:
    return selector is not None and label_selector_of(selector).matches(labels_of(pod))
