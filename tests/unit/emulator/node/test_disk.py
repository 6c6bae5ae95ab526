from pathlib import Path
from typing import Any

import pytest

from k8slab.emulator.node.host.shell.files import Tree
from k8slab.emulator.node.volumes.content import VolumeError
from k8slab.emulator.node.volumes.disk import NodeDisk, link


class Source:
    async def claim(self, namespace: str, name: str) -> Any:
        found = {"spec": {"volumeName": "pv"}, "status": {"phase": "Bound"}}
        return found if (namespace, name) == ("default", "data") else None

    async def volume(self, name: str) -> Any:
        spec = {"hostPath": {"path": "/var/local-path-provisioner/x"}, "persistentVolumeReclaimPolicy": "Delete"}
        return {"metadata": {"name": name}, "spec": spec} if name == "pv" else None


POD = {"metadata": {"name": "web", "namespace": "default"}}


async def test_a_claim_is_a_folder_that_outlives_the_pod(tmp_path: Path):
    disk = NodeDisk(tmp_path / "disk", Source())
    place = await disk.claimed(POD, {"claimName": "data"})
    (place / "kept").write_text("x")
    assert (await disk.claimed(POD, {"claimName": "data"}) / "kept").read_text() == "x"
    disk.remove(await Source().volume("pv"))
    assert not place.exists()


async def test_a_claim_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(VolumeError, match='persistentvolumeclaim "none" not found'):
        await NodeDisk(tmp_path, Source()).claimed(POD, {"claimName": "none"})


@pytest.mark.parametrize("path", ["/../../etc", "/a/../../..", "../x"])
def test_no_path_leads_out_of_the_disk(tmp_path: Path, path: str):
    disk = NodeDisk(tmp_path / "disk", Source())
    assert tmp_path / "disk" in [disk.place(path), *disk.place(path).parents]


def test_a_link_on_the_disk_does_not_lead_out(tmp_path: Path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "out").symlink_to("/etc")
    with pytest.raises(VolumeError, match="leads out"):
        NodeDisk(tmp_path / "disk", Source()).place("/out")


def test_types_are_checked(tmp_path: Path):
    disk = NodeDisk(tmp_path, Source())
    with pytest.raises(VolumeError, match="hostPath type check failed: /no is not a directory"):
        disk.host_path({"path": "/no", "type": "Directory"})
    assert disk.host_path({"path": "/file", "type": "FileOrCreate"}).is_file()


def test_a_container_sees_what_its_volume_links_to_and_nothing_beside(tmp_path: Path):
    root, volumes, place = tmp_path / "c", tmp_path / "v", tmp_path / "disk" / "data"
    for folder in (root, volumes, place):
        folder.mkdir(parents=True)
    (place / "file").write_text("x")
    (place / "out").symlink_to("/etc/passwd")
    link(volumes / "data", place)
    (root / "mnt").symlink_to(volumes / "data")
    tree = Tree(str(root), str(volumes))
    assert tree.host("/mnt/file").read_text() == "x"
    with pytest.raises(PermissionError):
        tree.host("/mnt/out")
