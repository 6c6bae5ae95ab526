"""Quotas, limit ranges, priorities and evictions, as the admission plugins of Kubernetes decide them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from k8slab.emulator.registry.registry import Registry
from k8slab.kube.resources import (
    ADMISSION_POLICY_BINDINGS,
    CONFIG_MAPS,
    DISRUPTION_BUDGETS,
    LIMIT_RANGES,
    PODS,
    PRIORITY_CLASSES,
    RESOURCE_QUOTAS,
    SERVICES,
)
from k8slab.kube.status import ApiError

Obj = dict[str, Any]


def pod(name: str = "p", requests: Obj | None = None, limits: Obj | None = None, **spec: Any) -> Obj:
    resources = {key: value for key, value in (("requests", requests), ("limits", limits)) if value}
    container = {"name": "c", "image": "nginx", "resources": resources}
    return {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": {"containers": [container], **spec}}


async def quota(registry: Registry, hard: Obj, **spec: Any) -> None:
    await registry.create(RESOURCE_QUOTAS, "h2", {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}})


async def refused(registry: Registry, resource: Any, obj: Obj) -> str:
    with pytest.raises(ApiError) as refusal:
        await registry.create(resource, "h2", obj)
    assert refusal.value.code == 403
    return refusal.value.message


async def test_a_pod_beyond_the_quota_is_refused(registry: Registry):
    await quota(registry, {"pods": "1", "requests.cpu": "1"})
    await registry.create(PODS, "h2", pod("a", {"cpu": "500m"}))
    assert await refused(registry, PODS, pod("b", {"cpu": "600m"})) == (
        'pods "b" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=600m, used: pods=1,requests.cpu=500m, '
        "limited: pods=1,requests.cpu=1"
    )


async def test_a_quota_wants_its_resources_stated(registry: Registry):
    await quota(registry, {"limits.memory": "1Gi", "requests.cpu": "1"})
    words = 'pods "p" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c'
    assert await refused(registry, PODS, pod()) == words


async def test_scopes_choose_pods(registry: Registry):
    await quota(registry, {"pods": "0"}, scopes=["BestEffort"])
    await registry.create(PODS, "h2", pod("a", {"cpu": "1"}))
    assert "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0" in await refused(registry, PODS, pod())


async def test_objects_are_counted_and_growing_services_too(registry: Registry):
    await quota(registry, {"count/configmaps": "1", "services.nodeports": "1"})
    await registry.create(CONFIG_MAPS, "h2", {"metadata": {"name": "a"}})
    words = "exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1"
    assert words in await refused(registry, CONFIG_MAPS, {"metadata": {"name": "b"}})
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    made = (await registry.create(SERVICES, "h2", service)).decode()
    made["spec"]["type"] = "NodePort"
    with pytest.raises(ApiError, match=r"exceeded quota: q, requested: services\.nodeports=1"):
        await registry.update(SERVICES, "h2", "s", made)


async def limits(registry: Registry, *items: Obj) -> None:
    await registry.create(LIMIT_RANGES, "h2", {"metadata": {"name": "l"}, "spec": {"limits": list(items)}})


async def test_a_limit_range_gives_defaults_and_says_so(registry: Registry):
    await limits(registry, {"type": "Container", "max": {"cpu": "2"}, "defaultRequest": {"cpu": "100m"}})
    made = (await registry.create(PODS, "h2", pod())).decode()
    assert made["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "100m"}, "limits": {"cpu": "2"}}
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    )
    assert made["status"]["qosClass"] == "Burstable"


@pytest.mark.parametrize(
    ("item", "requests", "bounds", "words"),
    [
        (
            {"type": "Container", "max": {"memory": "1Gi"}},
            {"memory": "1Gi"},
            {"memory": "2Gi"},
            "maximum memory usage per Container is 1Gi, but limit is 2Gi",
        ),
        (
            {"type": "Container", "min": {"cpu": "200m"}},
            {"cpu": "100m"},
            None,
            "minimum cpu usage per Container is 200m, but request is 100m",
        ),
        ({"type": "Pod", "max": {"cpu": "1"}}, None, None, "maximum cpu usage per Pod is 1.  No limit is specified"),
        (
            {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}},
            {"cpu": "100m"},
            {"cpu": "500m"},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000",
        ),
    ],
)
async def test_bounds(item: Obj, requests: Obj | None, bounds: Obj | None, words: str, registry: Registry):
    await limits(registry, item)
    assert await refused(registry, PODS, pod("p", requests, bounds)) == f'pods "p" is forbidden: {words}'


async def test_a_priority_class_gives_its_number(registry: Registry):
    await registry.create(PRIORITY_CLASSES, "", {"metadata": {"name": "high"}, "value": 1000})
    made = (await registry.create(PODS, "h2", pod(priorityClassName="high"))).decode()
    assert made["spec"]["priority"] == 1000
    assert await refused(registry, PODS, pod("b", priorityClassName="none")) == (
        'pods "b" is forbidden: no PriorityClass with name none was found'
    )
    system = (await registry.create(PODS, "h2", pod("c", priorityClassName="system-node-critical"))).decode()
    assert system["spec"]["priority"] == 2_000_001_000


async def evict(registry: Registry, status: Obj) -> Obj:
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
    made = (await registry.create(DISRUPTION_BUDGETS, "h2", budget)).decode()
    await registry.update(DISRUPTION_BUDGETS, "h2", "b", {**made, "status": status}, subresource="status")
    running = (await registry.create(PODS, "h2", pod())).decode()
    conditions = [{"type": "Ready", "status": "True"}]
    running["status"] = {"phase": "Running", "conditions": conditions}
    await registry.update(PODS, "h2", "p", running, subresource="status")
    return (await registry.create(PODS, "h2", {"metadata": {"name": "p"}}, subresource="eviction", name="p")).decode()


async def test_an_eviction_spends_what_the_budget_allows(registry: Registry):
    answer = await evict(registry, {"observedGeneration": 1, "disruptionsAllowed": 1})
    assert answer["status"] == "Success"
    assert registry.lookup("pods", "h2", "p") is None
    budget = registry.lookup("pdb", "h2", "b")
    assert budget is not None
    assert budget["status"]["disruptionsAllowed"] == 0
    assert list(budget["status"]["disruptedPods"]) == ["p"]


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (
            {"observedGeneration": 1, "disruptionsAllowed": 0, "desiredHealthy": 1, "currentHealthy": 1},
            "The disruption budget b needs 1 healthy pods and has 1 currently",
        ),
        ({"disruptionsAllowed": 5}, "The disruption budget b is still being processed by the server."),
    ],
)
async def test_an_eviction_that_the_budget_does_not_allow(status: Obj, cause: str, registry: Registry):
    with pytest.raises(ApiError) as refusal:
        await evict(registry, status)
    assert refusal.value.code == 429
    assert refusal.value.message == "Cannot evict pod as it would violate the pod's disruption budget."
    assert refusal.value.status["details"]["causes"] == [{"reason": "DisruptionBudget", "message": cause}]


def test_every_kind_has_a_row(resource_of: Callable[[str], Any]):
    assert resource_of("resourcequotas") == RESOURCE_QUOTAS


async def test_what_would_never_be_asked_is_refused(registry: Registry):
    binding = {"metadata": {"name": "b"}, "spec": {"policyName": "p", "validationActions": ["Deny"]}}
    with pytest.raises(ApiError, match="does not evaluate ValidatingAdmissionPolicies"):
        await registry.create(ADMISSION_POLICY_BINDINGS, "", binding)
