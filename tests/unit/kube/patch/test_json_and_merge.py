from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube.patch import PatchError, json_patch, merge_patch


@pytest.mark.parametrize(
    ("document", "operations", "expected"),
    [
        ({"a": 1}, [{"op": "add", "path": "/b", "value": [1]}], {"a": 1, "b": [1]}),
        ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
        ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
        ({"a": {"x/y": 1, "m~n": 2}}, [{"op": "remove", "path": "/a/x~1y"}], {"a": {"m~n": 2}}),
        ({"a": {"m~n": 2}}, [{"op": "replace", "path": "/a/m~0n", "value": 3}], {"a": {"m~n": 3}}),
        ({"a": 1}, [{"op": "replace", "path": "/b", "value": 3}], {"a": 1, "b": 3}),
        ({"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}], {"b": 1}),
        ({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
        ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}, {"op": "remove", "path": "/a"}], {}),
    ],
)
def test_json_patch(document: Any, operations: list[dict[str, Any]], expected: Any):
    assert json_patch(document, operations) == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/missing"},
        {"op": "add", "path": "/foo/bar", "value": 1},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "zap", "path": "/a"},
        {"op": "move", "from": "/missing", "path": "/b"},
        {"op": "add", "path": "/list/3", "value": 1},
        {"op": "remove"},
    ],
)
def test_a_json_patch_that_does_not_fit_changes_nothing(operation: dict[str, Any]):
    document = {"a": 1, "list": []}
    with pytest.raises(PatchError) as caught:
        json_patch(document, [{"op": "replace", "path": "/a", "value": 5}, operation])
    assert caught.value.unprocessable
    assert document == {"a": 1, "list": []}


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ],
)
def test_merge_patch_as_in_the_appendix_of_rfc_7386(document: Any, patch: Any, expected: Any):
    assert merge_patch(document, patch) == expected
