"""Managed fields of creates and updates; the expectations were read from a real cluster of v1.34.4."""

from typing import Any

import pytest

from k8slab.kube.apply import Shapes, Writer, track

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"


def config_map(**more: Any) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, **more}


def deployment(replicas: Any = 2, image: Any = "nginx") -> Any:
    container = {"name": "web", "image": image, "resources": {}, "ports": [{"containerPort": 80, "protocol": "TCP"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}},
        },
        "status": {},
    }


def writer(name: Any, time: Any = NOW, version: Any = "apps/v1", subresource: Any = "", ignored: Any = None) -> Any:
    return Writer(name, version, time, subresource, ignored or {})


def test_a_new_object_is_managed_by_its_creator(shapes: Shapes):
    (entry,) = track(shapes, {}, deployment(), writer("kubectl-create"))
    assert entry == {
        "manager": "kubectl-create",
        "operation": "Update",
        "apiVersion": "apps/v1",
        "time": NOW,
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}}, "f:type": {}},
                "f:template": {
                    "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"web"}': {
                                ".": {},
                                "f:image": {},
                                "f:name": {},
                                "f:ports": {
                                    ".": {},
                                    'k:{"containerPort":80,"protocol":"TCP"}': {
                                        ".": {},
                                        "f:containerPort": {},
                                        "f:protocol": {},
                                    },
                                },
                                "f:resources": {},
                            }
                        }
                    },
                },
            },
        },
    }


def test_a_change_takes_the_field_from_its_manager(shapes: Shapes):
    old = deployment()
    old["metadata"]["managedFields"] = track(shapes, {}, old, writer("kubectl-create"))
    entries = track(shapes, old, deployment(replicas=5), writer("kubectl", LATER, subresource="scale"))
    scaled = next(entry for entry in entries if entry.get("subresource") == "scale")
    assert scaled["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    creator = next(entry for entry in entries if entry["manager"] == "kubectl-create")
    assert "f:replicas" not in creator["fieldsV1"]["f:spec"]
    assert creator["time"] == NOW


def test_a_removed_element_is_managed_by_nobody(shapes: Shapes):
    old, new = deployment(), deployment()
    old["metadata"]["managedFields"] = track(shapes, {}, old, writer("kubectl-create"))
    del new["spec"]["template"]["spec"]["containers"][0]["ports"]
    (entry,) = track(shapes, old, new, writer("kubectl-edit", LATER))
    assert entry["manager"] == "kubectl-create"
    assert "f:ports" not in str(entry)


def test_a_write_that_changes_nothing_leaves_the_managers_alone(shapes: Shapes):
    old = deployment()
    old["metadata"]["managedFields"] = track(shapes, {}, old, writer("kubectl-create"))
    assert track(shapes, old, deployment(), writer("other", LATER)) == old["metadata"]["managedFields"]


def test_the_status_is_not_taken_through_the_object(shapes: Shapes):
    old, new = deployment(), deployment()
    old["metadata"]["managedFields"] = track(shapes, {}, old, writer("a"))
    new["status"] = {"replicas": 3}
    assert track(shapes, old, new, writer("b", LATER, ignored={"f:status": {}})) == old["metadata"]["managedFields"]


@pytest.mark.parametrize("sent", [[], [{}]])
def test_a_client_can_have_all_managers_forgotten(shapes: Shapes, sent: Any):
    old = config_map(data={"a": "1"})
    old["metadata"]["managedFields"] = track(shapes, {}, old, writer("a", version="v1"))
    new = config_map(data={"a": "1"})
    new["metadata"]["managedFields"] = sent
    assert track(shapes, old, new, writer("b", version="v1")) == []
    # From then on nobody is noted (managedfields/internal/skipnonapplied.go).
    assert track(shapes, config_map(data={"a": "1"}), config_map(data={"a": "2"}), writer("b", version="v1")) == []


def test_beyond_ten_updaters_the_oldest_become_one(shapes: Shapes):
    old = config_map(data={})
    old["metadata"]["managedFields"] = track(shapes, {}, config_map(data={"x": ""}), writer("w", "t00", "v1"))
    for number in range(12):
        new = config_map(data={**old["data"], f"k{number}": "v"})
        new["metadata"]["managedFields"] = track(shapes, old, new, writer(f"m{number}", f"t{number + 10}", "v1"))
        old = new
    names = [entry["manager"] for entry in old["metadata"]["managedFields"]]
    assert len(names) == 10
    assert names[0] == "ancient-changes"
