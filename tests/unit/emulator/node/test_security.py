from __future__ import annotations

from typing import Any

import pytest

from k8slab.emulator.node.environment import ConfigError
from k8slab.emulator.node.rootfs import hosts_file, resolver_file
from k8slab.emulator.node.security import read_only_paths, user_of, writable_paths
from k8slab.emulator.node.volumes.mounts import Mount

Obj = dict[str, Any]


def pod(**spec: Any) -> Obj:
    return {"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": spec}


@pytest.mark.parametrize(
    ("of_pod", "own", "expected"),
    [
        ({}, {}, (0, 0, [0])),
        ({"runAsUser": 1000}, {}, (1000, 0, [0])),
        ({"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000, "supplementalGroups": [4000]}, {}, (1000, 3000, [2000, 3000, 4000])),
        ({"runAsUser": 1000}, {"runAsUser": 2000}, (2000, 0, [0])),
        ({"runAsUser": 1000}, {"runAsUser": 0}, (0, 0, [0])),
    ],
)  # fmt: skip
def test_the_container_s_own_setting_wins(of_pod: Obj, own: Obj, expected: tuple[int, int, list[int]]):
    user = user_of(pod(securityContext=of_pod), {"name": "c", "securityContext": own}, 0)
    assert (user["uid"], user["gid"], user["groups"]) == expected


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({"runAsNonRoot": True}, 'container has runAsNonRoot and image will run as root (pod: "p_n(u)", container: c)'),
        ({"runAsNonRoot": True, "runAsUser": 0}, 'container\'s runAsUser breaks non-root policy (pod: "p_n(u)", container: c)'),
    ],
)  # fmt: skip
def test_root_is_refused_where_the_pod_forbids_it(context: Obj, words: str):
    with pytest.raises(ConfigError) as caught:
        user_of(pod(securityContext=context), {"name": "c"}, 0)
    assert str(caught.value) == words


def test_an_image_with_a_user_of_its_own_may_be_non_root():
    assert user_of(pod(securityContext={"runAsNonRoot": True}), {"name": "c"}, 100)["uid"] == 100


def test_a_read_only_root_leaves_mounts_writable():
    mounts = [
        Mount("/data", "d", "", read_only=False, fixed=False),
        Mount("/conf", "c", "", read_only=True, fixed=True),
    ]
    container = {"name": "c", "securityContext": {"readOnlyRootFilesystem": True}}
    assert read_only_paths(container, mounts) == ("/", "/conf")
    assert writable_paths(mounts) == ["/data"]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({}, "search n.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"),
        ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1"], "searches": ["x.y"], "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]}},
         "search x.y\nnameserver 1.1.1.1\noptions ndots:2 edns0\n"),
        ({"dnsConfig": {"searches": ["z"], "options": [{"name": "ndots", "value": "1"}]}},
         "search n.svc.cluster.local svc.cluster.local cluster.local z\nnameserver 10.96.0.10\noptions ndots:1\n"),
    ],
)  # fmt: skip
def test_the_resolver_follows_the_pod_s_policy(spec: Obj, text: str):
    assert resolver_file(pod(**spec)) == text


def test_hosts_hold_the_pod_s_names_and_aliases():
    spec = {"hostname": "h", "subdomain": "s", "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}]}
    text = hosts_file(pod(**spec), "10.244.0.5")
    assert "10.244.0.5\th.s.n.svc.cluster.local\th\n" in text
    assert text.endswith("\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n")
