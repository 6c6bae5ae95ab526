from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube import cel

pytest.importorskip("cel_expr_python", reason="CEL needs the extra: pip install 'k8slab[cel]'")


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("has(self.a) ? self.a > 0 : true", {"a": 1}, True),
        ("self.all(k, self[k] > 0)", {"a": 0}, False),
        ("self.split('/').size() == 2", "a/b", True),
        ("self.lowerAscii()", "AB", "ab"),
        ("self.?a.orValue(1) == 1", {}, True),
        ("self.isSorted()", [1, 2, 2], True),
        ("self.isSorted()", [2, 1], False),
        ("self.sum() + self.min() + self.max()", [1, 2], 6),
        ("self.find('[0-9]+')", "a12b", "12"),
        ("self.findAll('[0-9]').size()", "1a2", 2),
        ("isURL(self)", "https://a.example/b", True),
        ("isURL(self)", "a b", False),
    ],
)
def test_an_expression_has_a_value(text: str, value: Any, expected: Any):
    assert cel.compile_expression(text, ["self"]).evaluate({"self": value}) == expected


@pytest.mark.parametrize("text", ["self.a +", "quantity(self).isGreaterThan(quantity('1'))", "other == 1"])
def test_what_is_not_known_is_refused(text: str):
    with pytest.raises(cel.CelError, match=r"^ERROR: <input>:1:"):
        cel.compile_expression(text, ["self"])


def test_a_missing_key_is_named():
    with pytest.raises(cel.CelError, match=r"^no such key: b$"):
        cel.compile_expression("self.b == 1", ["self"]).evaluate({"self": {"a": 1}})
