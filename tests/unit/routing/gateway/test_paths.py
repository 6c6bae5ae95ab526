"""ReplacePrefixMatch, durations and regular expressions."""

from __future__ import annotations

import pytest

from k8slab.routing.gateway.matching import path_matches, replaced
from k8slab.routing.gateway.rules import seconds

# gw:apis/v1/httproute_types.go, the table at HTTPPathModifier.ReplacePrefixMatch
ROWS = [
    ("/foo/bar", "/foo", "/xyz", "/xyz/bar"), ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
    ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"), ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
    ("/foo", "/foo", "/xyz", "/xyz"), ("/foo/", "/foo", "/xyz", "/xyz/"), ("/foo/bar", "/foo", "", "/bar"),
    ("/foo/", "/foo", "", "/"), ("/foo", "/foo", "", "/"), ("/foo/", "/foo", "/", "/"), ("/foo", "/foo", "/", "/"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "prefix", "replacement", "wanted"), ROWS)
def test_a_prefix_is_replaced(path: str, prefix: str, replacement: str, wanted: str):
    assert replaced(path, prefix, replacement) == wanted


@pytest.mark.parametrize(("text", "wanted"), [("10s", 10), ("1h30m", 5400), ("500ms", 0.5), ("0s", 0)])
def test_durations(text: str, wanted: float):
    assert seconds(text) == wanted


def test_patterns_match_the_whole_path():
    assert path_matches("RegularExpression", "/a/[0-9]+", "/a/12")
    assert not path_matches("RegularExpression", "/a/[0-9]+", "/a/12/b")
