"""The golden results are what kube-apiserver v1.34.4 made of the same document and patches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from k8slab.kube.patch import PatchError, strategic_merge_patch
from k8slab.kube.schema import Schema

GOLDEN = json.loads((Path(__file__).parents[3] / "golden" / "patch" / "strategic.json").read_text())


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: json.dumps(case["patch"])[:60])
def test_a_patch_gives_what_the_real_server_made_of_it(schema: Schema, case: dict[str, Any]):
    before = json.dumps(GOLDEN["document"])
    result = strategic_merge_patch(schema, "apps/v1", "Deployment", GOLDEN["document"], case["patch"])
    assert result == case["result"]
    assert json.dumps(GOLDEN["document"]) == before


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"image": "x"}, r"map: map\[image:x\] does not contain declared merge key: name"),
        ({"name": "a", "$patch": "zap"}, r"unknown patch type: zap in map: map\[\$patch:zap name:a\]"),
    ],
)
def test_wrong_patches(schema: Schema, container: dict[str, Any], message: str):
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    with pytest.raises(PatchError, match=message):
        strategic_merge_patch(schema, "apps/v1", "Deployment", GOLDEN["document"], patch)
