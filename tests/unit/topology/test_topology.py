"""The graph of a working lab, broken ones, and of many objects."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from k8slab.errors import CommandError
from k8slab.kube import resources as r
from k8slab.snapshot import Snapshot
from k8slab.topology.build import build_graph
from k8slab.topology.dot import to_dot, to_svg
from k8slab.topology.export import export
from k8slab.topology.forms import asked_graph
from k8slab.topology.text import to_text

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": "default", "uid": name, **more}


def pod(name: str, owner: str = "", *, ready: bool = True, app: str = "web", **more: Any) -> dict[str, Any]:
    owners = (
        {"ownerReferences": [{"controller": True, "kind": "ReplicaSet", "name": owner, "uid": owner}]} if owner else {}
    )
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {
        "metadata": meta(name, labels={"app": app}, **owners, **more),
        "spec": {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 80}]}]},
        "status": {"phase": "Running", "podIP": "10.244.0.5", "conditions": [condition]},
    }


def service(**spec: Any) -> dict[str, Any]:
    base = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 8000, "targetPort": 80, "nodePort": 30080}]}
    return {"metadata": meta("web"), "spec": base | spec}


def listed(*pods: dict[str, Any]) -> dict[str, Any]:
    ends = [
        {"addresses": ["10.0.0.1"], "targetRef": {"name": one["metadata"]["name"]},
         "conditions": {"ready": one["status"]["conditions"][0]["status"] == "True"}}
        for one in pods
    ]  # fmt: skip
    return {"metadata": meta("web-s", labels={"kubernetes.io/service-name": "web"}), "endpoints": ends}


def ingress(name: str = "web", port: int = 8000, kind: str = "nginx") -> dict[str, Any]:
    backend = {"service": {"name": name, "port": {"number": port}}}
    rule = {
        "host": "web.example.test",
        "http": {"paths": [{"path": "/shop", "pathType": "Prefix", "backend": backend}]},
    }
    notes = {"nginx.ingress.kubernetes.io/rewrite-target": "/$2"}
    return {"metadata": meta("front", annotations=notes), "spec": {"ingressClassName": kind, "rules": [rule]}}


def picture(pods: list[Any], **changed: Any) -> Snapshot:
    deployment = {"metadata": meta("web"), "spec": {"replicas": len(pods)}, "status": {"readyReplicas": len(pods)}}
    replica_set = {"metadata": meta("web-rs", ownerReferences=[{"controller": True, "kind": "Deployment", "name": "web", "uid": "web"}]),
                   "spec": {"replicas": len(pods)}, "status": {"readyReplicas": len(pods)}}  # fmt: skip
    objects: dict[Any, Any] = {
        r.DEPLOYMENTS: [deployment], r.REPLICA_SETS: [replica_set], r.PODS: pods, r.SERVICES: [service()],
        r.ENDPOINT_SLICES: [listed(*(one for one in pods if one["metadata"]["labels"]["app"] == "web"))], r.INGRESSES: [ingress()],
        r.INGRESS_CLASSES: [{"metadata": {"name": "nginx"}}],
    }  # fmt: skip
    return Snapshot.build("default", NOW, objects | {getattr(r, name): value for name, value in changed.items()})


def test_the_whole_way_is_drawn():
    shown = to_text(build_graph(picture([pod("web-1", "web-rs")])))
    assert shown.splitlines() == [
        "· Host web.example.test",
        "    · Ingress front  class nginx; rewrite-target: /$2",
        "        · Service web  8000 -> 80, NodePort 30080  by /shop -> 8000",
        "            · EndpointSlice web-s  1 of 1 endpoints ready",
        "                ● Pod web-1  10.244.0.5  [ready]",
        "· NodePort 30080",
        "    · Service web  8000 -> 80, NodePort 30080",
        "        · EndpointSlice web-s  1 of 1 endpoints ready",
        "            ● Pod web-1  10.244.0.5  [ready]",
        "● Deployment web  1/1 ready  [ready]",
        "    · ReplicaSet web-rs  1/1 ready",
        "        ● Pod web-1  10.244.0.5  [ready]",
    ]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"SERVICES": [service(selector={"app": "wbe"})], "ENDPOINT_SLICES": []}, "no pod has the label app=wbe"),
        ({"SERVICES": []}, "this Service does not exist"),
        ({"INGRESSES": [ingress(port=80)]}, "the Service has no port 80"),
        ({"INGRESSES": [ingress(kind="ngnix")]}, "there is no IngressClass ngnix"),
        ({"SERVICES": [service(ports=[{"port": 80, "targetPort": "htpp"}])], "ENDPOINT_SLICES": []},
         "no container port is called htpp"),
        ({"PODS": [pod("web-1", "web-rs", ready=False)], "ENDPOINT_SLICES": [listed(pod("web-1", ready=False))]},
         "gets no requests: the pod is unready"),
    ],
)  # fmt: skip
def test_broken_links_carry_their_reason(changed: dict[str, Any], reason: str):
    graph = build_graph(picture([pod("web-1", "web-rs")], **changed))
    assert any(reason in problem for problem in graph.problems())
    assert reason in to_text(graph)
    assert reason in to_dot(graph).replace("\\n", "\n")


def test_states_differ_in_text_and_line():
    pods = [pod("a", "web-rs"), pod("b", "web-rs", ready=False), pod("c", "web-rs", deletionTimestamp="now")]
    graph = build_graph(picture(pods))
    shown, drawn = to_text(graph), to_dot(graph)
    for text in ("● Pod a", "○ Pod b", "◌ Pod c", "[ready]", "[unready]", "[terminating]"):
        assert text in shown
    for style in ("dashed", "dotted"):
        assert f'"rounded,{style}"' in drawn


def test_what_changed_is_marked():
    before = picture([pod("web-1", "web-rs")])
    after = picture([pod("web-1", "web-rs"), pod("web-2", "web-rs")])
    shown = to_text(asked_graph(after, before=before))
    assert "Pod web-2  10.244.0.5  [ready]  (new)" in shown
    assert "EndpointSlice web-s  2 of 2 endpoints ready  (changed)" in shown
    assert "Pod web-1  10.244.0.5  [ready]  (" not in shown


def test_an_app_and_labels_choose():
    pods = [pod("web-1", "web-rs"), pod("lonely", app="other")]
    assert "lonely" not in to_text(asked_graph(picture(pods), app="web"))
    chosen = to_text(asked_graph(picture(pods), labels="app=other"))
    assert chosen == "● Pod lonely  10.244.0.5  [ready]"


def test_names_are_data_never_markup():
    drawn = to_svg(build_graph(picture([pod("<b>x", app='"];evil[')])))
    assert "<b>x" not in drawn
    assert "&lt;b&gt;x" in drawn


def test_two_hundred_objects_stay_readable_and_quick():
    pods = [pod(f"web-{number:03}", "web-rs", ready=number % 10 != 0) for number in range(200)]
    snapshot = picture(pods)
    to_svg(asked_graph(picture([])))  # loads the layout engine
    began = time.perf_counter()
    graph = asked_graph(snapshot)
    drawn = to_svg(graph)
    assert time.perf_counter() - began < 1.0
    assert len(graph.nodes) < 15
    assert "and 179 more like it" in drawn


def test_exports(tmp_path: Any):
    graph = build_graph(picture([pod("web-1")]))
    for name in ("a.svg", "a.dot"):
        assert name in export(graph, str(tmp_path / name))
    assert (tmp_path / "a.svg").read_text().startswith("<svg")
    assert (tmp_path / "a.dot").read_text().startswith("digraph")
    with pytest.raises(CommandError, match="no form that is known"):
        export(graph, "a.gif")
