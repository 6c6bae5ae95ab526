from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube.rbac import Attributes, allows, go_strings, missing, names, shown

PODS = {"apiGroups": [""], "resources": ["pods", "*/scale"], "verbs": ["get", "list"]}


@pytest.mark.parametrize(
    ("rule", "wanted", "expected"),
    [
        (PODS, Attributes("get", "", "pods"), True),
        (PODS, Attributes("watch", "", "pods"), False),
        (PODS, Attributes("get", "apps", "pods"), False),
        (PODS, Attributes("get", "", "pods", "log"), False),
        (PODS, Attributes("get", "", "replicationcontrollers", "scale"), True),
        (PODS, Attributes("get", path="/pods"), False),
        ({**PODS, "resourceNames": ["a"]}, Attributes("get", "", "pods", name="a"), True),
        ({**PODS, "resourceNames": ["a"]}, Attributes("get", "", "pods", name="b"), False),
        ({**PODS, "resourceNames": ["a"]}, Attributes("list", "", "pods"), False),
        ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, Attributes("x", "g", "y", "z"), True),
        ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, Attributes("get", path="/metrics"), False),
        ({"nonResourceURLs": ["/api/*"], "verbs": ["get"]}, Attributes("get", path="/api/v1"), True),
        ({"nonResourceURLs": ["/api/*"], "verbs": ["get"]}, Attributes("get", path="/api"), False),
        ({"nonResourceURLs": ["*"], "verbs": ["get"]}, Attributes("get", path="/"), True),
    ],
)
def test_a_rule_allows_what_it_lists(rule: Any, wanted: Attributes, expected: Any):
    assert allows(rule, wanted) is expected


def test_a_subject_is_a_user_a_group_or_an_account_of_the_bindings_namespace():
    account = {"kind": "ServiceAccount", "name": "web"}
    assert names({"kind": "User", "name": "jane"}, "jane", (), "")
    assert not names({"kind": "User", "name": "admins"}, "jane", ("admins",), "")
    assert names({"kind": "Group", "name": "admins"}, "jane", ("admins",), "")
    assert names(account, "system:serviceaccount:shop:web", (), "shop")
    assert not names(account, "system:serviceaccount:shop:web", (), "")
    assert not names({**account, "namespace": "other"}, "system:serviceaccount:shop:web", (), "shop")


def test_what_is_missing_is_joined_by_resource():
    wanted = [{"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    owned = [{"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}]
    assert [shown(rule) for rule in missing(owned, wanted)] == [
        '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}',
        '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list" "watch"]}',
    ]


def test_names_of_objects_are_part_of_what_is_missing():
    wanted = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["a", "b"]}]
    owned = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"], "resourceNames": ["a"]}]
    assert [shown(rule) for rule in missing(owned, wanted)] == [
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["b"], Verbs:["get"]}'
    ]
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    assert missing(everything, wanted) == []
    # Who may touch one object may not give away all of them.
    assert missing(owned, [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}])


def test_urls_are_covered_by_their_prefix():
    owned = [{"nonResourceURLs": ["/logs/*"], "verbs": ["get"]}]
    assert missing(owned, [{"nonResourceURLs": ["/logs/a", "/logs/*"], "verbs": ["get"]}]) == []
    assert missing(owned, [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}])


def test_lists_are_printed_as_go_does():
    assert go_strings(["a", 'b"']) == '["a" "b\\""]'
