"""curl from this machine, as far as lessons use it: NodePorts are found wherever the provider has them."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from k8slab.errors import CommandError

_NODE_PORTS = range(30000, 32768)
_LARGEST_BODY = 1 << 20
_TIMEOUT_SECONDS = 10.0
_LOCAL = ("127.0.0.1", "localhost")
_WITH_VALUE = {"-H": "header", "-X": "method", "-d": "data", "-m": "limit", "--max-time": "limit", "--header": "header",
               "--request": "method", "--data": "data", "-o": "output", "--output": "output"}  # fmt: skip
_FLAGS = frozenset({"-s", "-S", "-sS", "-i", "-I", "-v", "-L", "-f", "--silent", "--show-error", "--include", "--head"})

# Where a node port is served on this machine.
Reach = Callable[[int], tuple[str, int]]


@dataclass(slots=True)
class CurlCommand:
    """What was asked for."""

    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = ""
    data: str = ""
    flags: set[str] = field(default_factory=set)
    limit_seconds: float = _TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One response; the body is cut at 1 MiB."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: str


def parse_curl(arguments: list[str]) -> CurlCommand:
    """Read the arguments; raises ``CommandError`` for what is not known here."""
    command = CurlCommand()
    rest = iter(arguments)
    for word in rest:
        if word in _WITH_VALUE:
            _set(command, _WITH_VALUE[word], next(rest, ""))
        elif word in _FLAGS:
            command.flags.add(word)
        elif word.startswith("-"):
            raise CommandError(
                f"%curl does not know the option {word}.", "It knows -i -I -s -H -X -d -m and --from POD|inside."
            )
        else:
            command.url = word
    if not command.url:
        raise CommandError("%curl needs a URL.", "For example: %curl --from inside http://my-dep:8000")
    return command


def _set(command: CurlCommand, name: str, value: str) -> None:
    if name == "header":
        key, _, text = value.partition(":")
        command.headers[key.strip()] = text.strip()
    elif name == "limit":
        command.limit_seconds = float(value)
    elif name != "output":
        setattr(command, name, value)


def send(command: CurlCommand, reach: Reach) -> HttpAnswer:
    """Send the request from this machine; raises ``CommandError`` in curl's words."""
    parts = urlsplit(command.url if "://" in command.url else f"http://{command.url}")
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if host in _LOCAL and port in _NODE_PORTS:
        host, port = reach(port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    method = command.method or ("HEAD" if {"-I", "--head"} & command.flags else "POST" if command.data else "GET")
    opener = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = opener(host, port, timeout=command.limit_seconds)
    headers = {"Host": parts.netloc, "User-Agent": "curl/8 (k8slab)", "Accept": "*/*", **command.headers}
    try:
        connection.request(method, path, command.data.encode() if command.data else None, headers)
        answer = connection.getresponse()
        body = answer.read(_LARGEST_BODY).decode(errors="replace")
        return HttpAnswer(answer.status, answer.reason, tuple(answer.getheaders()), body)
    except OSError as error:
        raise _failed(error, parts.netloc) from error
    except http.client.HTTPException as error:
        raise CommandError(
            "curl: (52) Empty reply from server", "Is something listening behind the port?", 52
        ) from error
    finally:
        connection.close()


def _failed(error: OSError, where: str) -> CommandError:
    if isinstance(error, TimeoutError):
        return CommandError(f"curl: (28) Operation timed out: {where}", "Does the address exist?", 28)
    if isinstance(error, ConnectionRefusedError | ConnectionResetError):
        action = "Nothing answers there. Look at the Service and its endpoints: %kubectl get service,endpoints"
        return CommandError(f"curl: (7) Failed to connect to {where}: connection refused", action, 7)
    action = "Names of Services exist only inside the cluster: %curl --from inside URL"
    return CommandError(f"curl: (6) Could not resolve host: {where}", action, 6)


def shown(answer: HttpAnswer, command: CurlCommand) -> str:
    """Return what curl prints."""
    head = f"HTTP/1.1 {answer.status} {answer.reason}\n" + "".join(
        f"{name}: {value}\n" for name, value in answer.headers
    )
    if {"-I", "--head"} & command.flags:
        return head
    return f"{head}\n{answer.body}" if {"-i", "--include"} & command.flags else answer.body
