"""The arguments of curl, as far as lessons use them (pure)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from k8slab.errors import CommandError

_TIMEOUT_SECONDS = 10.0
_WITH_VALUE = {
    "-H": "header", "-X": "method", "-d": "data", "-m": "limit", "-o": "output", "-u": "user",
    "-b": "cookie", "-A": "agent", "-w": "write_out",
    "--header": "header", "--request": "method", "--data": "data", "--max-time": "limit", "--output": "output",
    "--user": "user", "--cookie": "cookie", "--user-agent": "agent", "--resolve": "resolve",
    "--connect-timeout": "limit",
    "--data-raw": "data", "--data-binary": "data", "--write-out": "write_out",
}  # fmt: skip
_LONG = {
    "--silent": "-s", "--show-error": "-S", "--include": "-i", "--head": "-I", "--verbose": "-v", "--location": "-L",
    "--fail": "-f", "--insecure": "-k",
}  # fmt: skip
_SHORT = frozenset("sSiIvLfk")
_SHORT_WITH_VALUE = frozenset(name[1] for name in _WITH_VALUE if not name.startswith("--"))


@dataclass(slots=True)
class CurlCommand:
    """What was asked for; ``flags`` are short options without dash, ``resolve`` maps ``(host, port)`` to addresses."""

    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = ""
    data: str = ""
    flags: set[str] = field(default_factory=set)
    limit_seconds: float = _TIMEOUT_SECONDS
    output: str = ""
    write_out: str = ""
    resolve: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def parts(self) -> SplitResult:
        """Return the URL in parts; http is assumed, as curl does."""
        return urlsplit(self.url if "://" in self.url else f"http://{self.url}")

    @property
    def port(self) -> int:
        """Return the URL's port."""
        return self.parts.port or (443 if self.parts.scheme == "https" else 80)

    @property
    def verb(self) -> str:
        """Return the method that is sent."""
        return self.method or ("HEAD" if "I" in self.flags else "POST" if self.data else "GET")


def parse_curl(arguments: list[str]) -> CurlCommand:
    """Read the arguments; raises ``CommandError`` for what is not known here."""
    command = CurlCommand()
    rest = iter(arguments)
    for word in rest:
        if word.startswith("--"):
            _long(command, word, rest)
        elif word.startswith("-"):
            _cluster(command, word, rest)
        else:
            command.url = word
    if not command.url:
        raise CommandError("%curl needs a URL.", "For example: %curl --from inside http://my-dep:8000")
    try:
        _ = command.port
    except ValueError as error:
        raise CommandError(f"curl: (3) {command.url}: {error}", "A port is a number from 1 to 65535.", 3) from error
    return command


def _long(command: CurlCommand, word: str, rest: Iterator[str]) -> None:
    name, sign, value = word.partition("=")
    if name in _WITH_VALUE:
        _set(command, _WITH_VALUE[name], value if sign else next(rest, ""))
    elif word in _LONG:
        command.flags.add(_LONG[word][1])
    else:
        raise _unknown(word)


def _cluster(command: CurlCommand, word: str, rest: Iterator[str]) -> None:
    """Read ``-sSk`` and ``-XPOST``: letters, the last of which may take a value."""
    for place, letter in enumerate(word[1:], 1):
        if letter in _SHORT_WITH_VALUE:
            _set(command, _WITH_VALUE[f"-{letter}"], word[place + 1 :] or next(rest, ""))
            return
        if letter not in _SHORT:
            raise _unknown(f"-{letter}")
        command.flags.add(letter)


def _unknown(word: str) -> CommandError:
    known = "-i -I -s -v -k -L -H -X -d -b -u -A -m -o -w --resolve, and --from POD|inside"
    return CommandError(f"%curl does not know the option {word}.", f"It knows {known}.")


def _set(command: CurlCommand, name: str, value: str) -> None:
    if name == "header":
        key, _, text = value.partition(":")
        command.headers[key.strip()] = text.strip()
    elif name == "limit":
        command.limit_seconds = _seconds(value)
    elif name == "user":
        command.headers["Authorization"] = f"Basic {base64.b64encode(value.encode()).decode()}"
    elif name in ("cookie", "agent"):
        command.headers["Cookie" if name == "cookie" else "User-Agent"] = value
    elif name == "resolve":
        host, port, address = (*value.split(":", 2), "", "")[:3]
        command.resolve[host, int(port) if port.isdigit() else 0] = address
    else:
        setattr(command, name, value)


def _seconds(value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise CommandError(f"curl: expected a number of seconds, not {value!r}.", "For example: -m 5", 2) from error
