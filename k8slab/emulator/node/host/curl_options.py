"""curl's command line (curl.se/docs/manpage.html), as far as pods of a lab use it."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

# Options that take a value, by what they mean; an option of one letter may have its value attached.
_VALUES: Mapping[str, str] = {
    "H": "header", "header": "header", "X": "method", "request": "method", "d": "data", "data": "data",
    "data-ascii": "data", "data-raw": "raw", "data-binary": "binary", "data-urlencode": "urlencode", "json": "json",
    "o": "output", "output": "output", "w": "write_out", "write-out": "write_out", "m": "limit", "max-time": "limit",
    "connect-timeout": "connect_limit", "A": "agent", "user-agent": "agent", "resolve": "resolve", "u": "user",
    "user": "user", "retry": "retry", "retry-delay": "retry_delay", "retry-max-time": "retry_limit",
    "cacert": "cacert", "b": "cookie", "cookie": "cookie", "e": "referer", "referer": "referer", "F": "form",
    "form": "form", "max-redirs": "redirects", "url": "url", "T": "upload", "upload-file": "upload",
    "oauth2-bearer": "bearer",
}  # fmt: skip
_FLAGS: Mapping[str, str] = {
    "s": "silent", "S": "show_error", "i": "include", "I": "head", "v": "verbose", "L": "follow", "f": "fail",
    "k": "insecure", "g": "globoff", "4": "ipv4", "O": "remote_name", "G": "get", "N": "no_buffer", "0": "http1.0",
    "silent": "silent", "show-error": "show_error", "include": "include", "show-headers": "include", "head": "head",
    "verbose": "verbose", "location": "follow", "location-trusted": "follow", "fail": "fail", "insecure": "insecure",
    "fail-with-body": "fail_with_body", "remote-name": "remote_name", "get": "get", "no-buffer": "no_buffer",
    "globoff": "globoff", "ipv4": "ipv4", "http1.1": "http1.1", "http1.0": "http1.0", "compressed": "compressed",
    "path-as-is": "path_as_is", "no-progress-meter": "silent", "retry-connrefused": "retry_refused",
    "retry-all-errors": "retry_refused", "raw": "raw_output", "no-keepalive": "no_keepalive", "basic": "basic",
}  # fmt: skip


class Files(Protocol):
    """The container's files as a client of the network uses them; both raise ``OSError``."""

    def save(self, name: str, data: bytes) -> None:
        """Write a file."""
        ...

    def load(self, name: str) -> bytes:
        """Read a file."""
        ...


class CurlError(Exception):
    """The exit code and the message behind ``curl: (N)``."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Options:
    """What the command line asks for; ``data`` is the body, None without one."""

    urls: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    resolved: dict[tuple[str, int], str] = field(default_factory=dict)
    parts: list[tuple[str, str]] = field(default_factory=list)
    data: bytes | None = None
    authorities: bytes | None = None

    def number(self, name: str) -> float | None:
        """Return the number of an option; None without one. Raises ``CurlError``."""
        text = self.values.get(name)
        try:
            return float(text) if text else None
        except ValueError as error:
            raise CurlError(2, f"invalid number for option: {text}") from error


def parse_options(arguments: list[str]) -> Options:
    """Read the command line; raises ``CurlError`` (2) for what curl does not know here."""
    options = Options()
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            options.urls += rest
        elif word.startswith("--"):
            _long(options, word, rest)
        elif word.startswith("-") and len(word) > 1:
            _short(options, word[1:], rest)
        else:
            options.urls.append(word)
    if not options.urls:
        raise CurlError(2, "(2) no URL specified")
    return options


def _long(options: Options, word: str, rest: Iterator[str]) -> None:
    name = word[2:]
    if name in _VALUES:
        _value(options, _VALUES[name], _needed(rest, word))
    elif name in _FLAGS:
        options.flags.add(_FLAGS[name])
    elif name.removeprefix("no-") in _FLAGS:
        options.flags.discard(_FLAGS[name.removeprefix("no-")])
    else:
        raise CurlError(2, f"option {word}: is unknown")


def _short(options: Options, letters: str, rest: Iterator[str]) -> None:
    for index, letter in enumerate(letters):
        if letter in _VALUES:
            _value(options, _VALUES[letter], letters[index + 1 :] or _needed(rest, f"-{letter}"))
            return
        if letter not in _FLAGS:
            raise CurlError(2, f"option -{letters}: is unknown")
        options.flags.add(_FLAGS[letter])


def _needed(rest: Iterator[str], word: str) -> str:
    value = next(rest, None)
    if value is None:
        raise CurlError(2, f"option {word}: requires parameter")
    return value


def _value(options: Options, name: str, value: str) -> None:
    if name == "header":
        options.headers.append(value)
    elif name == "url":
        options.urls.append(value)
    elif name in ("data", "raw", "binary", "urlencode", "json", "form"):
        options.parts.append((name, value))
    elif name == "resolve":
        parts = value.lstrip("+").split(":", 2)
        if len(parts) != 3 or not parts[1].isdigit():  # noqa: PLR2004 - host, port, address
            raise CurlError(49, f"Couldn't parse CURLOPT_RESOLVE entry '{value}'")
        options.resolved[parts[0].lower(), int(parts[1])] = parts[2].strip("[]")
    else:
        options.values[name] = value


def prepare(options: Options, files: Files) -> None:
    """Put the body together and add the headers that options stand for; raises ``CurlError``."""
    forms = [value for kind, value in options.parts if kind == "form"]
    pieces = [_piece(kind, value, files) for kind, value in options.parts if kind != "form"]
    extra: list[str] = []
    if any(kind == "json" for kind, _ in options.parts):
        extra += ["Content-Type: application/json", "Accept: application/json"]
        options.data = b"".join(pieces)
    elif pieces:
        options.data = b"&".join(pieces)
    elif forms:
        boundary = "------------------------k8slabformboundary"
        options.data = _form(forms, boundary, files)
        extra.append(f"Content-Type: multipart/form-data; boundary={boundary}")
    elif "upload" in options.values:
        options.data = _loaded(options.values["upload"], files)
        options.values.setdefault("method", "PUT")
    for name, template in (
        ("cookie", "Cookie: {}"),
        ("referer", "Referer: {}"),
        ("bearer", "Authorization: Bearer {}"),
    ):
        if options.values.get(name):
            extra.append(template.format(options.values[name]))
    if options.values.get("user"):
        extra.append(f"Authorization: Basic {base64.b64encode(options.values['user'].encode()).decode()}")
    options.headers = [*extra, *options.headers]
    if "get" in options.flags and options.data is not None:
        query = options.data.decode(errors="replace")
        options.urls = [_with_query(url, query) for url in options.urls]
        options.data = None


def _piece(kind: str, value: str, files: Files) -> bytes:
    if kind == "urlencode":
        name, found, text = value.partition("=")
        return (
            f"{name}={quote(text, safe='')}".encode()
            if found and name
            else quote(text if found else name, safe="").encode()
        )
    if kind != "raw" and value.startswith("@"):
        data = _loaded(value[1:], files)
        return data if kind in ("binary", "json") else data.replace(b"\r", b"").replace(b"\n", b"")
    return value.encode(errors="surrogateescape")


def _loaded(path: str, files: Files) -> bytes:
    try:
        return files.load(path)
    except OSError as error:
        raise CurlError(26, "Failed to open/read local data from file/application") from error


def _form(parts: list[str], boundary: str, files: Files) -> bytes:
    made = b""
    for part in parts:
        name, _, value = part.partition("=")
        head, data = f'Content-Disposition: form-data; name="{name}"', value.encode()
        if value.startswith("@"):
            path = value[1:].partition(";")[0]
            head += f'; filename="{path.rpartition("/")[2]}"\r\nContent-Type: application/octet-stream'
            data = _loaded(path, files)
        made += f"--{boundary}\r\n{head}\r\n\r\n".encode() + data + b"\r\n"
    return made + f"--{boundary}--\r\n".encode()


def _with_query(url: str, query: str) -> str:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return urlunsplit(parts._replace(path=parts.path or "/", query="&".join(filter(None, (parts.query, query)))))
