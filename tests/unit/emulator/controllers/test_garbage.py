from typing import Any

from k8slab.emulator.api import DeleteOptions
from k8slab.emulator.controllers.garbage import GarbageCollector
from k8slab.kube.objects import Obj, is_deleting, owner_references
from k8slab.kube.resources import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, Catalog


async def begin(lab: Any) -> None:
    await lab.start(lambda desk: GarbageCollector(desk, Catalog()))


async def make(lab: Any, resource: Any, name: str, *owners: Obj, block: bool = True, **meta: Any) -> Obj:
    references = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": block,
        }
        for owner in owners
    ]
    lab.kubelet.hold.add(name)
    obj = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": "default", "ownerReferences": references, **meta},
    }
    found: Obj = await lab.api.create(resource, obj)
    return found


async def test_background_deletion_takes_the_dependents_of_dependents(lab: Any):
    await begin(lab)
    owner = await make(lab, SERVICE_ACCOUNTS, "web")
    middle = await make(lab, CONFIG_MAPS, "web-1", owner)
    await make(lab, SECRETS, "web-1-a", middle)
    await make(lab, CONFIG_MAPS, "other")
    await lab.settle()
    await lab.api.delete(SERVICE_ACCOUNTS, "default", "web", DeleteOptions(propagation_policy="Background"))
    await lab.settle()
    assert await lab.names(SECRETS) == []
    assert await lab.names(CONFIG_MAPS) == ["other"]


async def test_orphans_stay_without_owner(lab: Any):
    await begin(lab)
    owner = await make(lab, SERVICE_ACCOUNTS, "web")
    await make(lab, CONFIG_MAPS, "web-1", owner)
    await lab.settle()
    await lab.api.delete(SERVICE_ACCOUNTS, "default", "web", DeleteOptions(propagation_policy="Orphan"))
    await lab.settle()
    assert await lab.names(SERVICE_ACCOUNTS) == ["default"]
    assert owner_references(await lab.api.get(CONFIG_MAPS, "default", "web-1")) == []


async def test_foreground_deletion_waits_for_what_blocks_it(lab: Any):
    await begin(lab)
    owner = await make(lab, SERVICE_ACCOUNTS, "web")
    middle = await make(lab, CONFIG_MAPS, "web-1", owner)
    await make(lab, SECRETS, "slow", middle, finalizers=["example.com/wait"])
    await make(lab, CONFIG_MAPS, "free", owner, block=False)
    await lab.settle()
    await lab.api.delete(SERVICE_ACCOUNTS, "default", "web", DeleteOptions(propagation_policy="Foreground"))
    await lab.settle()
    assert is_deleting(await lab.api.get(SERVICE_ACCOUNTS, "default", "web"))
    assert is_deleting(await lab.api.get(CONFIG_MAPS, "default", "web-1"))
    assert is_deleting(await lab.api.get(SECRETS, "default", "slow"))
    await lab.change(SECRETS, "slow", {"metadata": {"finalizers": None}})
    assert await lab.names(SECRETS) == []
    assert await lab.names(CONFIG_MAPS) == []
    assert await lab.names(SERVICE_ACCOUNTS) == ["default"]


async def test_an_object_born_without_living_owner_is_deleted(lab: Any):
    await begin(lab)
    ghost = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ghost", "uid": "no-such"}}
    await make(lab, CONFIG_MAPS, "lost", ghost)
    await lab.settle()
    assert await lab.names(CONFIG_MAPS) == []


async def test_an_owner_of_the_same_name_but_another_uid_is_not_the_owner(lab: Any):
    await begin(lab)
    await make(lab, SERVICE_ACCOUNTS, "web")
    impostor = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "uid": "other"}}
    await make(lab, CONFIG_MAPS, "lost", impostor)
    await lab.settle()
    assert await lab.names(CONFIG_MAPS) == []


async def test_one_living_owner_is_enough_and_the_gone_one_is_forgotten(lab: Any):
    await begin(lab)
    stays = await make(lab, CONFIG_MAPS, "stays")
    goes = await make(lab, CONFIG_MAPS, "goes")
    await make(lab, SECRETS, "shared", stays, goes)
    await lab.settle()
    await lab.api.delete(CONFIG_MAPS, "default", "goes")
    await lab.settle()
    references = owner_references(await lab.api.get(SECRETS, "default", "shared"))
    assert [reference["name"] for reference in references] == ["stays"]


async def test_owners_of_unknown_kinds_protect_their_dependents(lab: Any):
    await begin(lab)
    owner = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t", "uid": "t-1"}}
    await make(lab, SECRETS, "kept", owner)
    await lab.settle()
    assert await lab.names(SECRETS) == ["kept"]
