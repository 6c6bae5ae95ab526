"""Nobody grants more than they hold (pkg/registry/rbac/*/policybased, pkg/registry/rbac/escalation_check.go)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from k8slab.emulator.api import Caller
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer, is_superuser
from k8slab.kube import rbac
from k8slab.kube.objects import Obj, name_of
from k8slab.kube.rbac import Attributes
from k8slab.kube.resources import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES, Resource
from k8slab.kube.status import ApiError, forbidden, not_found

_ROLES, _BINDINGS = (ROLES, CLUSTER_ROLES), (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS)
# An aggregated role takes whatever rules it finds: only who may do everything may make one.
_EVERYTHING = (
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
)
# IsOnlyMutatingGCFields: what the garbage collector changes.
_COLLECTOR_FIELDS = ("ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation")


def grants(resource: Resource) -> bool:
    """Tell whether objects of the resource give rights."""
    return resource in (*_ROLES, *_BINDINGS)


def demand_held(
    authorizer: Authorizer, caller: Caller, resource: Resource, namespace: str, *, new: Obj, old: Obj | None
) -> None:
    """Raise ``ApiError`` 403 when a role or binding would give more than the caller has; 404 without its role."""
    if is_superuser(caller) or (old is not None and _without_collector(new) == _without_collector(old)):
        return
    request_name = name_of(old) if old is not None else ""
    if resource in _ROLES:
        wanted = Attributes("escalate", resource.group, resource.plural, namespace=namespace, name=request_name)
        rules: Sequence[Obj] = new.get("rules") or []
        if resource == CLUSTER_ROLES and new.get("aggregationRule"):
            rules = _EVERYTHING
    else:
        reference = new["roleRef"]
        plural = ROLES.plural if reference.get("kind") == "Role" else CLUSTER_ROLES.plural
        wanted = Attributes("bind", resource.group, plural, namespace=namespace, name=str(reference.get("name", "")))
        rules = []
    if authorizer.decide(caller, wanted).allowed:
        return
    if resource in _BINDINGS:
        rules = _bound_rules(authorizer, resource, new["roleRef"], namespace)
    _demand_rules(authorizer, caller, resource, namespace, new, rules)


def _bound_rules(authorizer: Authorizer, resource: Resource, reference: Obj, namespace: str) -> Sequence[Obj]:
    found = authorizer.rules.of_role(reference, namespace)
    if found is None:
        # The server names the resource of the request here, not that of the role.
        raise not_found(resource.group, resource.plural, str(reference.get("name", "")))
    return found


def _demand_rules(
    authorizer: Authorizer, caller: Caller, resource: Resource, namespace: str, obj: Obj, rules: Sequence[Obj]
) -> None:
    granted = list(authorizer.rules.of(caller, namespace))
    lacking = rbac.missing([one.rule for one in granted if not one.lost], rules)
    if lacking:
        raise _refusal(caller, resource, obj, sorted(map(rbac.shown, lacking)), [one.lost for one in granted])


def _refusal(caller: Caller, resource: Resource, obj: Obj, lacking: list[str], lost: list[str]) -> ApiError:
    user, groups = json.dumps(caller.name, ensure_ascii=False), rbac.go_strings(caller.groups)
    text = f"user {user} (groups={groups}) is attempting to grant RBAC permissions not currently held:\n"
    text += "\n".join(lacking)
    problems = [str(not_found(resource.group, resource.plural, name)) for name in dict.fromkeys(lost) if name]
    if problems:
        text += f"; resolution errors: [{', '.join(problems)}]"
    return forbidden(resource.group, resource.plural, name_of(obj), text)


def _without_collector(obj: Obj) -> Obj:
    meta = {key: value for key, value in obj.get("metadata", {}).items() if key not in _COLLECTOR_FIELDS}
    return {**obj, "metadata": meta}
