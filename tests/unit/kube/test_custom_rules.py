"""Rules in CEL; the messages were recorded from a real cluster of the emulated version."""

from __future__ import annotations

from typing import Any

import pytest

from k8slab.kube import cel
from k8slab.kube.custom.rules import check_expressions, check_rules

pytest.importorskip("cel_expr_python", reason="rules in CEL need the extra: pip install 'k8slab[cel]'")

RULES = "x-kubernetes-validations"
SCHEMA = {
    "type": "object",
    RULES: [{"rule": "self.metadata.name.startsWith('a')", "message": "name must start with a"}],
    "properties": {
        "spec": {
            "type": "object",
            RULES: [
                {"rule": "self.min <= self.max"},
                {"rule": "self.min <= self.max", "message": "min over max", "fieldPath": ".min", "reason": "FieldValueForbidden"},
                {"rule": "self.min <= self.max", "messageExpression": "'min over ' + 'max'"},
                {"rule": "self.min == oldSelf.min", "message": "min is immutable"},
            ],
            "properties": {
                "name": {"type": "string", RULES: [{"rule": "self.size() < 3"}]},
                "list": {"type": "array", "items": {"type": "string", RULES: [{"rule": "self != 'x'", "message": "no x"}]}},
                "map": {"type": "object", "additionalProperties": {"type": "integer", RULES: [{"rule": "self > 0", "message": "positive"}]}},
                "keyed": {
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                    "items": {"type": "object", RULES: [{"rule": "self.v >= oldSelf.v", "message": "only up"}]},
                },
            },
        }
    },
}  # fmt: skip


def errors(spec: Any, old: Any = None, name: str = "a") -> list[str]:
    def whole(part: Any) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": part}

    return [str(error) for error in check_rules(whole(spec), whole(old) if old else None, SCHEMA)]


@pytest.mark.parametrize(
    ("spec", "old", "messages"),
    [
        ({"min": 1, "max": 2}, None, []),
        (
            {"min": 3, "max": 2},
            {"min": 1, "max": 2},
            [
                'spec: Invalid value: "object": failed rule: self.min <= self.max',
                "spec.min: Forbidden: min over max",
                'spec: Invalid value: "object": min over max',
                'spec: Invalid value: "object": min is immutable',
            ],
        ),
        (
            {"min": 1, "max": 2, "name": "abc"},
            None,
            ['spec.name: Invalid value: "string": failed rule: self.size() < 3'],
        ),
        ({"min": 1, "max": 2, "list": ["a", "x"]}, None, ['spec.list[1]: Invalid value: "string": no x']),
        ({"min": 1, "max": 2, "map": {"k": 0}}, None, ['spec.map[k]: Invalid value: "integer": positive']),
        (
            {"min": 1, "max": 2, "keyed": [{"k": "b", "v": 0}, {"k": "a", "v": 1}]},
            {"min": 1, "max": 2, "keyed": [{"k": "a", "v": 2}]},
            ['spec.keyed[1]: Invalid value: "object": only up'],
        ),
    ],
)
def test_a_rule_that_is_broken_is_told(spec: Any, old: Any, messages: list[str]):
    assert errors(spec, old) == messages


def test_a_rule_that_cannot_be_evaluated_is_broken():
    assert (
        errors({"max": 2})[0] == 'spec: Invalid value: "object": no such key: min evaluating rule: self.min <= self.max'
    )


def test_the_whole_object_has_rules_too():
    assert errors({"min": 1, "max": 2}, name="b") == ['<nil>: Invalid value: "object": name must start with a']


def test_an_expression_that_cannot_be_read_is_refused():
    found = list(check_expressions({RULES: [{"rule": "self.a +"}]}, "s"))
    assert [error.path for error in found] == [f"s.{RULES}[0].rule"]
    assert "compilation failed: ERROR: <input>:1:9: Syntax error: mismatched input '<EOF>'" in str(found[0])


def test_without_the_library_rules_are_refused_with_the_install_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cel, "available", lambda: False)
    found = list(check_expressions({"properties": {"a": {"items": {RULES: [{"rule": "true"}]}}}}, "s"))
    assert str(found[0]) == (
        f"s.properties[a].items.{RULES}[0]: Forbidden: rules in CEL need a library on the embedded cluster: "
        "pip install 'k8slab[cel]', then start the cluster anew"
    )
