"""Paths and hosts as nginx matches them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from k8slab.routing.building import build_model
from k8slab.routing.classes import Classes
from k8slab.routing.matching import find_location, find_server, heads, host_name, normalised
from k8slab.routing.model import Model
from k8slab.routing.rewriting import escaped, rewrite


def ingress(name: str, host: str, *paths: tuple[str, str], age: int = 0, **annotations: str) -> dict[str, Any]:
    rules = [{"path": path, "pathType": kind, "backend": {"service": {"name": name, "port": {"number": 80}}}}
             for path, kind in paths]  # fmt: skip
    meta = {"name": name, "namespace": "n", "creationTimestamp": f"2026-01-01T00:00:{age:02}Z",
            "annotations": {f"nginx.ingress.kubernetes.io/{key.replace('_', '-')}": value
                            for key, value in annotations.items()}}  # fmt: skip
    return {
        "metadata": meta,
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": rules}}]},
    }


def model(*ingresses: dict[str, Any]) -> Model:
    return build_model(ingresses, Classes(frozenset({"nginx"})))


@pytest.mark.parametrize(
    ("target", "path"),
    [("/a/b?x=/..", "/a/b"), ("//a///b", "/a/b"), ("/a/./b/../c", "/a/c"), ("/a/..", "/"), ("/a/.", "/a/"),
     ("/%66oo", "/foo"), ("/foo%2Fbar", "/foo/bar"), ("/a/%2e%2e/b", "/b"), ("/", "/"), ("/a/", "/a/"), ("/a#b", "/a")],
)  # fmt: skip
def test_a_path_is_normalised(target: str, path: str):
    assert normalised(target) == path


@pytest.mark.parametrize("target", ["/..", "/a/../..", "/%zz", "/%", "/%00", "a"])
def test_a_malformed_path_is_refused(target: str):
    with pytest.raises(ValueError, match=re.escape(target)):
        normalised(target)


@pytest.mark.parametrize(
    ("host", "name"), [("A.Example:8080", "a.example"), ("a.example.", "a.example"), ("[::1]:80", "[::1]:80"), ("", "")]
)
def test_a_host_is_compared_without_port_and_case(host: str, name: str):
    assert host_name(host) == name


def test_hosts_are_chosen_by_name_before_wildcard():
    found = model(ingress("a", "a.w.test", ("/", "Prefix")), ingress("w", "*.w.test", ("/", "Prefix")))
    chosen = {host: find_server(found, host).host for host in ("a.w.test", "b.w.test", "c.b.w.test", "w.test")}
    assert chosen == {"a.w.test": "a.w.test", "b.w.test": "*.w.test", "c.b.w.test": "_", "w.test": "_"}


def test_an_alias_leads_to_the_server_unless_it_is_a_host_itself():
    found = model(ingress("a", "a.test", ("/", "Prefix"), server_alias="b.test, c.test"),
                  ingress("c", "c.test", ("/", "Prefix"), age=1))  # fmt: skip
    assert find_server(found, "b.test").host == "a.test"
    assert find_server(found, "c.test").host == "c.test"


@pytest.mark.parametrize(
    ("path", "taken"),
    [("/foo", ("exact", "/foo")), ("/foo/", ("prefix", "/foo/")), ("/foobar", ("prefix", "/")),
     ("/foo/bar", ("exact", "/foo/bar")), ("/foo/bar/x", ("prefix", "/foo/bar/")), ("/FOO", ("prefix", "/"))],
)  # fmt: skip
def test_the_longest_prefix_of_whole_segments_wins(path: str, taken: tuple[str, str]):
    server = model(ingress("a", "a.test", ("/foo", "Prefix"), ("/foo/bar", "Prefix"))).servers["a.test"]
    head = find_location(list(heads(server)), path).head
    assert head is not None
    assert (head.kind, head.text) == taken


def test_one_regular_expression_makes_all_paths_of_the_host_regular_expressions():
    server = model(ingress("a", "a.test", ("/exact", "Exact")),
                   ingress("b", "a.test", ("/b", "Prefix"), age=1, rewrite_target="/x")).servers["a.test"]  # fmt: skip
    assert [(head.kind, head.text) for head in heads(server)] == [
        ("regex", "^/exact"),
        ("regex", "^/b"),
        ("regex", "^/"),
    ]
    head = find_location(list(heads(server)), "/EXACTLY").head
    assert head is not None
    assert head.location.path == "/exact"


def test_a_prefix_that_ends_with_a_slash_redirects_the_path_without_it():
    server = model(ingress("a", "a.test", ("/dir/", "Exact"))).servers["a.test"]
    assert find_location(list(heads(server)), "/dir").redirect


@pytest.mark.parametrize(
    ("target", "path", "made"),
    [("/$2", "/nginx", "/"), ("/$2", "/nginx/x/y", "/x/y"), ("/$2", "/NGINX/x", "/x"), ("$2", "/nginx/x", "x"),
     ("/a$3b", "/nginx", "/ab"), ("/", "/other", "/other")],
)  # fmt: skip
def test_a_rewrite_replaces_the_whole_path(target: str, path: str, made: str):
    assert rewrite("/nginx(/|$)(.*)", target, path).path == made


def test_an_absolute_target_redirects():
    assert rewrite("/a/(.*)", "https://x.test/$1", "/a/b").redirect == "https://x.test/b"


def test_a_changed_path_is_escaped_again():
    assert escaped(normalised("/a%20b/%C3%A4?x")) == "/a%20b/%C3%A4"
