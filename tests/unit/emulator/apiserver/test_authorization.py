from __future__ import annotations

from typing import Any

import pytest

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.api import Caller
from k8slab.emulator.apiserver.authorization.attributes import attributes_of
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer
from k8slab.emulator.apiserver.authorization.escalation import demand_held
from k8slab.emulator.apiserver.authorization.rules import Rules
from k8slab.emulator.controllers.rbac.aggregation import aggregated_rules
from k8slab.emulator.controllers.rbac.defaults import default_policy
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store
from k8slab.kube.rbac import Attributes
from k8slab.kube.resources import CLUSTER_ROLES, NAMESPACES, ROLE_BINDINGS, ROLES, Catalog
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError

JANE = Caller("jane", ("system:authenticated",))
ROOT = Caller("root", ("system:masters",))


@pytest.fixture
async def registry():
    made = Registry(Store(), Catalog(), Schema.load(), ManualClock(), Entropy(1))
    for name in ("kube-system", "kube-public", "shop"):
        await made.create(NAMESPACES, "", {"metadata": {"name": name}})
    for resource, obj in default_policy():
        await made.create(resource, obj["metadata"].get("namespace", ""), obj)
    roles = [entry.decode() for entry in made.list(CLUSTER_ROLES).entries]
    for name in ("view", "edit", "admin"):
        found = made.get(CLUSTER_ROLES, "", name).decode()
        await made.update(CLUSTER_ROLES, "", name, {**found, "rules": aggregated_rules(found, roles)})
        roles = [entry.decode() for entry in made.list(CLUSTER_ROLES).entries]
    return made


@pytest.fixture
def authorizer(registry: Registry):
    return Authorizer(Rules(registry))


async def bind(registry: Registry, role: str, *, kind: str = "Role", subject: Any = None, name: str = "b"):
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    subject = subject or {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}
    body = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    await registry.create(ROLE_BINDINGS, "shop", body)


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/api/v1/pods", {}, Attributes("list", "", "pods")),
        ("GET", "/api/v1/pods", {"watch": "1"}, Attributes("watch", "", "pods")),
        ("GET", "/api/v1/namespaces/a/pods/b/log", {}, Attributes("get", "", "pods", "log", "a", "b")),
        ("GET", "/api/v1/namespaces/a", {}, Attributes("get", "", "namespaces", "", "a", "a")),
        ("PUT", "/api/v1/namespaces/a/finalize", {}, Attributes("update", "", "namespaces", "finalize", "a", "a")),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/a/deployments",
            {},
            Attributes("deletecollection", "apps", "deployments", "", "a"),
        ),
        ("POST", "/apis/apps/v1/namespaces/a/deployments", {}, Attributes("create", "apps", "deployments", "", "a")),
        ("GET", "/api/v1/watch/namespaces/a/pods", {}, Attributes("watch", "", "pods", "", "a")),
        ("GET", "/api/v1/nodes", {"fieldSelector": "metadata.name=n"}, Attributes("list", "", "nodes", name="n")),
        ("GET", "/apis/apps/v1", {}, Attributes("get", path="/apis/apps/v1")),
        ("POST", "/metrics", {}, Attributes("post", path="/metrics")),
    ],
)
def test_a_url_says_what_is_wanted(method: str, path: str, query: dict[str, str], expected: Any):
    assert attributes_of(method, path, query) == expected


async def test_who_has_no_binding_is_refused_in_kubernetes_words(authorizer: Authorizer):
    wanted = Attributes("list", "apps", "deployments", namespace="default")
    with pytest.raises(ApiError) as caught:
        authorizer.demand(JANE, wanted)
    assert caught.value.status["message"] == (
        'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" '
        'in the namespace "default"'
    )
    assert caught.value.code == 403
    with pytest.raises(ApiError, match=r'^forbidden: User "&lt;b&gt;" cannot get path "/metrics"$'):
        authorizer.demand(Caller("<b>"), Attributes("get", path="/metrics"))


async def test_anybody_may_see_the_version_and_the_known_may_discover(authorizer: Authorizer):
    anonymous = Caller("system:anonymous", ("system:unauthenticated",))
    assert authorizer.decide(anonymous, Attributes("get", path="/version")).allowed
    assert not authorizer.decide(anonymous, Attributes("get", path="/api")).allowed
    assert authorizer.decide(JANE, Attributes("get", path="/api")).allowed


async def test_a_role_binding_gives_a_cluster_role_in_one_namespace(registry: Registry, authorizer: Authorizer):
    await bind(registry, "view", kind="ClusterRole")
    decision = authorizer.decide(JANE, Attributes("list", "", "pods", namespace="shop"))
    assert decision.reason == 'RBAC: allowed by RoleBinding "b/shop" of ClusterRole "view" to User "jane"'
    assert not authorizer.decide(JANE, Attributes("list", "", "pods", namespace="default")).allowed
    assert not authorizer.decide(JANE, Attributes("list", "", "secrets", namespace="shop")).allowed


async def test_a_lost_role_is_named(registry: Registry, authorizer: Authorizer):
    await bind(registry, "nosuch")
    decision = authorizer.decide(JANE, Attributes("list", "", "pods", namespace="shop"))
    assert decision.reason == 'RBAC: role.rbac.authorization.k8s.io "nosuch" not found'


async def test_nobody_grants_what_they_do_not_hold(registry: Registry, authorizer: Authorizer):
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    role = {"metadata": {"name": "new"}, "rules": rules}
    with pytest.raises(ApiError) as caught:
        demand_held(authorizer, JANE, ROLES, "shop", new=role, old=None)
    assert caught.value.status["message"] == (
        'roles.rbac.authorization.k8s.io "new" is forbidden: user "jane" (groups=["system:authenticated"]) is '
        'attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'
    )
    demand_held(authorizer, ROOT, ROLES, "shop", new=role, old=None)
    await bind(registry, "view", kind="ClusterRole")
    demand_held(authorizer, JANE, ROLES, "shop", new=role, old=None)


async def test_only_a_change_is_an_escalation(authorizer: Authorizer):
    role = {
        "metadata": {"name": "old", "finalizers": ["a"]},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }
    demand_held(authorizer, JANE, ROLES, "shop", new={**role, "metadata": {"name": "old"}}, old=role)
    with pytest.raises(ApiError):
        demand_held(
            authorizer, JANE, ROLES, "shop", new={**role, "metadata": {"name": "old", "labels": {"a": "b"}}}, old=role
        )


async def test_a_binding_needs_the_rights_of_its_role_or_the_verb_bind(registry: Registry, authorizer: Authorizer):
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    binding = {"metadata": {"name": "new"}, "roleRef": reference, "subjects": []}
    with pytest.raises(ApiError, match="not currently held"):
        demand_held(authorizer, JANE, ROLE_BINDINGS, "shop", new=binding, old=None)
    lost = {**binding, "roleRef": {**reference, "name": "nosuch"}}
    with pytest.raises(ApiError, match=r'^rolebindings.rbac.authorization.k8s.io "nosuch" not found$'):
        demand_held(authorizer, JANE, ROLE_BINDINGS, "shop", new=lost, old=None)
    rules = [
        {
            "apiGroups": [reference["apiGroup"]],
            "resources": ["clusterroles"],
            "verbs": ["bind"],
            "resourceNames": ["view"],
        }
    ]
    await registry.create(ROLES, "shop", {"metadata": {"name": "binder"}, "rules": rules})
    await bind(registry, "binder", name="c")
    demand_held(authorizer, JANE, ROLE_BINDINGS, "shop", new=binding, old=None)


async def test_an_aggregated_role_may_be_made_by_who_may_do_everything(authorizer: Authorizer):
    role = {"metadata": {"name": "sum"}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}
    with pytest.raises(ApiError, match=r'\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}'):
        demand_held(authorizer, JANE, CLUSTER_ROLES, "", new=role, old=None)


def test_aggregation_takes_each_rule_once_in_the_order_of_names():
    rule, other = {"verbs": ["get"]}, {"verbs": ["list"]}
    parts = [
        {"metadata": {"name": name, "labels": {"a": "b"}}, "rules": rules}
        for name, rules in (("z", [rule]), ("c", [other, rule]), ("sum", [{"verbs": ["x"]}]))
    ]
    role = {
        "metadata": {"name": "sum", "labels": {"a": "b"}},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
    }
    assert aggregated_rules(role, parts) == [other, rule]
