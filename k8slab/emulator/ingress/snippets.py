"""Snippets, where the administrator allows them: only directives that cannot leave the lab, built anew.

nginx runs on the learner's own machine here, not in a container: a snippet must not read files, load code, open ports
or reach other hosts. What it may not do works on kind, and the location says so (503 and an event).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import crossplane

from k8slab.emulator.ingress.text.quoting import quoted
from k8slab.routing.settings import Settings

_FIELDS = ("configuration_snippet", "server_snippet", "auth_snippet")
_NAMES = """
absolute_redirect add_header add_trailer allow break charset chunked_transfer_encoding client_body_buffer_size
client_body_timeout client_max_body_size default_type deny error_page etag expires gunzip gzip gzip_comp_level
gzip_min_length gzip_proxied gzip_types gzip_vary if if_modified_since internal keepalive_timeout limit_except
limit_rate limit_rate_after location merge_slashes more_clear_headers more_clear_input_headers more_set_headers
more_set_input_headers port_in_redirect proxy_buffer_size proxy_buffering proxy_buffers proxy_connect_timeout
proxy_cookie_domain proxy_cookie_flags proxy_cookie_path proxy_hide_header proxy_http_version proxy_ignore_headers
proxy_intercept_errors proxy_pass_header proxy_read_timeout proxy_redirect proxy_request_buffering
proxy_send_timeout proxy_set_header return rewrite rewrite_log satisfy server_tokens set underscores_in_headers
valid_referers
"""
_ALLOWED = frozenset(_NAMES.split())
_COMPARISONS = ("=", "!=", "~", "~*", "!~", "!~*")
_MODIFIERS = ("=", "~", "~*", "^~")
Directive = dict[str, Any]


class SnippetError(ValueError):
    """Why a snippet is not served; the text goes into the Ingress's event."""


def contained(text: str, scratch: Path) -> str:
    """Return a snippet's directives, written anew; raises ``SnippetError``. ``scratch`` is a folder of ours."""
    file = scratch / "snippet.conf"
    file.write_text(text)
    parsed = crossplane.parse(str(file), single=True, check_ctx=False, check_args=False, strict=False)
    file.unlink()
    if parsed["errors"]:
        raise SnippetError("the snippet is not complete: a quote, a brace or a semicolon is missing")
    return " ".join(_built(entry) for entry in parsed["config"][0]["parsed"] if entry["directive"] != "#")


def _built(entry: Directive) -> str:
    name, arguments = entry["directive"], entry["args"]
    if name not in _ALLOWED:
        raise SnippetError(
            f"the directive {name} of a snippet is not served by the embedded cluster (it works on kind)"
        )
    head = f"{name} {_words(name, arguments)}".strip()
    if "block" not in entry:
        return f"{head};"
    return f"{head} {{ {' '.join(_built(child) for child in entry['block'] if child['directive'] != '#')} }}"


def _words(name: str, arguments: list[str]) -> str:
    if name == "if":
        return _condition(arguments)
    if name == "location" and len(arguments) > 1 and arguments[0] in _MODIFIERS:
        return f"{arguments[0]} {quoted(arguments[1])}"
    return " ".join(quoted(argument) for argument in arguments)


def _condition(arguments: list[str]) -> str:
    variable = arguments[0] if arguments else ""
    if not re.fullmatch(r"\$\w+", variable):
        raise SnippetError("a snippet may only compare variables: files of the machine are not its business")
    if len(arguments) == 1:
        return f"({variable})"
    if len(arguments) != 3 or arguments[1] not in _COMPARISONS:  # noqa: PLR2004 - variable, sign, value
        raise SnippetError(f"the condition {' '.join(arguments)} of a snippet is not served (it works on kind)")
    return f"({variable} {arguments[1]} {quoted(arguments[2])})"


def with_contained_snippets(settings: Settings, scratch: Path) -> Settings:
    """Return settings whose snippets are safe; the location is denied when one is not."""
    for field in _FIELDS:
        text = getattr(settings, field)
        if not text:
            continue
        changed: dict[str, Any] = {field: ""}
        try:
            changed[field] = contained(text, scratch)
        except SnippetError as error:
            changed["denied"] = settings.denied or str(error)
        settings = replace(settings, **changed)
    return settings
