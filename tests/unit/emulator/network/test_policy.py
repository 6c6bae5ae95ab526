from typing import Any

import pytest

from k8slab.emulator.network.policy import Connection, Peer, allows, peer_of

Obj = dict[str, Any]
NAMESPACES = {"shop": {"team": "a"}, "other": {"team": "b"}}
WEB = Peer("10.244.0.2", "shop", {"app": "web"}, {"http": 80}, pod=True)
CLIENT = Peer("10.244.0.3", "shop", {"app": "client"}, pod=True)
STRANGER = Peer("10.244.0.4", "other", {"app": "client"}, pod=True)
NODE = Peer("172.18.0.2")


def policy(selector: Obj, namespace: str = "shop", **spec: Any) -> Obj:
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": {"podSelector": selector, **spec}}


def ingress(*rules: Obj) -> Obj:
    return policy({"matchLabels": {"app": "web"}}, policyTypes=["Ingress"], ingress=list(rules))


def passes(source: Peer, target: Peer, port: int, *policies: Obj) -> bool:
    return allows(Connection(source, target, port), policies, NAMESPACES)


def test_without_policies_everything_passes():
    assert passes(STRANGER, WEB, 80)


def test_a_policy_without_rules_closes_a_pod_but_not_to_its_node_and_itself():
    closed = ingress()
    assert not passes(CLIENT, WEB, 80, closed)
    assert passes(NODE, WEB, 80, closed)
    assert passes(WEB, WEB, 80, closed)
    assert passes(WEB, CLIENT, 80, closed)


@pytest.mark.parametrize(
    ("rule", "client", "stranger"),
    [
        ({}, True, True),
        ({"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}, True, False),
        ({"from": [{"podSelector": {}}]}, True, False),
        ({"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}]}, False, True),
        ({"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "none"}}}]}, False, False),
        ({"from": [{"ipBlock": {"cidr": "10.244.0.0/24", "except": ["10.244.0.4/32"]}}]}, True, False),
        ({"ports": [{"port": 80}]}, True, True),
        ({"ports": [{"port": "http"}]}, True, True),
        ({"ports": [{"port": 79, "endPort": 81}]}, True, True),
        ({"ports": [{"port": 81}]}, False, False),
        ({"ports": [{"port": 80, "protocol": "UDP"}]}, False, False),
    ],
)
def test_rules_of_ingress(rule: Obj, client: bool, stranger: bool):
    assert passes(CLIENT, WEB, 80, ingress(rule)) is client
    assert passes(STRANGER, WEB, 80, ingress(rule)) is stranger


def test_several_policies_add_up():
    one = ingress({"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]})
    assert not passes(STRANGER, WEB, 80, one)
    assert passes(STRANGER, WEB, 80, one, ingress({"from": [{"namespaceSelector": {}}]}))


def test_egress_holds_back_what_leaves():
    closed = policy({}, policyTypes=["Egress"], egress=[{"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}])
    assert passes(CLIENT, WEB, 80, closed)
    assert not passes(CLIENT, STRANGER, 80, closed)
    assert not passes(CLIENT, Peer("1.1.1.1"), 80, closed)
    assert passes(STRANGER, CLIENT, 80, closed)


def test_a_pod_on_the_node_network_is_the_node():
    pod = {"metadata": {"name": "x", "namespace": "shop"}, "spec": {"hostNetwork": True}}
    assert not peer_of(pod, "172.18.0.2").pod
