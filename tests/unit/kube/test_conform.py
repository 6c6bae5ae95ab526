"""The messages were recorded from kube-apiserver v1.34.4."""

from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube.conform import DecodeError, conform
from k8slab.kube.schema import Schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


def deployment(
    container: dict[str, Any] | None = None, pod: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "c", "image": "nginx", **(container or {})}], **(pod or {})}}
    return {"metadata": {"name": "d"}, "spec": {"template": template, **spec}}


POD = "spec.template.spec"


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (deployment(replicas="3"), "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment(replicas=1.5), "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment(replicas=True), "json: cannot unmarshal bool into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment(replicas=99999999999), "json: cannot unmarshal number 99999999999 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment({"ports": [{"containerPort": "80"}]}), f"json: cannot unmarshal string into Go struct field ContainerPort.{POD}.containers.ports.containerPort of type int32"),
        (deployment({"ports": {"a": 1}}), f"json: cannot unmarshal object into Go struct field Container.{POD}.containers.ports of type []v1.ContainerPort"),
        (deployment({"env": [{"name": "A", "value": 1}]}), f"json: cannot unmarshal number into Go struct field EnvVar.{POD}.containers.env.value of type string"),
        (deployment({"command": "ls"}), f"json: cannot unmarshal string into Go struct field Container.{POD}.containers.command of type []string"),
        (deployment({"command": [1]}), f"json: cannot unmarshal number into Go struct field Container.{POD}.containers.command of type string"),
        (deployment({"imagePullPolicy": 3}), f"json: cannot unmarshal number into Go struct field Container.{POD}.containers.imagePullPolicy of type v1.PullPolicy"),
        (deployment(pod={"nodeSelector": {"a": 1}}), f"json: cannot unmarshal number into Go struct field PodSpec.{POD}.nodeSelector of type string"),
        (deployment(pod={"nodeSelector": [1]}), f"json: cannot unmarshal array into Go struct field PodSpec.{POD}.nodeSelector of type map[string]string"),
        (deployment({"resources": {"limits": {"cpu": "abc"}}}), "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        (deployment({"livenessProbe": {"httpGet": {"port": True}}}), f"json: cannot unmarshal bool into Go struct field HTTPGetAction.{POD}.containers.livenessProbe.httpGet.port of type int32"),
    ],
)  # fmt: skip
def test_wrong_types_are_named_as_the_api_server_names_them(schema: Schema, obj: dict[str, Any], message: str):
    with pytest.raises(DecodeError) as caught:
        conform(schema, "apps/v1", "Deployment", obj)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": "!!"}, "illegal base64 data at input byte 0"),
        ({"a": 1}, "json: cannot unmarshal number into Go struct field Secret.data of type []uint8"),
    ],
)
def test_secret_data_is_base64(schema: Schema, data: dict[str, Any], message: str):
    with pytest.raises(DecodeError) as caught:
        conform(schema, "v1", "Secret", {"metadata": {"name": "s"}, "data": data})
    assert str(caught.value) == message


def test_unknown_fields_are_dropped_and_listed_with_their_indexes(schema: Schema):
    obj = {**deployment({"imag": "a", "ports": [{"containerport": 80}]}, {"foo": 1}, replica=2), "zz": 1}
    conformed = conform(schema, "apps/v1", "Deployment", obj)
    assert conformed.unknown == (
        "spec.template.spec.containers[0].imag",
        "spec.template.spec.containers[0].ports[0].containerport",
        "spec.template.spec.foo",
        "spec.replica",
        "zz",
    )
    assert "replica" not in conformed.obj["spec"]


def test_values_take_the_form_that_is_stored(schema: Schema):
    container = {"resources": {"requests": {"cpu": 0.5, "memory": "1024Mi"}}, "stdin": False, "env": []}
    shaped = conform(schema, "apps/v1", "Deployment", deployment(container, paused=None, replicas=0)).obj
    assert shaped["spec"]["template"]["spec"]["containers"] == [
        {"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}
    ]
    assert shaped["spec"]["replicas"] == 0
    assert "paused" not in shaped["spec"]
