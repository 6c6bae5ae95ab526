"""A definition and its objects, through the real kubectl."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.installing.conftest import Lab

pytestmark = pytest.mark.cluster
NAME = "crontabs.stable.example.com"


def definition(**spec: Any) -> str:
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "required": ["cron"],
                "properties": {
                    "cron": {"type": "string", "description": "when"},
                    "replicas": {"type": "integer", "default": 1},
                },
            },
            "status": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
        },
    }
    columns = [{"name": "Cron", "type": "string", "jsonPath": ".spec.cron"}]
    paths = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
    versions = [
        {
            "name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema},
            "subresources": {"status": {}, "scale": paths}, "additionalPrinterColumns": columns,
        }
        for name in ("v1", "v1beta1")
    ]  # fmt: skip
    names = {"plural": "crontabs", "kind": "CronTab", "shortNames": ["ct"]}
    body = {"group": "stable.example.com", "scope": "Namespaced", "names": names, "versions": versions} | spec
    meta = {"name": f"{body['names']['plural']}.stable.example.com"}
    return json.dumps(
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": meta, "spec": body}
    )


def crontab(name: str, version: str = "v1", **spec: Any) -> str:
    return json.dumps(
        {"apiVersion": f"stable.example.com/{version}", "kind": "CronTab", "metadata": {"name": name}, "spec": spec}
    )


@pytest.fixture
def _defined(lab: Lab) -> Iterator[None]:
    lab.done("apply", "-f", "-", given=definition())
    lab.done("wait", "--for=condition=Established", f"crd/{NAME}", "--timeout=10s")
    yield
    lab.kubectl("delete", "crd", NAME, "--ignore-not-found")


@pytest.mark.usefixtures("_defined")
def test_an_object_lives_like_any_other(lab: Lab):
    assert lab.done("apply", "-f", "-", given=crontab("a", cron="@daily")) == "crontab.stable.example.com/a created\n"
    assert lab.done("get", "ct").split()[:4] == ["NAME", "CRON", "a", "@daily"]
    assert lab.get("ct", "a")["spec"] == {"cron": "@daily", "replicas": 1}
    assert lab.done("scale", "ct", "a", "--replicas=3") == "crontab.stable.example.com/a scaled\n"
    lab.done("patch", "ct", "a", "--type=merge", "--subresource=status", "-p", '{"status": {"replicas": 2}}')
    found = lab.get("ct", "a")
    assert (found["metadata"]["generation"], found["status"]) == (2, {"replicas": 2})
    refused = lab.kubectl("patch", "ct", "a", "-p", "{}")
    assert (
        "application/strategic-merge-patch+json is not supported by stable.example.com/v1, Kind=CronTab"
        in refused.stderr
    )
    assert "when" in lab.done("explain", "ct.spec.cron")
    assert (
        lab.done("get", "crontabs.v1beta1.stable.example.com", "a", "-o", "jsonpath={.apiVersion}")
        == "stable.example.com/v1beta1"
    )
    lab.done("apply", "--server-side", "--force-conflicts", "-f", "-", given=crontab("a", cron="@weekly"))
    assert lab.get("ct", "a")["spec"]["cron"] == "@weekly"


@pytest.mark.usefixtures("_defined")
def test_what_the_schema_forbids_is_refused(lab: Lab):
    assert (
        'The CronTab "b" is invalid: spec.cron: Required value'
        in lab.kubectl("apply", "-f", "-", given=crontab("b")).stderr
    )
    unknown = lab.kubectl("apply", "-f", "-", given=crontab("b", cron="x", foo=1))
    assert 'strict decoding error: unknown field "spec.foo"' in unknown.stderr


def test_the_end_of_a_definition_is_the_end_of_its_objects(lab: Lab):
    lab.done("apply", "-f", "-", given=definition())
    lab.done("wait", "--for=condition=Established", f"crd/{NAME}", "--timeout=10s")
    lab.done("apply", "-f", "-", given=crontab("a", cron="@daily"))
    lab.done("delete", "crd", NAME, "--timeout=10s")
    assert lab.kubectl("get", "--raw", "/apis/stable.example.com/v1").returncode == 1
    lab.done("apply", "-f", "-", given=definition())
    lab.done("wait", "--for=condition=Established", f"crd/{NAME}", "--timeout=10s")
    assert lab.get("crontabs.stable.example.com")["items"] == []
    lab.done("delete", "crd", NAME)


@pytest.mark.usefixtures("_defined")
def test_a_name_is_given_once(lab: Lab):
    names = {"plural": "others", "kind": "Other", "shortNames": ["ct"]}
    lab.done("apply", "-f", "-", given=definition(names=names))
    lab.done("wait", "--for=condition=NamesAccepted=false", "crd/others.stable.example.com", "--timeout=10s")
    conditions = lab.get("crd", "others.stable.example.com")["status"]["conditions"]
    found = {entry["type"]: (entry["status"], entry["reason"], entry["message"]) for entry in conditions}
    assert found["NamesAccepted"] == ("False", "ShortNamesConflict", '"ct" is already in use')
    assert found["Established"] == ("False", "NotAccepted", "not all names are accepted")
    lab.done("delete", "crd", "others.stable.example.com")


@pytest.mark.usefixtures("_defined")
def test_rights_and_namespaces_count_for_custom_kinds_too(lab: Lab):
    lab.done("create", "namespace", "tabs")
    lab.done("apply", "-n", "tabs", "-f", "-", given=crontab("a", cron="@daily"))
    refused = lab.kubectl("get", "ct", "-n", "tabs", "--as", "jane")
    assert (
        'User "jane" cannot list resource "crontabs" in API group "stable.example.com" in the namespace "tabs"'
        in refused.stderr
    )
    lab.done("delete", "namespace", "tabs", "--timeout=20s")
    lab.done("create", "namespace", "tabs")
    assert lab.get("ct", "-n", "tabs")["items"] == []
    lab.done("delete", "namespace", "tabs", "--timeout=20s")
