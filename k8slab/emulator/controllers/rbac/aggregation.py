"""ClusterRoles whose rules are those of others (pkg/controller/clusterroleaggregation)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Route, Watch
from k8slab.emulator.machinery.informer import Informer
from k8slab.kube.objects import Obj, dig, labels_of, name_of
from k8slab.kube.resources import CLUSTER_ROLES
from k8slab.kube.selectors import label_selector_of


class ClusterRoleAggregation:
    """Keeps the rules of every ClusterRole with an ``aggregationRule``."""

    name = "clusterrole-aggregation-controller"
    workers = 1

    def __init__(self, desk: Desk) -> None:
        self._api = desk.api
        self._roles = desk.informer(CLUSTER_ROLES)

    def watches(self) -> Sequence[Watch]:
        """React to any ClusterRole: it may be a part of every aggregated one."""
        return (Watch(CLUSTER_ROLES, _aggregated(self._roles)),)

    async def sync(self, key: ObjectKey) -> Result:
        """Set one aggregated role's rules."""
        role = self._roles.get("", key.name)
        if role is None or not role.get("aggregationRule"):
            return DONE
        rules = aggregated_rules(role, self._roles.objects())
        if rules != (role.get("rules") or []):
            await self._api.update(CLUSTER_ROLES, {**role, "rules": rules})
        return DONE


def aggregated_rules(role: Obj, roles: Iterable[Obj]) -> list[Obj]:
    """Return the rules of the roles that the selectors find, by name, each rule once."""
    ordered = sorted((entry for entry in roles if name_of(entry) != name_of(role)), key=name_of)
    rules: list[Obj] = []
    for selector in dig(role, "aggregationRule", "clusterRoleSelectors", default=[]):
        chosen = label_selector_of(selector)
        for part in (entry for entry in ordered if chosen.matches(labels_of(entry))):
            rules += [rule for rule in part.get("rules") or [] if rule not in rules]
    return rules


def _aggregated(roles: Informer) -> Route:
    def route(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:  # noqa: ARG001 - any role may matter
        for obj in roles.objects():
            if obj.get("aggregationRule"):
                yield ObjectKey("", name_of(obj))

    return route
