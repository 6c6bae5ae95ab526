"""Which requests a webhook is asked about, and how it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from k8slab.emulator.apiserver.webhooks.matching import Attempt, concerns, review_of
from k8slab.kube.resources import INGRESSES, NODES

RULE = {"operations": ["CREATE", "UPDATE"], "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"],
        "resources": ["ingresses"]}  # fmt: skip
INGRESS = {"metadata": {"name": "web", "namespace": "shop", "labels": {"tier": "web"}}}


def attempt(**changes: Any) -> Attempt:
    given = {"resource": INGRESSES, "namespace": "shop", "name": "web", "subresource": "", "operation": "CREATE",
             "new": INGRESS, "old": None, "dry_run": False} | changes  # fmt: skip
    return Attempt(**given)


@pytest.mark.parametrize(
    ("rule", "changes", "expected"),
    [
        ({}, {}, True),
        ({}, {"operation": "DELETE", "new": None, "old": INGRESS}, False),
        ({}, {"subresource": "status"}, False),
        ({"resources": ["ingresses/status"]}, {"subresource": "status"}, True),
        ({"resources": ["*"]}, {"subresource": "status"}, False),
        ({"resources": ["*/*"]}, {"subresource": "status"}, True),
        ({"apiVersions": ["v1beta1"]}, {}, False),
        ({"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"]}, {}, True),
        ({"scope": "Cluster"}, {}, False),
        ({"scope": "Namespaced"}, {}, True),
    ],
)
def test_a_rule_names_what_it_is_about(rule: dict[str, Any], changes: dict[str, Any], expected: bool):
    assert concerns({"rules": [RULE | rule]}, attempt(**changes), {}) is expected


def test_selectors_narrow_a_rule():
    by_namespace = {"rules": [RULE], "namespaceSelector": {"matchLabels": {"checked": "yes"}}}
    assert not concerns(by_namespace, attempt(), {})
    assert concerns(by_namespace, attempt(), {"checked": "yes"})
    by_object = {"rules": [RULE], "objectSelector": {"matchLabels": {"tier": "web"}}}
    assert concerns(by_object, attempt(), {})
    assert not concerns(by_object, attempt(new={"metadata": {"name": "web"}}), {})


def test_an_update_is_shown_when_the_old_object_had_the_label():
    webhook = {"rules": [RULE], "objectSelector": {"matchLabels": {"tier": "web"}}}
    bare = {"metadata": {"name": "web"}}
    assert concerns(webhook, attempt(operation="UPDATE", new=bare, old=INGRESS), {})


def test_what_has_no_namespace_passes_every_namespace_selector():
    rule = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["nodes"]}
    webhook = {"rules": [rule], "namespaceSelector": {"matchLabels": {"checked": "yes"}}}
    assert concerns(webhook, attempt(resource=NODES, namespace=""), None)


def test_a_review_says_who_does_what():
    review = review_of(attempt(dry_run=True), "u-1", {"username": "jane", "groups": ["devs"]})
    request = review["request"]
    assert (request["uid"], request["operation"], request["dryRun"]) == ("u-1", "CREATE", True)
    assert request["userInfo"] == {"username": "jane", "groups": ["devs"]}
    assert request["resource"] == {"group": "networking.k8s.io", "version": "v1", "resource": "ingresses"}
    assert request["object"] == INGRESS
    assert request["oldObject"] is None
    assert "subResource" not in request
