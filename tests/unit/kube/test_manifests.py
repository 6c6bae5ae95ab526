from __future__ import annotations

import pytest

from k8slab.errors import ManifestError
from k8slab.kube.manifests import load_manifests

GOOD = """apiVersion: v1
kind: ConfigMap
metadata:
  name: a
---
# nothing here
---
apiVersion: v1
kind: Secret
metadata: {name: b}
data:
  day: 2026-01-01
"""


def test_documents_know_their_lines():
    first, second = load_manifests(GOOD)
    assert (first.obj["metadata"]["name"], first.line, first.line_of("metadata", "name")) == ("a", 1, 4)
    assert (second.line, second.line_of("data", "day"), second.obj["data"]["day"]) == (8, 12, "2026-01-01")
    assert second.line_of("data", "missing", "deeper") == 11


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n", "line 4: a tab stands where YAML wants spaces"),
        ("apiVersion: v1\nkind: Pod\nkind: Pod\n", 'line 3: the key "kind" stands twice \\(first in line 2\\)'),
        ("apiVersion: v1\nkind: [\n", "line "),
        ("- a\n- b\n", "line 1: a manifest is a mapping"),
        ("just a text", "line 1: a manifest is a mapping"),
        ("kind: Pod\n", "line 1: the manifest has no apiVersion"),
        ("apiVersion: v1\n", "line 1: the manifest has no kind"),
        ("apiVersion: v1\nkind: Pod\nspec: " + "[" * 100 + "]" * 100, "nested more than 60 levels"),
        (BOMB, "aliases make this YAML grow"),
        ("apiVersion: v1\nkind: Pod\nx: !!python/object:os.system a\n", "line 3"),
        ("? {a: b}\n: c\n", "line 1: a key must be a plain word"),
    ],
)
def test_bad_yaml_names_the_line_and_what_to_do(text: str, message: str):
    with pytest.raises(ManifestError, match=message) as caught:
        load_manifests(text)
    assert caught.value.action


def test_ten_megabytes_are_refused_at_once():
    with pytest.raises(ManifestError, match=r"bytes; the API takes at most 3,145,728"):
        load_manifests("a: " + "x" * 10_000_000)


def test_very_deep_nesting_is_an_error_not_a_crash():
    with pytest.raises(ManifestError):
        load_manifests("[" * 20000)
