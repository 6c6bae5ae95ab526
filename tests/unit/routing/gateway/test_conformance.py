"""The specification's core rules for HTTPRoutes, each under the short name of its conformance test (docs/gateway.md)."""

# ruff: noqa: N802 - tests bear the names of the conformance suite

from __future__ import annotations

from pathlib import Path

import pytest

from k8slab.routing.gateway.statuses import class_status, gateway_status
from tests.unit.routing.gateway.lab import CLASSES, NOW, answers, built, conditions, gateway, grant, listener, route

OK = ("True", "Accepted")
RESOLVED = ("True", "ResolvedRefs")
TO_V1 = "rules: [{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: v1, port: 80}]}]"


def to(service: str, *, path: str = "/", kind: str = "PathPrefix", more: str = "") -> str:
    return (
        f"{{matches: [{{path: {{type: {kind}, value: {path}}}{more}}}], backendRefs: [{{name: {service}, port: 80}}]}}"
    )


def test_HTTPRouteSimpleSameNamespace():
    table = built(route("r", TO_V1))
    assert answers(table, "any.test", "/") == ["infra/v1"]
    assert conditions(table, "r") == {"Accepted": OK, "ResolvedRefs": RESOLVED}


def test_HTTPRouteCrossNamespace():
    table = built(route("r", f"parentRefs: [{{name: all, namespace: infra}}]\n{TO_V1}", "web"))
    assert answers(table, "any.test", "/", "all") == ["web/v1"]


def test_HTTPRouteExactPathMatching():
    table = built(route("r", f"rules: [{to('v1', path='/one', kind='Exact')}, {to('v2', path='/two', kind='Exact')}]"))
    found = [answers(table, "h", path)[0] for path in ("/one", "/two", "/", "/one/example", "/two/")]
    assert found == ["infra/v1", "infra/v2", "404", "404", "404"]


def test_HTTPRouteMatching():
    text = f"rules: [{to('v1')}, {to('v2', path='/v2')}, {to('v2', more=', headers: [{name: Version, value: two}]')}]"
    table = built(route("r", text))
    assert [answers(table, "h", path)[0] for path in ("/", "/example", "/v2", "/v2/", "/v2example")] == [
        "infra/v1", "infra/v1", "infra/v2", "infra/v2", "infra/v1",
    ]  # fmt: skip
    assert answers(table, "h", "/", headers={"version": "two"}) == ["infra/v2"]


def test_HTTPRouteMatchingAcrossRoutes():
    first = f"hostnames: [example.com, example.net]\nrules: [{to('v1')}, {to('v1', more=', headers: [{name: version, value: one}]')}]"
    second = f"hostnames: [example.com]\nrules: [{to('v2', path='/v2')}, {to('v2', more=', headers: [{name: version, value: two}]')}]"
    table = built(route("part1", first), route("part2", second))
    asked = (("example.com", "/"), ("example.net", "/example"), ("example.com", "/v2"), ("example.net", "/v2"),
             ("example.com", "/v2/example"))  # fmt: skip
    found = [answers(table, *one)[0] for one in asked]
    assert found == ["infra/v1", "infra/v1", "infra/v2", "infra/v1", "infra/v2"]
    assert answers(table, "example.com", "/", headers={"version": "two"}) == ["infra/v2"]
    assert answers(table, "example.com", "/example", headers={"version": "one"}) == ["infra/v1"]


def test_HTTPRouteHeaderMatching():
    def rule(service: str, *matches: str) -> str:
        return f"{{matches: [{', '.join(matches)}], backendRefs: [{{name: {service}, port: 80}}]}}"

    def header(**pairs: str) -> str:
        return "{headers: [" + ", ".join(f"{{name: {name}, value: {value}}}" for name, value in pairs.items()) + "]}"

    rules = (
        rule("v1", header(version="one")), rule("v2", header(version="two")),
        rule("v1", header(version="two", color="orange")), rule("v1", header(color="blue"), header(color="green")),
        rule("v2", header(color="red"), header(color="yellow")),
    )  # fmt: skip
    table = built(route("r", f"rules: [{', '.join(rules)}]"))
    cases: list[tuple[dict[str, str], str]] = [
        ({"version": "one"}, "infra/v1"), ({"version": "two"}, "infra/v2"),
        ({"version": "two", "color": "orange"}, "infra/v1"), ({"version": "two", "color": "blue"}, "infra/v2"),
        ({"color": "orange"}, "404"), ({"other": "one"}, "404"), ({"color": "blue"}, "infra/v1"),
        ({"color": "green"}, "infra/v1"), ({"color": "red"}, "infra/v2"), ({"color": "yellow"}, "infra/v2"),
        ({"color": "purple"}, "404"),
    ]  # fmt: skip
    for headers, wanted in cases:
        assert answers(table, "h", "/", headers=headers) == [wanted], headers


def test_HTTPRoutePathMatchOrder():
    rules = (
        to("v1", path="/match", kind="Exact"), to("v2", path="/match/exact", kind="Exact"),
        to("v3", path="/match/exact/one", kind="Exact"), to("v3", path="/match/"),
        to("v1", path="/match/prefix/"), to("v2", path="/match/prefix/one"),
    )  # fmt: skip
    table = built(route("r", f"rules: [{', '.join(rules)}]"))
    wanted = {"/match/exact/one": "v3", "/match/exact": "v2", "/match": "v1", "/match/prefix/one/any": "v2",
              "/match/prefix/any": "v1", "/match/any": "v3"}  # fmt: skip
    assert {path: answers(table, "h", path) for path in wanted} == {
        path: [f"infra/{name}"] for path, name in wanted.items()
    }


LISTENERS = ("{name: l1, hostname: very.specific.com}", "{name: l2, hostname: '*.wildcard.io'}",
             "{name: l3, hostname: '*.anotherwildcard.io'}")  # fmt: skip


@pytest.mark.parametrize(
    ("hostnames", "yes", "no"),
    [
        ("[non.matching.com, very.specific.com]", ["very.specific.com"], ["non.matching.com"]),
        (
            "[wildcard.io, foo.wildcard.io, foo.bar.wildcard.io]",
            ["foo.wildcard.io", "foo.bar.wildcard.io"],
            ["wildcard.io", "x.wildcard.io"],
        ),
        ("['*.specific.com']", ["very.specific.com"], ["non.specific.com"]),
        ("['*.anotherwildcard.io']", ["one.anotherwildcard.io", "one.two.anotherwildcard.io"], ["anotherwildcard.io"]),
    ],
)
def test_HTTPRouteHostnameIntersection(hostnames: str, yes: list[str], no: list[str]):
    table = built(route("r", f"hostnames: {hostnames}\n{TO_V1}"), gateways=[gateway("same", *LISTENERS)])
    assert {host: answers(table, host, "/") for host in yes} == {host: ["infra/v1"] for host in yes}
    assert {host: answers(table, host, "/") for host in no} == {host: ["404"] for host in no}


def test_HTTPRouteHostnameIntersection_nothing_in_common():
    table = built(route("r", f"hostnames: [a.test]\n{TO_V1}"), gateways=[gateway("same", *LISTENERS)])
    assert conditions(table, "r")["Accepted"] == ("False", "NoMatchingListenerHostname")


def test_HTTPRouteListenerHostnameMatching():
    listeners = ("{name: l1, hostname: bar.com}", "{name: l2, hostname: foo.bar.com}", "{name: l3, hostname: '*.bar.com'}",
                 "{name: l4, hostname: '*.foo.com'}")  # fmt: skip
    routes = (
        route("one", f"parentRefs: [{{name: same, sectionName: l1}}]\nrules: [{to('v1')}]"),
        route("two", f"parentRefs: [{{name: same, sectionName: l2}}]\nrules: [{to('v2')}]"),
        route(
            "rest",
            f"parentRefs: [{{name: same, sectionName: l3}}, {{name: same, sectionName: l4}}]\nrules: [{to('v3')}]",
        ),
    )
    table = built(*routes, gateways=[gateway("same", *listeners)])
    wanted = {"bar.com": "infra/v1", "foo.bar.com": "infra/v2", "baz.bar.com": "infra/v3", "boo.bar.com": "infra/v3",
              "multiple.prefixes.bar.com": "infra/v3", "multiple.prefixes.foo.com": "infra/v3", "foo.com": "404",
              "no.matching.host": "404"}  # fmt: skip
    assert {host: answers(table, host, "/")[0] for host in wanted} == wanted


HTTPS = "{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}"


def test_HTTPRouteHTTPSListener():
    named = "{name: named, port: 443, protocol: HTTPS, hostname: second.test, tls: {certificateRefs: [{name: cert}]}}"
    table = built(
        route("r", f"parentRefs: [{{name: same, sectionName: https}}]\nhostnames: [example.org]\n{TO_V1}"),
        route("n", f"parentRefs: [{{name: same, sectionName: named}}]\nrules: [{to('v2')}]"),
        gateways=[gateway("same", HTTPS, named)], secrets=[("infra", "cert")],
    )  # fmt: skip
    wanted = {"example.org": "infra/v1", "unknown.org": "404", "second.test": "infra/v2"}
    assert {host: answers(table, host, "/", port=443)[0] for host in wanted} == wanted


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{group: nonexistent.io, kind: Other, name: v1, port: 80}", "InvalidKind"),
        ("{name: nonexistent, port: 80}", "BackendNotFound"),
        ("{name: v1, namespace: app, port: 80}", "RefNotPermitted"),
    ],
    ids=["HTTPRouteInvalidBackendRefUnknownKind", "HTTPRouteInvalidNonExistentBackendRef", "HTTPRouteInvalidCrossNamespaceBackendRef"],
)  # fmt: skip
def test_HTTPRouteInvalidBackendRef(text: str, reason: str):
    table = built(
        route("r", f"rules: [{{matches: [{{path: {{type: PathPrefix, value: /}}}}], backendRefs: [{text}]}}]")
    )
    assert conditions(table, "r") == {"Accepted": OK, "ResolvedRefs": ("False", reason)}
    assert answers(table, "h", "/") == ["500"]


def test_HTTPRouteInvalidCrossNamespaceParentRef():
    table = built(route("r", f"parentRefs: [{{name: same, namespace: infra}}]\n{TO_V1}", "web"))
    assert conditions(table, "r")["Accepted"] == ("False", "NotAllowedByListeners")
    assert answers(table, "h", "/") == ["404"]


def test_HTTPRouteInvalidParentRefNotMatchingSectionName():
    table = built(route("r", f"parentRefs: [{{name: same, sectionName: other}}]\n{TO_V1}"))
    assert conditions(table, "r")["Accepted"] == ("False", "NoMatchingParent")


def test_HTTPRouteDisallowedKind():
    only = gateway("same", "allowedRoutes: {kinds: [{group: gateway.networking.k8s.io, kind: TLSRoute}]}")
    table = built(route("r", TO_V1), gateways=[only])
    assert conditions(table, "r") == {"Accepted": ("False", "NotAllowedByListeners"), "ResolvedRefs": RESOLVED}
    assert listener(table, only)[1:] == (0, [])


ACROSS = (
    "rules: [{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: v1, namespace: app, port: 80}]}]"
)


def test_HTTPRouteReferenceGrant():
    table = built(route("r", ACROSS), grants=[grant("app", "infra", name="v1")])
    assert answers(table, "h", "/") == ["app/v1"]
    assert conditions(table, "r")["ResolvedRefs"] == RESOLVED
    assert answers(built(route("r", ACROSS)), "h", "/") == ["500"]


@pytest.mark.parametrize(
    "wrong",
    [grant("infra", "infra"), grant("app", "web"), grant("app", "infra", "Secret"), grant("app", "infra", name="other"),
     grant("app", "infra", by="Gateway")],
)  # fmt: skip
def test_HTTPRouteInvalidReferenceGrant(wrong: dict[str, object]):
    table = built(route("r", ACROSS), grants=[wrong])
    assert conditions(table, "r")["ResolvedRefs"] == ("False", "RefNotPermitted")
    assert answers(table, "h", "/") == ["500"]


def test_HTTPRoutePartiallyInvalidViaInvalidReferenceGrant():
    text = ("rules: [{matches: [{path: {type: PathPrefix, value: /v2}}], backendRefs: [{name: v1, namespace: app, port: 80}]}, "
            + to("v1") + "]")  # fmt: skip
    table = built(route("r", text))
    assert conditions(table, "r") == {"Accepted": OK, "ResolvedRefs": ("False", "RefNotPermitted")}
    assert (answers(table, "h", "/v2"), answers(table, "h", "/")) == (["500"], ["infra/v1"])


def test_HTTPRouteMultipleGateways():
    gateways = [gateway("same"), gateway("other")]
    shared = f"parentRefs: [{{name: same}}, {{name: other}}]\nrules: [{to('v1', path='/shared')}]"
    other = f"parentRefs: [{{name: other}}]\nrules: [{to('v3')}]"
    table = built(route("s", shared), route("a", f"rules: [{to('v2')}]"), route("b", other), gateways=gateways)
    assert [answers(table, "h", "/shared", one)[0] for one in ("same", "other")] == ["infra/v1", "infra/v1"]
    assert [answers(table, "h", "/", one)[0] for one in ("same", "other")] == ["infra/v2", "infra/v3"]


def test_HTTPRouteObservedGenerationBump():
    # lab.conditions looks at every observedGeneration
    assert conditions(built(route("r", TO_V1)), "r")["Accepted"] == OK


def test_HTTPRouteNoBackendRefs():
    table = built(route("r", "rules: [{matches: [{path: {type: PathPrefix, value: /}}]}]"))
    assert answers(table, "h", "/") == ["500"]
    assert conditions(table, "r")["ResolvedRefs"] == RESOLVED


def test_HTTPRouteWeight():
    text = "rules: [{backendRefs: [{name: v1, port: 80, weight: 70}, {name: v2, port: 80, weight: 30}, {name: v3, port: 80, weight: 0}]}]"
    assert answers(built(route("r", text)), "h", "/") == ["infra/v1", "infra/v2"]


def test_HTTPRouteRequestRedirect_is_kept_as_it_is():
    text = "rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: example.org, statusCode: 303}}]}]"
    found = built(route("r", text)).tried["infra/same/http"][0].rule
    assert found.redirect == {"hostname": "example.org", "statusCode": 303}


def test_a_filter_that_is_not_served_drops_its_rule():
    text = f"rules: [{{filters: [{{type: CORS, cors: {{}}}}], backendRefs: [{{name: v1, port: 80}}]}}, {to('v2', path='/b')}]"
    table = built(route("r", text), route("w", text.partition(", {matches")[0] + "]"))
    assert conditions(table, "r")["PartiallyInvalid"] == ("True", "UnsupportedValue")
    assert conditions(table, "w")["Accepted"] == ("False", "UnsupportedValue")
    assert (answers(table, "h", "/"), answers(table, "h", "/b")) == (["404"], ["infra/v2"])


def test_older_routes_win_then_names():
    old, young = route("z", TO_V1, made="2025-01-01T00:00:00Z"), route("a", TO_V1.replace("v1", "v2"))
    assert answers(built(young, old), "h", "/") == ["infra/v1"]
    assert answers(built(route("b", TO_V1), young), "h", "/") == ["infra/v2"]


def test_method_comes_before_headers_and_headers_before_queries():
    one = "headers: [{name: a, value: '1'}, {name: b, value: '2'}]"
    two = "queryParams: [{name: q, value: '1'}]"
    table = built(route("r", f"rules: [{to('v1', more=f', {one}, {two}')}, {to('v2', more=', method: POST')}]"))
    given = {"headers": {"a": "1", "b": "2"}, "queries": {"q": "1"}}
    assert answers(table, "h", "/", method="POST", **given) == ["infra/v2"]
    assert answers(table, "h", "/", **given) == ["infra/v1"]
    assert answers(table, "h", "/") == ["404"]


@pytest.mark.parametrize(
    ("text", "secrets", "wanted"),
    [
        (HTTPS, [], ("False", "InvalidCertificateRef")),
        (HTTPS, [("infra", "cert")], RESOLVED),
        (HTTPS.replace("name: cert", "name: cert, namespace: app"), [("app", "cert")], ("False", "RefNotPermitted")),
        (HTTPS.replace("name: cert", "name: cert, kind: Other, group: x.io"), [], ("False", "InvalidCertificateRef")),
        ("allowedRoutes: {kinds: [{kind: Nonsense}]}", [], ("False", "InvalidRouteKinds")),
    ],
)
def test_what_a_listener_cannot_resolve_stands_in_its_status(
    text: str, secrets: list[tuple[str, str]], wanted: tuple[str, str]
):
    made = gateway("same", text)
    table = built(gateways=[made], secrets=secrets)
    told, _, _ = listener(table, made)
    assert told["ResolvedRefs"] == wanted
    assert told["Programmed"] == (("True", "Programmed") if wanted == RESOLVED else ("False", "Invalid"))


def test_a_gateway_of_another_class_is_left_alone():
    made = gateway("same")
    made["spec"]["gatewayClassName"] = "other"
    table = built(route("r", TO_V1), gateways=[made])
    assert (table.listeners, table.routes) == ([], [])


def test_a_gateway_without_an_address_is_not_programmed():
    made = gateway("same")
    status = gateway_status(made, built(gateways=[made]), [], NOW)
    assert {entry["type"]: entry["reason"] for entry in status["conditions"]} == {
        "Accepted": "Accepted", "Programmed": "AddressNotAssigned",
    }  # fmt: skip
    assert class_status(CLASSES[0], NOW)["conditions"][0]["reason"] == "Accepted"


def test_namespaces_may_be_selected():
    made = gateway("same", "allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {team: backend}}}}")
    text = f"parentRefs: [{{name: same, namespace: infra}}]\n{TO_V1}"
    table = built(route("in", text, "app"), route("out", text, "web"), gateways=[made])
    assert conditions(table, "in")["Accepted"] == OK
    assert conditions(table, "out")["Accepted"] == ("False", "NotAllowedByListeners")


def test_the_page_names_the_tests():
    page = (Path(__file__).parents[4] / "docs" / "gateway.md").read_text()
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| HTTPRoute")]
    sources = [Path(__file__).read_text(), (Path(__file__).parents[3] / "gateway" / "test_gateway.py").read_text()]
    assert len(rows) >= 24
    for row in rows:
        assert any(row[3].strip().strip("`") in source for source in sources), row
