from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from k8slab.clock import ManualClock
from k8slab.emulator.node.host.shell.files import Tree
from k8slab.emulator.node.volumes.content import VolumeError, config_map_files, downward_files, secret_files
from k8slab.emulator.node.volumes.disk import NodeDisk
from k8slab.emulator.node.volumes.manager import PodVolumes, names_used
from k8slab.emulator.node.volumes.mounts import Mount, mount_all, mounts_of
from k8slab.emulator.node.volumes.writing import write_atomically

Obj = dict[str, Any]
CONFIG_MAP = {"data": {"a": "1", "b": "2"}, "binaryData": {"c": base64.b64encode(b"\0").decode()}}
POD = {
    "metadata": {"name": "p", "namespace": "n", "uid": "u", "labels": {"b": 'say "x"', "a": "1"}},
    "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}}}]},
}


class Source:
    def __init__(self) -> None:
        self.maps: dict[str, Obj] = {}
        self.secrets: dict[str, Obj] = {}
        self.asked = 0

    async def config_map(self, _namespace: str, name: str) -> Obj | None:
        return self.maps.get(name)

    async def secret(self, _namespace: str, name: str) -> Obj | None:
        return self.secrets.get(name)

    async def token(self, _pod: Obj, audience: str, seconds: int) -> tuple[str, dt.datetime]:
        self.asked += 1
        return f"{audience}-{self.asked}", dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


def test_a_config_map_gives_text_and_bytes():
    files = config_map_files({"name": "m"}, CONFIG_MAP)
    assert {name: file.data for name, file in files.items()} == {"a": b"1", "b": b"2", "c": b"\0"}


def test_items_choose_keys_paths_and_modes():
    files = config_map_files({"items": [{"key": "a", "path": "x/y", "mode": 0o400}]}, CONFIG_MAP)
    assert (files["x/y"].data, files["x/y"].mode, len(files)) == (b"1", 0o400, 1)


@pytest.mark.parametrize(
    ("make", "source", "found", "message"),
    [
        (config_map_files, {"name": "m"}, None, 'configmap "m" not found'),
        (secret_files, {"secretName": "s"}, None, 'secret "s" not found'),
        (config_map_files, {"items": [{"key": "z", "path": "z"}]}, CONFIG_MAP, "configmap references non-existent config key: z"),
        (secret_files, {"items": [{"key": "z", "path": "z"}]}, {}, "references non-existent secret key: z"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_the_kubelets_words(make: Any, source: Obj, found: Obj | None, message: str):
    with pytest.raises(VolumeError) as told:
        make(source, found)
    assert str(told.value) == message
    assert make({**source, "optional": True}, found) == {}


def test_the_downward_api_quotes_labels_and_rounds_resources_up():
    items = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "cpu", "resourceFieldRef": {"containerName": "c", "resource": "limits.cpu"}},
        {"path": "mem", "resourceFieldRef": {"containerName": "c", "resource": "limits.memory", "divisor": "1Mi"}},
    ]
    files = {name: file.data.decode() for name, file in downward_files({"items": items}, POD).items()}
    assert files == {"labels": 'a="1"\nb="say \\"x\\""', "cpu": "1", "mem": "64"}


def test_new_content_appears_in_one_step(tmp_path: Path):
    files = config_map_files({}, {"data": {"a": "1", "gone": "x"}})
    assert write_atomically(tmp_path, files)
    assert not write_atomically(tmp_path, files)
    assert write_atomically(tmp_path, config_map_files({"items": [{"key": "a", "path": "deep/a"}]}, CONFIG_MAP))
    assert (tmp_path / "deep" / "a").read_text() == "1"
    assert not (tmp_path / "gone").exists()
    assert len([entry for entry in tmp_path.iterdir() if entry.name.startswith("..2") or entry.name == "..data"]) == 1


async def test_a_pods_volumes_follow_their_sources(tmp_path: Path):
    source = Source()
    source.maps["m"] = {"data": {"a": "1"}}
    projected = {"sources": [{"configMap": {"name": "m"}}, {"serviceAccountToken": {"path": "token", "audience": "x"}}]}
    pod = {**POD, "spec": {"volumes": [{"name": "v", "projected": projected}, {"name": "e", "emptyDir": {}}]}}
    volumes = PodVolumes(tmp_path, source, source, ManualClock(), NodeDisk(tmp_path / "disk", source))
    await volumes.make(pod)
    assert (tmp_path / "v" / "token").read_text() == "x-1"
    assert (tmp_path / "e").is_dir()
    source.maps["m"] = {"data": {"a": "2"}}
    await volumes.make(pod)
    assert (tmp_path / "v" / "a").read_text() == "2"
    assert source.asked == 1
    assert names_used(pod) == {("ConfigMap", "m")}


async def test_a_token_is_renewed_before_it_ends(tmp_path: Path):
    source, clock = Source(), ManualClock()
    projected = {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 600}}]}
    pod = {**POD, "spec": {"volumes": [{"name": "v", "projected": projected}]}}
    volumes = PodVolumes(tmp_path, source, source, clock, NodeDisk(tmp_path / "disk", source))
    await volumes.make(pod)
    await clock.advance(500)
    await volumes.make(pod)
    assert (tmp_path / "v" / "token").read_text() == "-2"


@pytest.mark.parametrize("volume", [{"nfs": {"server": "a", "path": "/"}}, {"image": {"reference": "nginx"}}])
async def test_volumes_of_other_machines_are_refused_with_the_way_out(volume: Obj, tmp_path: Path):
    source = Source()
    pod = {**POD, "spec": {"volumes": [{"name": "v", **volume}]}}
    with pytest.raises(VolumeError, match=r"SetUp failed for volume \"v\" : .* work on kind"):
        await PodVolumes(tmp_path, source, source, ManualClock(), NodeDisk(tmp_path / "disk", source)).make(pod)


def test_mounts_lie_in_the_tree_and_fixed_ones_cannot_be_written(tmp_path: Path):
    root, volumes = tmp_path / "c", tmp_path / "v"
    root.mkdir()
    write_atomically(volumes / "m", config_map_files({}, CONFIG_MAP))
    (volumes / "e").mkdir()
    pod = {"spec": {"volumes": [{"name": "m", "configMap": {}}, {"name": "e", "emptyDir": {}}]}}
    entries = [
        {"name": "m", "mountPath": "/etc/m"},
        {"name": "m", "mountPath": "/etc/one/a.conf", "subPath": "a"},
        {"name": "e", "mountPath": "/data/", "subPathExpr": "$(POD)"},
    ]
    mounts = mounts_of(pod, {"volumeMounts": entries}, {"POD": "p0"})
    assert {mount.path for mount in mounts if mount.read_only} == {"/etc/m", "/etc/one/a.conf"}
    mount_all(root, volumes, mounts)
    tree = Tree(str(root), str(volumes), [mount.path for mount in mounts if mount.read_only])
    assert tree.host("/etc/m/a").read_text() == "1"
    assert tree.host("/etc/one/a.conf").read_text() == "1"
    tree.writable("/data/x").write_text("kept")
    assert (volumes / "e" / "p0" / "x").read_text() == "kept"
    with pytest.raises(OSError, match="Read-only file system"):
        tree.writable("//etc/m/../m/new")


def test_no_link_leads_out_of_the_pod(tmp_path: Path):
    root = tmp_path / "c"
    root.mkdir()
    (root / "out").symlink_to("/etc")
    with pytest.raises(PermissionError):
        Tree(str(root)).host("/out/passwd")
    assert Tree(str(root)).host("../../../etc/passwd") == root.resolve() / "etc/passwd"


@pytest.mark.parametrize("path", ["/abs", "../up", "a/../../b"])
def test_a_sub_path_stays_in_its_volume(path: str):
    from k8slab.emulator.node.environment import ConfigError

    pod = {"spec": {"volumes": [{"name": "e", "emptyDir": {}}]}}
    with pytest.raises(ConfigError, match="must not be absolute"):
        mounts_of(pod, {"volumeMounts": [{"name": "e", "mountPath": "/e", "subPath": path}]}, {})


def test_a_sub_path_that_is_not_there_becomes_an_empty_folder(tmp_path: Path):
    (tmp_path / "c").mkdir()
    mount_all(tmp_path / "c", tmp_path / "v", [Mount("/x", "m", "nothing", True, True)])
    assert list((tmp_path / "c" / "x").iterdir()) == []
