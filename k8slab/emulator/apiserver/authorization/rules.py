"""The rules that bindings give a user (pkg/registry/rbac/validation/rule.go)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from k8slab.emulator.api import Caller
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Entry, StoreKey
from k8slab.kube import rbac
from k8slab.kube.objects import Obj, name_of, namespace_of
from k8slab.kube.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES, Resource
from k8slab.kube.status import ApiError


@dataclass(frozen=True, slots=True)
class Granted:
    """A rule and where it comes from, in the words of Kubernetes' decisions; ``lost`` names a role that is missing."""

    rule: rbac.Rule
    source: str = ""
    lost: str = ""
    kind: str = ""


class Rules:
    """Reads roles and bindings; an object is decoded once for each of its revisions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._decoded: dict[StoreKey, tuple[int, Obj]] = {}

    def of(self, caller: Caller, namespace: str = "") -> Iterator[Granted]:
        """Yield what the user has in the whole cluster, then what they have in the namespace."""
        yield from self._bound(CLUSTER_ROLE_BINDINGS, caller, "")
        if namespace:
            yield from self._bound(ROLE_BINDINGS, caller, namespace)

    def _bound(self, resource: Resource, caller: Caller, namespace: str) -> Iterator[Granted]:
        for binding in self._objects(resource, namespace):
            subjects = binding.get("subjects") or ()
            found = next((one for one in subjects if rbac.names(one, caller.name, caller.groups, namespace)), None)
            if found is None:
                continue
            role = binding["roleRef"]
            rules = self.of_role(role, namespace)
            if rules is None:
                yield Granted({}, lost=str(role["name"]), kind=str(role["kind"]))
                continue
            source = _source(binding, found)
            yield from (Granted(rule, source) for rule in rules)

    def of_role(self, reference: Obj, namespace: str) -> list[Obj] | None:
        """Return the rules of a binding's ``roleRef``, or None when there is no such role."""
        local = reference.get("kind") == "Role"
        resource, name = (ROLES if local else CLUSTER_ROLES), str(reference.get("name", ""))
        try:
            entry = self._registry.get(resource, namespace if local else "", name)
        except ApiError:
            return None
        return list(self._object(entry).get("rules") or ())

    def _objects(self, resource: Resource, namespace: str) -> Iterator[Obj]:
        for entry in self._registry.list(resource, namespace).entries:
            yield self._object(entry)

    def _object(self, entry: Entry) -> Obj:
        known = self._decoded.get(entry.key)
        if known is None or known[0] != entry.revision:
            known = self._decoded[entry.key] = (entry.revision, entry.decode())
        return known[1]


def _source(binding: Obj, subject: Obj) -> str:
    namespace = namespace_of(binding)
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    named = f"{name_of(binding)}/{namespace}" if namespace else name_of(binding)
    whom = str(subject.get("name", ""))
    if subject.get("kind") == "ServiceAccount":
        whom = f"{whom}/{subject.get('namespace') or namespace}"
    role = binding["roleRef"]
    return f'{kind} "{named}" of {role["kind"]} "{role["name"]}" to {subject["kind"]} "{whom}"'
