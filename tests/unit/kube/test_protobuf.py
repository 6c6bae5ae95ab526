"""The golden bodies are what a real API server (v1.34.4) answered, in both forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from k8slab.kube.protobuf import ProtobufError, decode, encode
from k8slab.kube.schema import Schema

GOLDEN = Path(__file__).parents[2] / "golden" / "protobuf"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


@pytest.mark.parametrize("name", ["deployment", "service", "node"])
def test_a_real_body_decodes_to_what_the_server_writes_as_json(schema: Schema, name: str):
    expected = json.loads((GOLDEN / f"{name}.json").read_text())
    assert decode(schema, (GOLDEN / f"{name}.pb").read_bytes()) == expected


@pytest.mark.parametrize("name", ["deployment", "service", "node"])
def test_what_we_encode_decodes_again(schema: Schema, name: str):
    expected = json.loads((GOLDEN / f"{name}.json").read_text())
    assert decode(schema, encode(schema, expected)) == expected


def test_negative_numbers_and_texts_in_int_or_string(schema: Schema):
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "spec": {"ports": [{"port": 80, "targetPort": "http"}, {"port": -1, "targetPort": -2}]},
    }
    assert decode(schema, encode(schema, service)) == service


def test_delete_options_are_known_under_every_group(schema: Schema):
    options = {"apiVersion": "apps/v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "propagationPolicy": "Orphan"}
    assert decode(schema, encode(schema, options)) == options


@pytest.mark.parametrize("body", [b"", b"{}", b"k8s\x00\x0a", b"k8s\x00\x0a\xff", b"k8s\x00\x0b\x01", b"k8s\x00"])
def test_broken_bodies_are_errors(schema: Schema, body: bytes):
    with pytest.raises(ProtobufError):
        decode(schema, body)
