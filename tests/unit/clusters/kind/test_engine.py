from __future__ import annotations

import pytest

from k8slab.clusters.kind.engine import find_engine, find_kind
from k8slab.clusters.kind.failures import explained
from k8slab.clusters.kind.machine import Facts, shortages
from k8slab.errors import ClusterError

GIB = 1 << 30


def which(*names: str):
    return lambda name: f"/bin/{name}" if name in names else None


def test_the_first_engine_that_answers_is_used_in_kinds_order():
    found = find_engine({}, which("podman", "docker"), lambda name: name == "podman")
    assert found.program == "podman"
    assert found.environment({"A": "b"}) == {"A": "b", "KIND_EXPERIMENTAL_PROVIDER": "podman"}
    assert find_engine({}, which("podman", "docker"), lambda _name: True).environment({}) == {}


def test_kinds_own_variable_decides():
    found = find_engine({"KIND_EXPERIMENTAL_PROVIDER": "nerdctl"}, which("docker", "nerdctl"), lambda _name: True)
    assert found.program == "nerdctl"
    with pytest.raises(ClusterError, match="is not known here"):
        find_engine({"KIND_EXPERIMENTAL_PROVIDER": "lxd"}, which(), lambda _name: True)


def test_what_is_missing_is_named_with_the_command_that_installs_it():
    with pytest.raises(ClusterError) as nothing:
        find_engine({}, which(), lambda _name: True)
    assert nothing.value.message == "Neither Docker, nerdctl nor Podman is on this machine."
    assert "apt-get install docker.io" in nothing.value.action
    assert "%lab start" in nothing.value.action
    with pytest.raises(ClusterError) as silent:
        find_engine({}, which("docker"), lambda _name: False)
    assert silent.value.message == "docker is installed but does not answer."
    assert "systemctl start docker" in silent.value.action
    with pytest.raises(ClusterError) as no_kind:
        find_kind(which())
    assert "go install sigs.k8s.io/kind" in no_kind.value.action


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Bind for 127.0.0.1:80 failed: port is already allocated", "took a port"),
        ("failed to create fsnotify watcher: too many open files", "limits for watching"),
        ("write /var/lib: no space left on device", "disk is full"),
        ("toomanyrequests: You have reached your pull rate limit", "refuses more downloads"),
        ("ERROR: node(s) already exist for a cluster with the name", "exists"),
        ("dial tcp 1.2.3.4:443: i/o timeout", "cannot be downloaded"),
        ("timed out waiting for the condition", "did not come up in time"),
    ],
)
def test_known_failures_are_explained_after_the_programs_own_words(said: str, meant: str):
    made = explained(ClusterError(f"kind create cluster failed (exit code 1): {said}"))
    assert said in made.message
    assert meant in made.message
    assert made.action


def test_an_unknown_failure_stays_as_it_is():
    error = ClusterError("kind create cluster failed: the moon is full", "Wait.")
    assert explained(error) is error


def test_a_small_machine_is_told_what_it_lacks():
    enough = Facts(4 * GIB, 20 * GIB, 524288, 512)
    assert list(shortages(enough)) == []
    assert list(shortages(Facts())) == []
    small = list(shortages(Facts(GIB, GIB, 8192, 128)))
    assert [entry.fatal for entry in small] == [True, True, False, False]
    assert "docker system prune" in small[0].action
    assert "sysctl fs.inotify.max_user_instances=512" in small[3].action
