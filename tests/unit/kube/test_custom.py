"""Custom kinds: messages recorded from a real cluster of the emulated version."""

from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube.custom.checking import check
from k8slab.kube.custom.definition import resources_of, version_rank
from k8slab.kube.custom.jsonpath import JsonPathError, find
from k8slab.kube.custom.shaping import default, prune
from k8slab.kube.custom.structure import check_schema

CRON = r"^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$"
ITEMS = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "v": {"type": "integer", "default": 3}},
}
SPEC = {
    "type": "object",
    "required": ["cronSpec"],
    "properties": {
        "cronSpec": {"type": "string", "pattern": CRON},
        "image": {"type": "string", "default": "busybox", "maxLength": 20, "minLength": 2},
        "replicas": {"type": "integer", "minimum": 1, "maximum": 10, "default": 1},
        "policy": {"type": "string", "enum": ["A", "B"]},
        "port": {"x-kubernetes-int-or-string": True},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "nul": {"type": "string", "nullable": True},
        "list": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "items": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": ITEMS,
        },
        "when": {"type": "string", "format": "date-time"},
        "num": {"type": "number", "multipleOf": 5, "exclusiveMinimum": True, "minimum": 0},
        "b": {"type": "boolean"},
        "tpl": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    },
}
SCHEMA = {"type": "object", "required": ["spec"], "properties": {"spec": SPEC}}
GOOD = "* * * * *"


@pytest.mark.parametrize(
    ("spec", "messages"),
    [
        ({"cronSpec": GOOD}, []),
        ({}, ["spec.cronSpec: Required value"]),
        ({"cronSpec": "x"}, [f"spec.cronSpec: Invalid value: \"x\": spec.cronSpec in body should match '{CRON}'"]),
        (
            {"cronSpec": 5},
            ['spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer"'],
        ),
        (
            {"cronSpec": GOOD, "replicas": 11, "image": "a", "policy": "C"},
            [
                'spec.image: Invalid value: "a": spec.image in body should be at least 2 chars long',
                'spec.policy: Unsupported value: "C": supported values: "A", "B"',
                "spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10",
            ],
        ),
        (
            {"cronSpec": GOOD, "port": True},
            ['spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"'],
        ),
        ({"cronSpec": GOOD, "list": ["a", "b", "c"]}, ["spec.list: Too many: 3: must have at most 2 items"]),
        (
            {"cronSpec": GOOD, "map": {"a": "b"}},
            ['spec.map.a: Invalid value: "string": spec.map.a in body must be of type integer: "string"'],
        ),
        ({"cronSpec": GOOD, "items": [{"name": "a"}, {"name": "a"}]}, ['spec.items[1]: Duplicate value: {"name":"a"}']),
        ({"cronSpec": GOOD, "items": [{}]}, ["spec.items[0].name: Required value"]),
        (
            {"cronSpec": GOOD, "when": "x"},
            ['spec.when: Invalid value: "x": spec.when in body must be of type date-time: "x"'],
        ),
        ({"cronSpec": GOOD, "num": 3}, ["spec.num: Invalid value: 3: spec.num in body should be a multiple of 5"]),
        ({"cronSpec": GOOD, "num": 0}, ["spec.num: Invalid value: 0: spec.num in body should be greater than 0"]),
        ({"cronSpec": GOOD, "tpl": {"a": 1}}, ["spec.tpl.apiVersion: Required value", "spec.tpl.kind: Required value"]),
        ({"cronSpec": GOOD, "image": "a" * 25}, ["spec.image: Too long: may not be more than 20 bytes"]),
        (
            {"cronSpec": GOOD, "replicas": 1.5},
            ['spec.replicas: Invalid value: "number": spec.replicas in body must be of type integer: "number"'],
        ),
        ({"cronSpec": GOOD, "nul": None}, []),
        ("x", ['spec: Invalid value: "string": spec in body must be of type object: "string"']),
    ],
)
def test_a_value_is_held_against_its_schema(spec: Any, messages: list[str]):
    assert [str(error) for error in check({"spec": spec}, SCHEMA)] == messages


def test_one_alternative_must_fit():
    schema = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert not list(check({"a": 1}, schema, "spec"))
    assert 'spec: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid' in [
        str(error) for error in check({}, schema, "spec")
    ]
    assert list(check({"a": 1, "b": 1}, schema, "spec"))


def test_what_the_schema_does_not_know_goes():
    spec = {
        "cronSpec": GOOD,
        "foo": 1,
        "any": {"x": 1},
        "items": [{"name": "a", "z": 1}],
        "tpl": {"kind": "Pod", "extra": 1},
    }
    obj = {"apiVersion": "a/v1", "kind": "CronTab", "metadata": {"name": "a"}, "spec": spec, "more": 2}
    shaped, unknown = prune(obj, SCHEMA)
    assert unknown == ["more", "spec.foo", "spec.items[0].z"]
    assert shaped["spec"] == {
        "cronSpec": GOOD,
        "any": {"x": 1},
        "items": [{"name": "a"}],
        "tpl": {"kind": "Pod", "extra": 1},
    }
    assert shaped["metadata"] == {"name": "a"}


def test_defaults_come_where_their_parent_is():
    obj = {"spec": {"cronSpec": GOOD, "image": None, "nul": None, "items": [{"name": "a"}]}}
    default(obj, SCHEMA)
    assert obj["spec"] == {
        "cronSpec": GOOD,
        "image": "busybox",
        "replicas": 1,
        "nul": None,
        "items": [{"name": "a", "v": 3}],
    }
    empty: dict[str, Any] = {}
    default(empty, SCHEMA)
    assert empty == {}


@pytest.mark.parametrize(
    ("schema", "messages"),
    [
        ({}, ["s.type: Required value: must not be empty at the root"]),
        (
            {"type": "array", "items": {"type": "string"}},
            ['s.type: Invalid value: "array": must be object at the root'],
        ),
        (
            {"type": "object", "properties": {"spec": {"properties": {"a": {}}}}},
            [
                "s.properties[spec].type: Required value: must not be empty for specified object fields",
                "s.properties[spec].properties[a].type: Required value: must not be empty for specified object fields",
            ],
        ),
        (
            {"type": "object", "properties": {"a": {"type": "array"}}},
            ["s.properties[a].items: Required value: must be specified"],
        ),
        ({"type": "object", "properties": {"a": {"x-kubernetes-int-or-string": True}}}, []),
        (
            {"type": "object", "properties": {"a": {"type": "foo"}}},
            [
                's.properties[a].type: Unsupported value: "foo": supported values: "array", "boolean", "integer", "number", "object", "string"'
            ],
        ),
        (SCHEMA, []),
    ],
)
def test_a_schema_must_be_structural(schema: dict[str, Any], messages: list[str]):
    assert [str(error) for error in check_schema(schema, "s")] == messages


OBJECT = {
    "metadata": {"labels": {"a.b/c": "x"}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}], "n": [1, 2]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".status.n[0]", [1]),
        (".status.n[-1]", [2]),
        (".status.n[*]", [1, 2]),
        (".status.n[5]", []),
        (".nothing.here", []),
        (r".metadata.labels.a\.b/c", ["x"]),
        (".metadata.labels['a.b/c']", ["x"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type!='Ready')].status", ["False"]),
        ("{.status.conditions[*].type}", ["Ready", "Other"]),
    ],
)
def test_a_path_finds_values(path: str, found: list[Any]):
    assert find(OBJECT, path) == found


def test_a_path_that_cannot_be_read_is_an_error():
    with pytest.raises(JsonPathError):
        find(OBJECT, ".a[?(")


def definition(**status: Any) -> dict[str, Any]:
    versions = [
        {"name": name, "served": name != "v1alpha1", "storage": name == "v1", "schema": {"openAPIV3Schema": SCHEMA}}
        for name in ("v1beta1", "v1", "v1alpha1", "v2")
    ]
    names = {"plural": "crontabs", "singular": "crontab", "kind": "CronTab", "shortNames": ["ct"]}
    return {"spec": {"group": "x.example", "scope": "Cluster", "names": names, "versions": versions}, "status": status}


def test_a_definition_serves_its_versions_the_preferred_one_first():
    assert list(resources_of(definition())) == []
    served = list(resources_of(definition(conditions=[{"type": "Established", "status": "True"}])))
    assert [(one.version, one.namespaced, one.short_names) for one in served] == [
        ("v2", False, ("ct",)),
        ("v1", False, ("ct",)),
        ("v1beta1", False, ("ct",)),
    ]
    assert all(one.custom and one.custom.stored == "v1" for one in served)


def test_versions_have_an_order():
    names = ["foo", "v1alpha2", "v1", "v10", "v2beta1", "v2"]
    assert sorted(names, key=version_rank, reverse=True) == ["v10", "v2", "v1", "v2beta1", "v1alpha2", "foo"]
