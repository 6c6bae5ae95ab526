"""Server-side apply; the expectations were read from a real cluster of v1.34.4."""

import json
from typing import Any

import pytest

from k8slab.kube.apply import ConflictError, Shapes, TypedError, Writer, apply, track

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"


def config_map(data: Any = None, labels: Any = None) -> Any:
    meta = {"name": "c", **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, **({"data": data} if data else {})}


def service(*ports: Any, **spec: Any) -> Any:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": list(ports), **spec}}


def by(name: Any = "kubectl", time: Any = NOW) -> Any:
    return Writer(name, "v1", time)


def managers(obj: Any) -> Any:
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"]["managedFields"]}


def test_an_applier_manages_what_it_applied_and_no_structs(shapes: Shapes):
    made = apply(shapes, {}, config_map({"x": "1"}, {"a": "b"}), by(), force=False)
    assert managers(made) == {"kubectl": {"f:data": {"f:x": {}}, "f:metadata": {"f:labels": {"f:a": {}}}}}
    assert made["metadata"]["managedFields"][0]["operation"] == "Apply"


def test_what_is_applied_no_more_goes(shapes: Shapes):
    live = apply(shapes, {}, config_map({"x": "1", "z": "2"}, {"a": "b"}), by(), force=False)
    made = apply(shapes, live, config_map({"x": "1"}), by(time=LATER), force=False)
    assert made["data"] == {"x": "1"}
    assert not made["metadata"].get("labels")


def test_what_another_manager_has_too_stays(shapes: Shapes):
    live = apply(shapes, {}, config_map({"x": "1", "z": "2"}), by(), force=False)
    live = apply(shapes, live, config_map({"z": "2"}), by("other"), force=False)
    made = apply(shapes, live, config_map({"x": "1"}), by(time=LATER), force=False)
    assert made["data"] == {"x": "1", "z": "2"}
    assert managers(made)["other"] == {"f:data": {"f:z": {}}}


def test_another_value_of_another_managers_field_is_a_conflict(shapes: Shapes):
    live = config_map({"x": "1", "z": "2"})
    live["metadata"]["managedFields"] = track(shapes, {}, live, by("editor"))
    with pytest.raises(ConflictError) as caught:
        apply(shapes, live, config_map({"x": "7"}), by("me"), force=False)
    assert str(caught.value) == 'Apply failed with 1 conflict: conflict with "editor" using v1: .data.x'
    assert caught.value.causes == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "editor" using v1', "field": ".data.x"}
    ]


def test_several_conflicts_are_listed_by_manager(shapes: Shapes):
    live = apply(shapes, {}, config_map({"x": "1"}), by("a"), force=False)
    live = apply(shapes, live, config_map({"y": "1", "z": "1"}), by("b"), force=False)
    with pytest.raises(ConflictError) as caught:
        apply(shapes, live, config_map({"x": "2", "y": "2", "z": "2"}), by("me"), force=False)
    assert str(caught.value) == (
        'Apply failed with 3 conflicts: conflicts with "a":\n- .data.x\nconflicts with "b":\n- .data.y\n- .data.z'
    )


def test_force_takes_the_field(shapes: Shapes):
    live = apply(shapes, {}, config_map({"x": "1"}), by("a"), force=False)
    made = apply(shapes, live, config_map({"x": "2"}), by("me"), force=True)
    assert made["data"] == {"x": "2"}
    assert list(managers(made)) == ["me"]


def test_the_same_value_is_shared_and_leaves_no_time(shapes: Shapes):
    live = apply(shapes, {}, config_map({"x": "1"}), by("a"), force=False)
    made = apply(shapes, live, config_map({"x": "1"}), by("b", LATER), force=False)
    assert set(managers(made)) == {"a", "b"}
    assert next(entry for entry in made["metadata"]["managedFields"] if entry["manager"] == "b").get("time") is None


def test_lists_with_keys_merge_by_key_in_the_order_of_the_configuration(shapes: Shapes):
    first = service({"port": 80, "name": "http"}, {"port": 443, "name": "https"})
    live = apply(shapes, {}, first, by(), force=False)
    second = service({"port": 8080, "name": "alt"}, {"port": 443, "name": "https"})
    made = apply(shapes, live, second, by("b"), force=False)
    assert [port["name"] for port in made["spec"]["ports"]] == ["http", "alt", "https"]
    made = apply(shapes, made, service({"port": 443, "name": "https"}), by(), force=False)
    assert [port["name"] for port in made["spec"]["ports"]] == ["alt", "https"]


def test_sets_merge_by_value(shapes: Shapes):
    def pod(*finalizers: Any) -> Any:
        meta = {"name": "p", "finalizers": list(finalizers)}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta}

    live = apply(shapes, {}, pod("x.io/a"), by("a"), force=False)
    made = apply(shapes, live, pod("x.io/b"), by("b"), force=False)
    assert made["metadata"]["finalizers"] == ["x.io/a", "x.io/b"]
    assert managers(made)["b"] == {"f:metadata": {"f:finalizers": {'v:"x.io/b"': {}}}}


def test_an_object_without_managers_gets_one_for_what_stands_there(shapes: Shapes):
    made = apply(shapes, config_map({"x": "1"}), config_map({"y": "2"}), by(), force=False)
    assert managers(made)["before-first-apply"] == {"f:data": {".": {}, "f:x": {}}}


def test_kubectl_goes_over_from_applying_on_its_own_side(shapes: Shapes):
    last = config_map({"x": "1"})
    live = config_map({"x": "1", "z": "2"})
    text = json.dumps(last)
    live["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": text}
    live["metadata"]["managedFields"] = track(shapes, {}, live, by("kubectl-client-side-apply"))
    made = apply(shapes, live, config_map({"x": "3"}), by("kubectl"), force=False)
    assert made["data"] == {"x": "3", "z": "2"}
    renewed = made["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    assert json.loads(renewed)["data"] == {"x": "3"}
    with pytest.raises(ConflictError):
        apply(shapes, live, config_map({"z": "3"}), by("kubectl"), force=False)
    with pytest.raises(ConflictError):
        apply(shapes, live, config_map({"x": "3"}), by("someone"), force=False)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (config_map({"a": 1}), ".data.a: expected string, got &value.valueUnstructured{Value:1}"),
        ({**config_map(), "immutable": "x"}, ".immutable: expected boolean, got &{x}"),
        ({**config_map(), "foo": 1}, ".foo: field not declared in schema"),
        (
            service({"port": "x"}),
            '.spec.ports[port="x",protocol="TCP"].port: expected numeric (int or float), got string',
        ),
        (
            service({"port": 80}, {"port": 80, "protocol": "TCP"}),
            '.spec.ports: duplicate entries for key [port=80,protocol="TCP"]',
        ),
        (service(selector=[]), ".spec.selector: expected map, got &{[]}"),
        ({**service(), "spec": {"ports": {}}}, ".spec.ports: expected list, got &{map[]}"),
    ],
)
def test_a_configuration_must_fit_its_type(shapes: Shapes, config: Any, message: Any):
    with pytest.raises(TypedError) as caught:
        apply(shapes, {}, config, by(), force=False)
    assert str(caught.value) == message


def test_of_a_custom_kind_only_the_metadata_has_a_type(shapes: Shapes):
    def widget(size: int, *finalizers: str) -> dict[str, Any]:
        meta = {"name": "w", "finalizers": list(finalizers)}
        return {"apiVersion": "x.io/v1", "kind": "Widget", "metadata": meta, "spec": {"size": size, "tags": ["a"]}}

    made = apply(shapes, {}, widget(1, "x.io/a"), by(), force=False)
    assert managers(made)["kubectl"] == {
        "f:metadata": {"f:finalizers": {'v:"x.io/a"': {}}},
        "f:spec": {"f:size": {}, "f:tags": {}},
    }
    assert apply(shapes, made, widget(2), by("kubectl", LATER), force=False)["spec"]["size"] == 2
