"""The texts were recorded from kube-apiserver v1.34.4."""

from __future__ import annotations

import orjson
import pytest

from k8slab.kube.go_time import time_problem
from k8slab.kube.schema import Schema
from k8slab.kube.strict import has_duplicates, problems


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'{"data":{"a":"1","a":"2"},"data":{}}', ['duplicate field "data.a"', 'duplicate field "data"']),
        (b'{"foo":1,"foo":2,"data":{"a":"1","a":"2"}}', ['unknown field "foo"', 'duplicate field "data.a"']),
        (b'{"foo":1,"bar":{"a":1,"a":2}}', ['unknown field "foo"', 'unknown field "bar"']),
        (b'{"metadata":{"Name":"x","name":"x"}}', ['unknown field "metadata.Name"']),
        (b'{"data":{"a":"\\"x\\":"}}', []),
    ],
)
def test_problems_stand_in_the_order_of_the_document(schema: Schema, text: bytes, found: list[str]):
    assert problems(text, schema, "api.core.v1.ConfigMap") == found


def test_elements_of_lists_are_named_by_their_index(schema: Schema):
    text = b'{"spec":{"ports":[{"port":80},{"port":1,"port":2,"prot":"x"}]}}'
    assert problems(text, schema, "api.core.v1.Service") == [
        'duplicate field "spec.ports[1].port"',
        'unknown field "spec.ports[1].prot"',
    ]
    assert problems(text) == ['duplicate field "spec.ports[1].port"']


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        (b'{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}', False),
        (b'{ "a" : "b\\": x", "c": "\\"d\\":" }', False),
        (b'{"a":1,"a":1}', True),
        (b'{"b":[[{"a":1,"a":2}]]}', True),
    ],
)
def test_keys_that_stand_twice_are_seen_without_a_second_reading(text: bytes, twice: bool):
    assert has_duplicates(text, orjson.loads(text)) is twice


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2020-01-01T00:00:00Z", ""),
        ("2020-01-01T00:00:00.123+01:00", ""),
        ("yesterday", 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'),
        ("2020-01-01", 'parsing time "2020-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'),
        ("2020-13-01T00:00:00Z", 'parsing time "2020-13-01T00:00:00Z": month out of range'),
        ("2021-02-29T00:00:00Z", 'parsing time "2021-02-29T00:00:00Z": day out of range'),
    ],
)
def test_times_are_read_as_go_reads_them(text: str, problem: str):
    assert time_problem(text) == problem
