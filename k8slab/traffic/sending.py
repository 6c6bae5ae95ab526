"""Sends one request from this machine and shows it as curl does."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from k8slab.errors import CommandError
from k8slab.traffic.command import CurlCommand
from k8slab.traffic.resolving import Target

_LARGEST_BODY = 1 << 20
_MOST_REDIRECTS = 50
_REDIRECTS = (301, 302, 303, 307, 308)
# From scheme, host and port of a URL to the address to connect to; raises ``K8slabError``.
Resolve = Callable[[str, str, int], Target]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One response; the body is cut at 1 MiB. ``note`` is the resolver's."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: str
    note: str = ""


class _TlsConnection(http.client.HTTPConnection):
    """HTTPS to an address whose certificate is that of another name (as ``curl --resolve``)."""

    def __init__(self, address: tuple[str, int], timeout: float, name: str, context: ssl.SSLContext) -> None:
        super().__init__(*address, timeout=timeout)
        self._name, self._context = name, context

    def connect(self) -> None:
        super().connect()
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


def send(command: CurlCommand, resolve: Resolve) -> HttpAnswer:
    """Send the request from this machine (with ``-L`` follow redirects); raises ``CommandError`` in curl's words."""
    answer = _once(command, resolve)
    for _ in range(_MOST_REDIRECTS if "L" in command.flags else 0):
        location = next((value for name, value in answer.headers if name.lower() == "location"), "")
        if answer.status not in _REDIRECTS or not location:
            break
        command = replace(command, url=urljoin(command.parts.geturl(), location))
        answer = _once(command, resolve)
    if "f" in command.flags and answer.status >= http.client.BAD_REQUEST:
        raise CommandError(f"curl: (22) The requested URL returned error: {answer.status}", "", 22)
    return answer


def _once(command: CurlCommand, resolve: Resolve) -> HttpAnswer:
    parts = command.parts
    given = command.resolve.get((parts.hostname or "", command.port))
    target = Target(given, command.port) if given else resolve(parts.scheme, parts.hostname or "", command.port)
    connection = _connection(command, target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "curl/8 (k8slab)", "Accept": "*/*"}
    headers |= {name.title() if name.lower() == "host" else name: value for name, value in command.headers.items()}
    if command.data and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(command.verb, path, command.data.encode() if command.data else None, headers)
        answer = connection.getresponse()
        body = answer.read(_LARGEST_BODY).decode(errors="replace")
        return HttpAnswer(answer.status, answer.reason, tuple(answer.getheaders()), body, target.note)
    except OSError as error:
        raise _failed(error, parts.netloc) from error
    except http.client.HTTPException as error:
        raise CommandError(
            "curl: (52) Empty reply from server", "Is something listening behind the port?", 52
        ) from error
    finally:
        connection.close()


def _connection(command: CurlCommand, target: Target) -> http.client.HTTPConnection:
    address = (target.host, target.port)
    if command.parts.scheme != "https":
        return http.client.HTTPConnection(*address, timeout=command.limit_seconds)
    context = ssl.create_default_context()
    if "k" in command.flags:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return _TlsConnection(address, command.limit_seconds, command.parts.hostname or "", context)


# The kinds of failures, the narrower first: curl's exit code, its words and the next action.
_FAILURES: tuple[tuple[type[OSError], int, str, str], ...] = (
    (ssl.SSLCertVerificationError, 60, "SSL certificate problem: {words}",
     "A lab's certificate is signed by nobody known; -k goes on without proof."),
    (ssl.SSLError, 35, "TLS connect error: {words}", "Does that port speak https?"),
    (TimeoutError, 28, "Operation timed out: {where}", "Does the address exist?"),
    (ConnectionResetError, 56, "Recv failure: Connection reset by peer", "Is something listening there?"),
    (ConnectionRefusedError, 7, "Failed to connect to {where}: connection refused",
     "Nothing answers there. Look at the Service and its endpoints: %kubectl get service,endpoints"),
    (socket.gaierror, 6, "Could not resolve host: {where}",
     "Names of Services exist only inside the cluster: %curl --from inside URL"),
    (OSError, 7, "Failed to connect to {where}: {words}", "%why URL says where the way ends."),
)  # fmt: skip


def _failed(error: OSError, where: str) -> CommandError:
    _, code, text, action = next(row for row in _FAILURES if isinstance(error, row[0]))
    words = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error.strerror or str(error)
    return CommandError(f"curl: ({code}) {text.format(where=where, words=words)}", action, code)


def shown(answer: HttpAnswer, command: CurlCommand) -> str:
    """Return what curl prints."""
    head = f"HTTP/1.1 {answer.status} {answer.reason}\n"
    head += "".join(f"{name}: {value}\n" for name, value in answer.headers)
    written = command.write_out.replace("\\n", "\n").replace("%{http_code}", str(answer.status))
    if command.output:
        return written
    if "I" in command.flags:
        return head + written
    if "v" in command.flags:
        head = f"> {command.verb} {command.parts.path or '/'} HTTP/1.1\n" + "".join(
            f"< {line}\n" for line in head.splitlines()
        )
    return (f"{head}\n{answer.body}" if {"i", "v"} & command.flags else answer.body) + written
