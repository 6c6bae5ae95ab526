from __future__ import annotations

import pytest

from k8slab.kube.resources import BUILT_IN, Resource
from k8slab.kube.schema import Schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


@pytest.mark.parametrize("resource", BUILT_IN, ids=lambda row: row.kind)
def test_every_served_kind_has_a_type_with_metadata(schema: Schema, resource: Resource):
    name = schema.kind(resource.api_version, resource.kind)
    assert name is not None
    assert schema.fields(name)["metadata"].type == "apimachinery.pkg.apis.meta.v1.ObjectMeta"


def test_fields_carry_what_patches_need(schema: Schema):
    containers = schema.fields("api.core.v1.PodSpec")["containers"]
    assert (containers.is_list, containers.element, containers.merge_key) == (True, "api.core.v1.Container", "name")
    assert containers.map_keys == ("name",)
    volumes = schema.fields("api.core.v1.PodSpec")["volumes"]
    assert set(volumes.strategies) == {"merge", "retainKeys"}
    assert schema.fields("api.core.v1.ServiceSpec")["selector"].is_map


def test_fields_carry_protobuf_numbers(schema: Schema):
    metadata = schema.fields("apimachinery.pkg.apis.meta.v1.ObjectMeta")
    assert {name: metadata[name].number for name in ("name", "namespace", "labels")} == {
        "name": 1,
        "namespace": 3,
        "labels": 11,
    }
    assert schema.fields("api.core.v1.Probe")["handler"].inline


def test_every_named_type_is_there(schema: Schema):
    missing = {
        field.element
        for kind in schema.kinds()
        for field in schema.fields(schema.kind(*kind.rsplit("/", 1)) or "").values()
        if "." in field.element and not schema.has(field.element)
    }
    assert missing == set()
