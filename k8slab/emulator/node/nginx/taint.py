"""Which paths a request could choose: such directives are refused, since a ``..`` in a parameter would lead out.

nginx normalises the address of a request, but not its parameters, headers and cookies. On a real cluster the
container's own root ends such a path; here only this check does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from k8slab.emulator.node.nginx.translate import ConfigurationError, Directive

# Variables that cannot hold a path out of the tree: normalised, or not chosen by the client.
_SAFE = frozenset({
    "uri", "document_uri", "request_filename", "document_root", "realpath_root", "server_name", "server_port",
    "server_addr", "scheme", "request_method", "hostname", "remote_addr", "remote_port", "host", "https", "pid",
    "nginx_version", "connection", "msec", "time_iso8601", "time_local", "status", "server_protocol",
    "binary_remote_addr", "is_args", "fastcgi_script_name",
})  # fmt: skip
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*|\d)\}?")
# Arguments of these become the path of a file.
_PATHS = frozenset({
    "root", "alias", "try_files", "rewrite", "access_log", "error_log", "auth_basic_user_file", "ssl_certificate",
    "ssl_certificate_key", "index", "error_page", "open_log_file_cache", "random_index", "gzip_static",
})  # fmt: skip


def check_paths(directives: Iterable[Directive]) -> None:
    """Raise ``ConfigurationError`` when a request could choose a path that nginx does not normalise."""
    entries = list(_all(directives))
    safe = set(_SAFE)
    # A capture is part of what was matched: safe while only addresses and host names are matched.
    matched_freely = any(entry["directive"] == "if" and _unsafe(entry["args"], safe) for entry in entries)
    if not matched_freely:
        safe |= set("0123456789") | _named_captures(entries)
    for entry in entries:
        if entry["directive"] == "set" and len(entry["args"]) > 1 and not _unsafe(entry["args"][1:], safe):
            safe.add(str(entry["args"][0]).lstrip("$"))
    safe -= {str(e["args"][0]).lstrip("$") for e in entries if e["directive"] == "set" and _unsafe(e["args"][1:], safe)}
    safe |= _constant_maps(entries)
    for entry in entries:
        arguments = entry["args"][1:] if entry["directive"] == "rewrite" else entry["args"]
        chosen = _unsafe(arguments, safe) if entry["directive"] in _PATHS else ""
        if chosen and not _is_redirect(entry):
            where = f"{entry.get('file', '/etc/nginx/nginx.conf')}:{entry.get('line', 0)}"
            raise ConfigurationError(
                f'[emerg] "{entry["directive"]}" with the variable "${chosen}", which a request chooses, is not '
                f"allowed in the embedded cluster (it works on kind) in {where}"
            )


def _all(directives: Iterable[Directive]) -> Iterable[Directive]:
    for entry in directives:
        yield entry
        if entry["directive"] not in ("map", "geo", "types", "split_clients"):
            yield from _all(entry.get("block") or [])


def _unsafe(arguments: Iterable[object], safe: set[str]) -> str:
    for argument in arguments:
        for name in _VARIABLE.findall(str(argument)):
            if name not in safe:
                return str(name)
    return ""


def _named_captures(entries: Iterable[Directive]) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        if entry["directive"] in ("location", "server_name", "rewrite", "if"):
            found |= {name for text in entry["args"] for name in re.findall(r"\(\?P?<(\w+)>", str(text))}
    return found


def _constant_maps(entries: Iterable[Directive]) -> set[str]:
    """Return the variables of ``map`` and the like whose values hold no variables."""
    found: set[str] = set()
    for entry in entries:
        if entry["directive"] in ("map", "geo", "split_clients") and entry["args"]:
            values = [str(text) for line in entry.get("block") or [] for text in line["args"]]
            if not any("$" in text for text in values):
                found.add(str(entry["args"][-1]).lstrip("$"))
    return found


def _is_redirect(entry: Directive) -> bool:
    if entry["directive"] == "rewrite":
        words = [str(text) for text in entry["args"]]
        return words[-1] in ("redirect", "permanent") or bool(
            re.match(r"https?://|\$scheme://", words[1] if words[1:] else "")
        )
    if entry["directive"] == "error_page":
        return bool(re.match(r"https?://|\$scheme://", str(entry["args"][-1])))
    return False
