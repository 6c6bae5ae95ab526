from __future__ import annotations

import pytest

from k8slab.clusters.kind.config import MAPPED_PORTS, cluster_config, parse_mirror
from k8slab.clusters.kind.ports import choose_host_ports, told
from k8slab.errors import ClusterError


def test_the_first_node_carries_ports_and_the_label_that_old_controllers_ask_for():
    made = cluster_config({80: 8080, 30080: 30080}, nodes=3)
    assert [node["role"] for node in made["nodes"]] == ["control-plane", "worker", "worker"]
    first = made["nodes"][0]
    assert first["labels"] == {"ingress-ready": "true"}
    assert [(entry["containerPort"], entry["hostPort"]) for entry in first["extraPortMappings"]] == [
        (80, 8080),
        (30080, 30080),
    ]
    assert {entry["listenAddress"] for entry in first["extraPortMappings"]} == {"127.0.0.1"}


@pytest.mark.parametrize("nodes", [0, 6])
def test_a_lab_has_few_nodes(nodes: int):
    with pytest.raises(ClusterError) as caught:
        cluster_config({}, nodes)
    assert "--nodes" in caught.value.action


def test_taken_ports_get_the_usual_second_choice_then_any():
    chosen = choose_host_ports(MAPPED_PORTS, lambda port: port not in (80, 443, 8443, 30085))
    assert chosen[80] == 8080
    assert chosen[443] not in (443, 8443)
    assert chosen[30085] not in MAPPED_PORTS
    assert len(set(chosen.values())) == len(MAPPED_PORTS)
    assert any("30085" in line for line in told(chosen))
    assert told(dict.fromkeys(())) == []


def test_a_mirror_is_for_docker_hub_unless_it_names_a_registry():
    assert parse_mirror("https://m.example/").hosts_toml() == (
        'server = "https://registry-1.docker.io"\n\n[host."https://m.example"]\n  capabilities = ["pull", "resolve"]\n'
    )
    made = parse_mirror("registry.k8s.io=http://10.0.0.2:5000")
    assert (made.registry, made.url) == ("registry.k8s.io", "http://10.0.0.2:5000")
    with_mirror = cluster_config({}, 2, "/tmp/certs.d", old_containerd=True)
    assert all(node["extraMounts"][0]["hostPath"] == "/tmp/certs.d" for node in with_mirror["nodes"])
    assert "config_path" in with_mirror["containerdConfigPatches"][0]


@pytest.mark.parametrize(
    "text", ["", "mirror", "ftp://x", "=https://x", "a/b=https://x", 'https://x"]\n[host."y', "../..=https://x y"]
)
def test_what_is_no_mirror_is_refused(text: str):
    with pytest.raises(ClusterError, match="not a registry mirror"):
        parse_mirror(text)
