"""Tables, completion, suggestions, folded YAML and the report for a teacher: pure."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from k8slab.kube.resources import DEPLOYMENTS, EVENTS, NAMESPACES, PODS, SERVICES
from k8slab.magics.completion import completions
from k8slab.magics.help_report import help_report, redacted
from k8slab.magics.suggestions import suggestion
from k8slab.magics.tables import KubectlTable, cells, is_table, wants_table
from k8slab.magics.yaml_view import folded_yaml
from k8slab.snapshot import Snapshot

TABLE = """\
NAME        READY   STATUS             RESTARTS      AGE
web-1       1/1     Running            0             5s
<b>-2       0/1     ImagePullBackOff   3 (2s ago)    5s
"""


def named(name: str, namespace: str = "default") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "status": {"phase": "Running"}}


def picture(pods: int = 2) -> Snapshot:
    objects: dict[Any, Any] = {
        PODS: [named(f"web-{number}") for number in range(pods)], SERVICES: [named("web"), named("far", "other")],
        NAMESPACES: [{"metadata": {"name": name}} for name in ("default", "other")], DEPLOYMENTS: [named("web")], EVENTS: [],
    }  # fmt: skip
    return Snapshot.build("default", datetime(2026, 1, 1, tzinfo=UTC), objects)


def test_a_table_keeps_its_text_and_is_html_beside_it():
    table = KubectlTable(TABLE)
    assert repr(table) == TABLE.rstrip("\n")
    assert cells(TABLE)[2] == ["<b>-2", "0/1", "ImagePullBackOff", "3 (2s ago)", "5s"]
    html = table._repr_html_()
    assert "<b>" not in html
    assert html.count("<tr>") == 3
    assert 'font-weight:600">ImagePullBackOff' in html


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["get", "pods"], True), (["get", "pods", "-o", "wide"], True), (["get", "pods", "-owide", "-A"], True),
        (["get", "pods", "-w"], False), (["get", "pods", "-o", "yaml"], False), (["get", "pods", "--output=json"], False),
        (["describe", "pod"], False), (["get", "pods", "-o=name"], False),
    ],
)  # fmt: skip
def test_only_tables_are_shown_as_tables(words: list[str], wanted: bool):
    assert wants_table(words) is wanted


def test_other_texts_are_no_tables():
    assert not is_table("pod/web created\n")
    assert is_table("NAMESPACE   NAME\nx   y\n")


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (["des"], ["describe"]),
        (["get", "deplo"], ["deployment", "deployments"]),
        (["get", "pods", ""], ["web-0", "web-1"]),
        (["get", "-n", "o"], ["other"]),
        (["describe", "svc/w"], ["svc/web"]),
        (["logs", "web"], ["web-0", "web-1"]),
        (["rollout", "st"], ["status"]),
        (["get", "--namespace=o"], ["--namespace=other"]),
        (["logs", "--f"], ["--follow"]),
        (["scale", "deployment", "w"], ["web"]),
    ],
)
def test_what_may_come_next(words: list[str], some: list[str]):
    assert completions(words, picture()) == some


def test_completion_is_quick_with_many_objects():
    many = picture(2000)
    began = time.perf_counter()
    assert len(completions(["get", "pods", "web-1"], many)) == 1111
    assert time.perf_counter() - began < 0.1
    assert completions(["get", "pods", ""], None) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ('error: the server doesn\'t have a resource type "nods"', "Did you mean nodes?"),
        ('error: the path "ingreess.yaml" does not exist', "Did you mean ingress.yaml?"),
        ('error: unknown command "gett" for "kubectl"', "Did you mean get?"),
        ('Error from server (NotFound): services "wbe" not found', "Did you mean web?"),
        ('Error from server (NotFound): services "far" not found', "There is one in namespace other."),
        ("something else", ""),
    ],
)
def test_what_was_probably_meant(error: str, said: str):
    assert suggestion(error, ["ingress.yaml", "apps.yaml"], picture()) == said


def test_yaml_is_folded():
    found = folded_yaml(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  uid: u\n  managedFields: [{manager: kubectl}]\n"
        "  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}\nspec: {a: <b>}\nstatus: {phase: Running}\n"
    )
    assert found.main == "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  a: <b>\n"
    assert "managedFields" in found.noise
    assert "#   phase: Running" in repr(found)
    assert "<b>" not in found._repr_html_()


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("create secret generic a --from-literal=pw=hunter2", "hunter2"), ("curl -u me:hunter2 http://x", "hunter2"),
        ("password: hunter2", "hunter2"), ("Authorization: hunter2", "hunter2"), ("http://me:hunter2@x/", "hunter2"),
        ("/home/ada/lab", "ada"), ("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----", "hunter2"),
    ],
)  # fmt: skip
def test_secrets_are_taken_out(text: str, gone: str):
    assert gone not in redacted(text)


def test_the_report_has_what_a_teacher_needs():
    said = help_report(
        picture(), "[embedded cluster]", ["kubectl get pods", "kubectl create secret x --from-literal=a=b1"], "no", ""
    )
    for part in ("k8slab ", "[embedded cluster]", "kubectl get pods", "== Last error ==\nno", "pods: web-0 (Running)"):
        assert part in said
    assert "b1" not in said
    assert "Last failed check" not in said
