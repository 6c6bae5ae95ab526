"""The tables of annotations and keys: the page is theirs, and no two rows quarrel."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from k8slab.routing.annotations import PREFIX, parse_annotations
from k8slab.routing.configuration import ROWS, Configuration, parse_configuration
from k8slab.routing.known_keys import KEYS_NOT_SERVED
from k8slab.routing.settings import Settings
from k8slab.routing.table import DEAD, NOT_SERVED, SERVED

SCRIPT = Path(__file__).parents[3] / "scripts" / "update_ingress_docs.py"


def test_the_page_is_what_the_tables_say():
    done = subprocess.run([sys.executable, str(SCRIPT), "--verify"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_name_has_one_state():
    assert not set(SERVED) & set(NOT_SERVED)
    assert not set(DEAD) & {*SERVED, *NOT_SERVED}
    assert not set(ROWS) & set(KEYS_NOT_SERVED)


def test_rows_set_fields_that_exist():
    assert {row.field for row in SERVED.values()} <= {field.name for field in fields(Settings)}
    assert {name for name, _ in ROWS.values()} <= {field.name for field in fields(Configuration)}


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("limit-rps", "5", "limit_rps", 5), ("ssl-redirect", "F", "ssl_redirect", False),
        ("rewrite-target", "/x?y", "rewrite_target", ""), ("proxy-body-size", "8m", "body_size", "8m"),
        ("proxy-body-size", "eight", "body_size", ""), ("permanent-redirect-code", "999", "permanent_redirect_code", 301),
        ("temporal-redirect", "/x", "temporal_redirect", ""), ("custom-http-errors", "404, 418", "custom_errors", (404, 418)),
        ("server-alias", "b.test, a.test", "aliases", ("a.test", "b.test")), ("backend-protocol", "grpc", "backend_protocol", "GRPC"),
        ("whitelist-source-range", "10.0.0.0/8, 192.0.2.7", "allowlist", ("10.0.0.0/8", "192.0.2.7")),
        ("use-regex", "yes", "use_regex", False),
    ],
)  # fmt: skip
def test_a_text_becomes_a_value(name: str, text: str, field: str, value: object):
    parsed = parse_annotations({PREFIX + name: text})
    assert not parsed.refused
    assert getattr(parsed.settings, field) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("limit-rps", "many"), ("permanent-redirect", "https://x$request_uri"), ("custom-http-errors", "404,abc"),
     ("auth-type", "none"), ("default-backend", "No"), ("upstream-hash-by", "a b"), ("load-balance", "random")],
)  # fmt: skip
def test_a_wrong_value_refuses_the_ingress(name: str, text: str):
    assert parse_annotations({PREFIX + name: text}).refused == PREFIX + name


@pytest.mark.parametrize("name", ["whitelist-source-range", "denylist-source-range"])
def test_a_wrong_network_denies_the_path(name: str):
    parsed = parse_annotations({PREFIX + name: "nowhere"})
    assert not parsed.refused
    assert parsed.settings.denied


def test_keys_are_read_and_wrong_ones_leave_the_default():
    found = parse_configuration({"limit-req-status-code": "429", "http-redirect-code": "200", "hsts": "maybe",
                                 "proxy-connect-timeout": "-1", "annotations-risk-level": "Low", "unknown": "x"})  # fmt: skip
    assert (found.limit_req_status, found.redirect_code, found.hsts) == (429, 308, True)
    assert (found.connect_timeout, found.risk_level) == (5, "Low")
