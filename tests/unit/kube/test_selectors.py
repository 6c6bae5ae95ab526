from __future__ import annotations

import pytest

from k8slab.kube.selectors import SelectorError, label_selector_of, parse_field_selector, parse_label_selector


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("", {}, True),
        ("app=web", {"app": "web"}, True),
        ("app==web,tier!=db", {"app": "web"}, True),
        ("app in (web, api)", {"app": "api"}, True),
        ("app notin (web)", {}, True),
        ("app", {}, False),
        ("!app", {}, True),
        ("n>3", {"n": "4"}, True),
        ("n<3", {"n": "x"}, False),
        ("app=", {"app": ""}, True),
    ],
)
def test_label_selectors(text: str, labels: dict[str, str], expected: bool):
    assert parse_label_selector(text).matches(labels) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("=x", "found '=', expected: !, identifier, or 'end of string'"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a in b", r"unable to parse requirement: found 'b' expected: '\('"),
        ("a=-b", r"values\[0\]\[a\]: Invalid value: \"-b\": a valid label must be an empty string"),
    ],
)
def test_wrong_label_selectors_use_the_words_of_the_api_server(text: str, message: str):
    with pytest.raises(SelectorError, match=message):
        parse_label_selector(text)


def test_an_absent_selector_object_selects_nothing_and_an_empty_one_everything():
    assert not label_selector_of(None).matches({"a": "b"})
    assert label_selector_of({}).matches({"a": "b"})
    both = label_selector_of(
        {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "DoesNotExist"}]}
    )
    assert both.matches({"a": "b"})
    assert not both.matches({"a": "b", "c": ""})


def test_field_selectors_keep_escaped_commas():
    selector = parse_field_selector(r"metadata.name=a\,b,status.phase!=Running")
    assert selector.exact("metadata.name") == "a,b"
    assert selector.matches({"metadata.name": "a,b", "status.phase": "Pending"})
    assert not selector.matches({"metadata.name": "a,b", "status.phase": "Running"})
    with pytest.raises(SelectorError, match="can't understand 'x'"):
        parse_field_selector("x")
