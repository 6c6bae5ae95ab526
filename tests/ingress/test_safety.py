"""No text of a learner becomes nginx's language: quotes, braces, ends of lines and of directives, variables, NUL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from k8slab.kube.objects import Obj
from k8slab.routing.annotations import parse_annotations
from k8slab.routing.table import SERVED

from .rendering import PREFIX, Renderer, ingress

ENDS = ('"; evil_word on; #', "'; evil_word on; #", ";} evil_word on;", "}\nevil_word on;\n{", "\\", '\\"; evil_word on;',
        "\x00", "{", "\r\nevil_word on;", "${evil_word}", "# evil_word", "`evil_word`", "~(")  # fmt: skip
HARMLESS = {"auth-url": "http://gate.test/x", "mirror-target": "http://copy.test/x", "auth-type": "basic",
            "affinity": "cookie", "canary": "true", "enable-cors": "true", "limit-rps": "1"}  # fmt: skip
STARTS = ("", "/", "http://x.test/", "a", "1", "CN=", "*.")
# What a value of the right form may still mean to nginx: a variable or an expression that it does not know.
UNKNOWN = re.compile(r'unknown "\w+" variable|pcre2?_compile|invalid variable name')
SNIPPETS = ("configuration-snippet", "server-snippet", "auth-snippet")
NAMES = [name for name in SERVED if name not in SNIPPETS]
# Annotations without which another one has no effect.
BESIDE = {"cors": {"enable-cors": "true"}, "auth": {"auth-url": "http://gate.test/x"}, "session": {"affinity": "cookie"},
          "mirror": {"mirror-target": "http://copy.test/x"}, "limit": {"limit-rps": "1"},
          "temporal": {"temporal-redirect": "http://x.test"}}  # fmt: skip


def attacks(name: str) -> list[Obj]:
    """Return Ingresses with bad values of an annotation: one for each that is read in a way of its own."""
    beside = BESIDE.get(name.partition("-")[0], {})
    tried = [
        ingress(f"i{number}", annotations={**beside, name: start + end})
        for number, (start, end) in enumerate((start, end) for start in STARTS for end in ENDS)
    ]
    return list({repr(parse_annotations(entry["metadata"]["annotations"])): entry for entry in tried}.values())


@pytest.fixture
def renderer(tmp_path: Path) -> Renderer:
    return Renderer(tmp_path)


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the directives of a harmless configuration that has one of everything."""
    given = [ingress(f"h{number}", annotations=values) for number, values in enumerate(
        [{name: value} for name, value in HARMLESS.items()] + [{}, {"auth-url": "http://g.test", "auth-signin": "http://l.test"}]
    )]  # fmt: skip
    everything = {
        "add_header", "allow", "deny", "satisfy", "rewrite", "rewrite_log", "absolute_redirect", "limit_conn",
        "limit_conn_zone", "limit_rate", "limit_rate_after", "ssl_ciphers", "ssl_prefer_server_ciphers", "error_page",
        "internal", "hash", "geo", "map", "proxy_ssl_server_name", "proxy_ssl_name", "proxy_ssl_protocols", "grpc_pass",
    }  # fmt: skip
    renderer = Renderer(tmp_path_factory.mktemp("harmless"))
    return renderer.directives(renderer.text(*given)) | everything


@pytest.mark.parametrize("name", NAMES)
def test_a_value_stays_a_value(name: str, renderer: Renderer, allowed: set[str]):
    found = renderer.directives(renderer.text(*attacks(name)))
    foreign = {word for word in found - allowed if not re.fullmatch(r"default|[0-9.:/a-f]+|~.*|\S*", word)}
    assert not foreign
    assert "evil_word" not in found


def test_nginx_takes_every_text_that_is_let_through(renderer: Renderer):
    distinct: dict[str, dict[str, str]] = {}
    for name in NAMES:
        for entry in attacks(name):
            annotations = entry["metadata"]["annotations"]
            value = annotations[PREFIX + name]
            parsed = parse_annotations(annotations)
            # Variables and expressions that nginx does not know are refused by it, as by the real controller.
            if not parsed.refused and not value.endswith(("${evil_word}", "~(", "\\")):
                distinct.setdefault(repr(parsed.settings), annotations)
    assert len(distinct) > 20
    short = [{key.removeprefix(PREFIX): value for key, value in entry.items()} for entry in distinct.values()]
    made = [ingress(f"k{number}", service=f"web{number % 50}", annotations=entry) for number, entry in enumerate(short)]
    assert renderer.test(renderer.text(*made)) == ""


FIELDS: dict[str, Any] = {
    "host": lambda end: ingress("f", host=f"a{end}"),
    "path": lambda end: ingress("f", path=f"/a{end}", kind="Exact"),
    "prefix": lambda end: ingress("f", path=f"/a{end}"),
    "regex path": lambda end: ingress("f", path=f"/a{end}", annotations={"use-regex": "true"}),
    "rewritten path": lambda end: ingress("f", path=f"/a{end}", annotations={"rewrite-target": "/x"}),
    "service": lambda end: ingress("f", service=f"web{end}"),
    "port": lambda end: ingress("f", port=f"http{end}"),
    "secret": lambda end: ingress("f", tls=[{"hosts": ["f.test"], "secretName": f"s{end}"}]),
    "name": lambda end: ingress(f"f{end}", host="f.test", annotations={"limit-connections": "1"}),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_stays_a_word(field: str, renderer: Renderer):
    texts = {end: renderer.text(FIELDS[field](end)) for end in ENDS}
    for text in texts.values():
        assert "evil_word" not in renderer.directives(text)
    for end, text in list(texts.items())[::3]:
        problem = renderer.test(text)
        assert not problem or UNKNOWN.search(problem) or "emerg] invalid" in problem, (end, problem)


def test_snippets_are_left_out_unless_they_are_allowed(renderer: Renderer):
    for name in SNIPPETS:
        assert "evil_word" not in renderer.text(ingress("s", annotations={name: "evil_word on;"}))


def test_a_header_from_a_config_map_is_literal(tmp_path: Path):
    from k8slab.routing.configuration import Configuration

    data = {"X-A": '$remote_addr"; evil_word on; #', 'X-B"; evil_word on; #': "y"}
    renderer = Renderer(tmp_path, Configuration(add_headers="shop/added"), configmaps={"shop/added": {"data": data}})
    text = renderer.text(ingress("h"))
    assert "evil_word" not in renderer.directives(text)
    assert not renderer.test(text)
    assert PREFIX.endswith("/")
