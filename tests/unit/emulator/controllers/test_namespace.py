from typing import Any

import pytest

from k8slab.emulator.controllers.bootstrap import bootstrap
from k8slab.emulator.controllers.namespace import NamespaceController
from k8slab.emulator.controllers.service_account import RootCaPublisher, ServiceAccountController
from k8slab.kube.objects import Obj
from k8slab.kube.resources import (
    CONFIG_MAPS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    EVENTS,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    Catalog,
)
from k8slab.kube.status import ApiError


def thing(resource: Any, name: str, **fields: Any) -> Obj:
    meta = {"name": name, "namespace": "shop", **fields.pop("metadata", {})}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta, **fields}


async def begin(lab: Any, *controllers: Any) -> None:
    await lab.start(lambda desk: NamespaceController(desk, Catalog()), *controllers)
    await lab.api.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    await lab.settle()
    if "default" not in {entry["metadata"]["name"] for entry in (await lab.api.list(SERVICE_ACCOUNTS, "shop")).items}:
        await lab.api.create(SERVICE_ACCOUNTS, thing(SERVICE_ACCOUNTS, "default"))


async def complaints(lab: Any) -> dict[str, tuple[str, str, str]]:
    found = (await lab.api.get(NAMESPACES, "", "shop"))["status"]["conditions"]
    return {entry["type"]: (entry["status"], entry["reason"], entry["message"]) for entry in found}


async def test_everything_in_a_deleted_namespace_goes_and_then_the_namespace(lab: Any):
    await begin(lab)
    await lab.api.create(SECRETS, thing(SECRETS, "key"))
    await lab.api.create(EVENTS, thing(EVENTS, "happened"))
    await lab.api.create(PODS, thing(PODS, "web", spec={"containers": [{"name": "c", "image": "nginx"}]}))
    await lab.settle()
    await lab.api.delete(NAMESPACES, "", "shop")
    await lab.settle()
    assert "shop" not in await lab.names(NAMESPACES)
    for resource in (SECRETS, EVENTS, PODS):
        assert await lab.names(resource) == []


def held(resource: Any, name: str, **fields: Any) -> Obj:
    return thing(resource, name, metadata={"finalizers": ["example.com/wait"]}, **fields)


# As a real cluster (1.34.4) reported them.
FINE = {
    "NamespaceDeletionDiscoveryFailure": ("False", "ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "False",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("False", "ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": (
        "False",
        "ContentHasNoFinalizers",
        "All content-preserving finalizers finished",
    ),
}


async def test_pods_go_first_and_what_holds_the_rest_is_named(lab: Any):
    await begin(lab)
    await lab.api.create(PODS, held(PODS, "web", spec={"containers": [{"name": "c", "image": "nginx"}]}))
    await lab.api.create(SECRETS, thing(SECRETS, "key"))
    await lab.api.create(CONFIG_MAPS, held(CONFIG_MAPS, "other"))
    await lab.settle()
    await lab.api.delete(NAMESPACES, "", "shop")
    await lab.settle()
    assert await lab.names(SECRETS) == ["key"]
    assert await complaints(lab) == FINE
    await lab.change(PODS, "web", {"metadata": {"finalizers": None}}, namespace="shop")
    assert await lab.names(SECRETS) == []
    assert await complaints(lab) == {
        **FINE,
        "NamespaceContentRemaining": (
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 1 resource instances",
        ),
        "NamespaceFinalizersRemaining": (
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances",
        ),
    }
    await lab.change(CONFIG_MAPS, "other", {"metadata": {"finalizers": None}}, namespace="shop")
    assert "shop" not in await lab.names(NAMESPACES)


async def test_each_namespace_has_a_default_account_and_the_root_ca_and_gets_them_back(lab: Any):
    await begin(lab, ServiceAccountController, lambda desk: RootCaPublisher(desk, "PEM"))
    assert (await lab.api.get(CONFIG_MAPS, "shop", "kube-root-ca.crt"))["data"] == {"ca.crt": "PEM"}
    await lab.api.delete(SERVICE_ACCOUNTS, "shop", "default")
    await lab.change(CONFIG_MAPS, "kube-root-ca.crt", {"data": {"ca.crt": "forged"}}, namespace="shop")
    assert await lab.names(SERVICE_ACCOUNTS, "shop") == ["default"]
    assert (await lab.api.get(CONFIG_MAPS, "shop", "kube-root-ca.crt"))["data"] == {"ca.crt": "PEM"}
    await lab.api.delete(NAMESPACES, "", "shop")
    await lab.settle()
    assert await lab.names(CONFIG_MAPS, "shop") == []
    with pytest.raises(ApiError, match="not found"):
        await lab.api.get(NAMESPACES, "", "shop")


async def test_bootstrap_may_run_again(lab: Any):
    await bootstrap(lab.api)
    assert await lab.names(NAMESPACES) == ["default", "kube-node-lease", "kube-public", "kube-system"]
    assert (await lab.api.get(SERVICES, "default", "kubernetes"))["spec"]["clusterIP"] == "10.96.0.1"
    assert (await lab.api.get(ENDPOINTS, "default", "kubernetes"))["subsets"][0]["ports"][0]["port"] == 6443
    assert (await lab.api.get(ENDPOINT_SLICES, "default", "kubernetes"))["endpoints"][0]["addresses"] == ["172.18.0.2"]
