from typing import Any

from k8slab.emulator.controllers.scheduler import Scheduler
from k8slab.emulator.controllers.volumes import (
    ClaimBinder,
    ClaimProtection,
    LocalProvisioner,
    VolumeProtection,
    VolumeReclaimer,
)
from k8slab.kube.objects import Obj
from k8slab.kube.resources import CLAIMS, NODES, PODS, STORAGE_CLASSES, VOLUMES

PARTS = (ClaimBinder, ClaimProtection, LocalProvisioner, VolumeProtection, VolumeReclaimer)


def claim(name: str = "data", storage: str = "1Gi", **spec: Any) -> Obj:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}, **spec}
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": wanted}


def volume(name: str, storage: str = "1Gi", **spec: Any) -> Obj:
    made = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": storage}, "hostPath": {"path": f"/tmp/{name}"}}
    made["storageClassName"] = "manual"
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {**made, **spec}}


def user(name: str, claim_name: str) -> Obj:
    used = [{"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}]
    spec = {"containers": [{"name": "c", "image": "nginx"}], "volumes": used}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


async def create(lab: Any, resource: Any, *objects: Obj) -> None:
    for obj in objects:
        await lab.api.create(resource, obj)
    await lab.settle()


async def found(lab: Any, resource: Any, name: str) -> Obj:
    return await lab.api.get(resource, "default" if resource.namespaced else "", name)


async def test_a_claim_takes_the_smallest_volume_that_is_large_enough(lab: Any):
    await lab.start(*PARTS)
    await create(lab, VOLUMES, volume("small", "500Mi"), volume("large", "5Gi"), volume("right", "2Gi"))
    assert (await found(lab, VOLUMES, "large"))["status"]["phase"] == "Available"
    await create(lab, CLAIMS, claim(storageClassName="manual"))
    bound = await found(lab, CLAIMS, "data")
    assert bound["spec"]["volumeName"] == "right"
    assert bound["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}}
    assert bound["metadata"]["annotations"] == {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
    }
    taken = await found(lab, VOLUMES, "right")
    assert taken["status"]["phase"] == "Bound"
    assert taken["spec"]["claimRef"]["name"] == "data"


async def test_a_claim_waits_for_a_volume_of_its_class_and_modes(lab: Any):
    await lab.start(*PARTS)
    await create(lab, CLAIMS, claim(storageClassName=""))
    await create(lab, VOLUMES, volume("other"), volume("readers", storageClassName="", accessModes=["ReadOnlyMany"]))
    assert (await found(lab, CLAIMS, "data"))["status"]["phase"] == "Pending"
    words = "no persistent volumes available for this claim and no storage class is set"
    assert words in await lab.messages("FailedBinding")
    await create(lab, VOLUMES, volume("right", storageClassName=""))
    assert (await found(lab, CLAIMS, "data"))["status"]["phase"] == "Bound"


async def test_the_default_class_waits_for_a_pod_then_makes_a_volume(lab: Any):
    lab.kubelet.hold.add("web")
    await lab.start(*PARTS, Scheduler)
    node = {"metadata": {"name": "k8slab", "labels": {"kubernetes.io/hostname": "k8slab"}}}
    await create(lab, NODES, {**node, "status": {"allocatable": {"pods": "110"}}})
    await create(lab, CLAIMS, claim())
    assert (await found(lab, CLAIMS, "data"))["spec"]["storageClassName"] == "standard"
    assert await lab.messages("WaitForFirstConsumer") == ["waiting for first consumer to be created before binding"]
    await create(lab, PODS, user("web", "data"))
    assert (await found(lab, PODS, "web"))["spec"]["nodeName"] == "k8slab"
    bound = await found(lab, CLAIMS, "data")
    (made,) = (await lab.api.list(VOLUMES)).items
    assert bound["spec"]["volumeName"] == made["metadata"]["name"] == f"pvc-{bound['metadata']['uid']}"
    assert made["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert await lab.messages("ProvisioningSucceeded") == [
        f"Successfully provisioned volume pvc-{bound['metadata']['uid']}"
    ]


async def test_a_used_claim_is_kept_until_its_pod_is_gone_and_takes_its_volume_along(lab: Any):
    await test_the_default_class_waits_for_a_pod_then_makes_a_volume(lab)
    await lab.api.delete(CLAIMS, "default", "data")
    await lab.settle()
    assert await lab.names(CLAIMS) == ["data"]
    lab.kubelet.hold.clear()
    await lab.api.delete(PODS, "default", "web")
    await lab.settle()
    assert await lab.names(CLAIMS) == []
    assert await lab.names(VOLUMES) == []


async def test_a_retained_volume_is_released_and_not_taken_again(lab: Any):
    await lab.start(*PARTS)
    await create(lab, VOLUMES, volume("one"))
    await create(lab, CLAIMS, claim(storageClassName="manual"))
    await lab.api.delete(CLAIMS, "default", "data")
    await lab.settle()
    assert (await found(lab, VOLUMES, "one"))["status"]["phase"] == "Released"
    await create(lab, CLAIMS, claim(storageClassName="manual"))
    assert (await found(lab, CLAIMS, "data"))["status"]["phase"] == "Pending"


async def test_a_pod_without_its_claim_is_not_scheduled(lab: Any):
    lab.kubelet.hold.add("web")
    await lab.start(*PARTS, Scheduler)
    await create(lab, NODES, {"metadata": {"name": "k8slab"}, "status": {"allocatable": {"pods": "110"}}})
    await create(lab, PODS, user("web", "none"))
    words = '0/1 nodes are available: persistentvolumeclaim "none" not found. not found'
    assert await lab.messages("FailedScheduling") == [words]
    await create(lab, CLAIMS, claim("none", storageClassName="nope"))
    assert 'storageclass.storage.k8s.io "nope" not found' in await lab.messages("ProvisioningFailed")
    words = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    assert words in await lab.messages("FailedScheduling")


async def test_a_lost_volume_is_told(lab: Any):
    await lab.start(*PARTS)
    await create(lab, VOLUMES, volume("one"))
    await create(lab, CLAIMS, claim(storageClassName="manual"))
    await lab.change(VOLUMES, "one", {"metadata": {"finalizers": None}}, namespace="")
    await lab.api.delete(VOLUMES, "", "one")
    await lab.settle()
    assert (await found(lab, CLAIMS, "data"))["status"]["phase"] == "Lost"
    assert (await lab.api.list(STORAGE_CLASSES)).items[0]["metadata"]["name"] == "standard"
