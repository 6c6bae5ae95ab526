"""The provider against programs that only pretend to be kind and docker, and write down what they were asked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from k8slab.clusters.choice import choose, known_providers
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.existing import ExistingProvider
from k8slab.clusters.kind import KindProvider
from k8slab.clusters.kind.machine import Facts
from k8slab.clusters.provider import silent
from k8slab.errors import ClusterError

KIND = """#!{python}
import pathlib, sys
said = pathlib.Path({log!r})
said.open("a").write(" ".join(sys.argv[1:3]) + "\\n")
if sys.argv[1:2] == ["create"] and pathlib.Path({fails!r}).exists():
    print("ERROR: failed to create cluster: no space left on device")
    sys.exit(1)
if sys.argv[1:2] == ["create"]:
    pathlib.Path({nodes!r}).write_text("lab-control-plane running")
    print(" • Preparing nodes  ...\\n ✓ Preparing nodes")
if sys.argv[1:2] == ["delete"]:
    pathlib.Path({nodes!r}).unlink(missing_ok=True)
if sys.argv[1:3] == ["get", "kubeconfig"]:
    print("clusters: [{{cluster: {{server: 'https://127.0.0.1:1'}}}}]")
"""
DOCKER = """#!{python}
import pathlib, sys
nodes = pathlib.Path({nodes!r})
if sys.argv[1:2] == ["ps"] and nodes.exists():
    print(nodes.read_text())
if sys.argv[1:2] == ["port"]:
    print("80/tcp -> 127.0.0.1:8080\\n30080/tcp -> 0.0.0.0:30080")
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    names = {key: str(tmp_path / key) for key in ("log", "nodes", "fails")}
    for name, text in (("kind", KIND), ("docker", DOCKER)):
        path = programs / name
        path.write_text(text.format(python=sys.executable, **names))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv("KIND_EXPERIMENTAL_PROVIDER", raising=False)
    monkeypatch.setattr("k8slab.clusters.kind.provider.read_facts", lambda _folder: Facts())
    monkeypatch.setattr("k8slab.clusters.kind.provider.Kubectl.run", lambda *_arguments: "")
    return tmp_path


def test_a_cluster_that_it_created_is_its_own_to_delete(machine: Path):
    provider = KindProvider("lab", machine / "home")
    told: list[str] = []
    assert provider.start(told.append).state == "running"
    assert "  ✓ Preparing nodes" in told
    assert not any("•" in line for line in told)
    assert str(provider.reach(80)) == "127.0.0.1:8080"
    assert str(provider.reach(30080)) == "127.0.0.1:30080"
    provider.delete(silent)
    assert provider.status().state == "absent"
    assert not provider.folder.exists()


def test_a_cluster_of_somebody_else_is_used_and_left_alone(machine: Path):
    (machine / "nodes").write_text("lab-control-plane running")
    provider = KindProvider("lab", machine / "home")
    provider.start(silent)
    assert "create cluster" not in (machine / "log").read_text()
    with pytest.raises(ClusterError, match="did not create"):
        provider.delete(silent)
    with pytest.raises(ClusterError, match="did not create"):
        provider.reset(silent)
    assert provider.stop(silent).state == "running"


def test_a_failure_on_the_way_leaves_no_half_cluster(machine: Path):
    (machine / "fails").touch()
    provider = KindProvider("lab", machine / "home")
    with pytest.raises(ClusterError) as caught:
        provider.start(silent)
    assert "The disk is full." in caught.value.message
    assert (machine / "log").read_text().splitlines()[-1] == "delete cluster"
    with pytest.raises(ClusterError, match="did not create"):
        provider.delete(silent)


def test_an_interrupt_on_the_way_leaves_no_half_cluster(machine: Path):
    def interrupt(line: str) -> None:
        if "Preparing" in line:
            raise KeyboardInterrupt

    provider = KindProvider("lab", machine / "home")
    with pytest.raises(KeyboardInterrupt):
        provider.start(interrupt)
    assert (machine / "log").read_text().splitlines()[-1] == "delete cluster"


def test_words_choose_the_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("K8SLAB_CLUSTER", raising=False)
    assert isinstance(choose(root=tmp_path), EmbeddedProvider)
    assert isinstance(choose("kind", "lab", root=tmp_path), KindProvider)
    assert isinstance(choose("context:room", root=tmp_path), ExistingProvider)
    monkeypatch.setenv("K8SLAB_CLUSTER", "kind")
    assert isinstance(choose(root=tmp_path), KindProvider)
    with pytest.raises(ClusterError, match="no kind of cluster"):
        choose("minikube", root=tmp_path)


def test_clusters_of_both_kinds_are_listed(tmp_path: Path):
    for name in ("one", "kind-two", "existing-0123"):
        (tmp_path / "clusters" / name).mkdir(parents=True)
    assert [(entry.kind, entry.name) for entry in known_providers(tmp_path)] == [("kind", "two"), ("embedded", "one")]
