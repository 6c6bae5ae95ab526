"""The texts were recorded from kube-apiserver v1.34.4 (strategic merge patches)."""

from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube.conform import DecodeError, conform
from k8slab.kube.schema import Schema
from k8slab.kube.unstructured import unstructured_problem


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


def problem(schema: Schema, api_version: str, kind: str, obj: dict[str, Any]) -> str:
    with pytest.raises(DecodeError) as caught:
        conform(schema, api_version, kind, obj)
    return unstructured_problem(caught.value)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"replicas": "x"}, "unrecognized type: int32"),
        ({"replicas": 1.5}, "cannot convert float64 to int32"),
        ({"template": 5}, "cannot restore struct from: int64"),
        ({"template": {"spec": {"containers": {}}}}, "cannot restore slice from map"),
        ({"template": {"spec": {"nodeSelector": []}}}, "cannot restore map from slice"),
        ({"template": {"spec": {"nodeName": 1}}}, "cannot convert int64 to string"),
        ({"template": {"spec": {"dnsPolicy": 5}}}, "cannot convert int64 to v1.DNSPolicy"),
        ({"template": {"spec": {"dnsPolicy": True}}}, "unrecognized type: string"),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": 1.5}}},
            "json: cannot unmarshal number 1.5 into Go value of type int32",
        ),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": {}}}},
            "json: cannot unmarshal object into Go value of type int32",
        ),
    ],
)
def test_wrong_values_of_a_strategic_patch(schema: Schema, spec: dict[str, Any], text: str):
    assert problem(schema, "apps/v1", "Deployment", {"spec": spec}) == text


def test_bytes_name_their_decoder(schema: Schema):
    text = problem(schema, "v1", "ConfigMap", {"binaryData": {"a": "*"}})
    assert text == "error decoding from json: illegal base64 data at input byte 0"
