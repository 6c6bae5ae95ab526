"""Sends the requests of ``tests/golden/ingress.yaml`` and reads what whoami prints."""

from __future__ import annotations

import base64
import re
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

REASONS = {"404": "404 Not Found", "503": "503 Service Temporarily Unavailable", "413": "413 Request Entity Too Large"}


@dataclass
class Answer:
    """One response."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    certificate: dict[str, str] = field(default_factory=dict)
    elapsed: float = 0.0

    @property
    def pod(self) -> str:
        found = re.search(r"^Hostname: (\S+)", self.body, re.MULTILINE)
        return found[1] if found else ""

    @property
    def app(self) -> str:
        return self.pod.rsplit("-", 2)[0]

    @property
    def line(self) -> str:
        found = re.search(r"^(\w+ \S+ HTTP/1\.[01])\r?$", self.body, re.MULTILINE)
        return found[1] if found else ""

    def upstream(self, name: str) -> str | None:
        found = re.findall(rf"^{re.escape(name)}: (.*?)\r?$", self.body, re.MULTILINE | re.IGNORECASE)
        return " || ".join(found) if found else None


def request_text(ask: dict[str, Any], namespace: str) -> bytes:
    body = b"x" * ask.get("body_size", 0) or str(ask.get("body", "")).encode()
    headers = {"Host": ask.get("host", ""), "User-Agent": "vectors/1", "Accept": "*/*", "Connection": "close"}
    if "basic" in ask:
        headers["Authorization"] = "Basic " + base64.b64encode(ask["basic"].encode()).decode()
    headers |= ask.get("headers") or {}
    if body:
        headers["Content-Length"] = str(len(body))
    version = ask.get("version", "1.1")
    path = str(ask.get("path", "/")).ljust(ask.get("path_length", 0), "x")
    lines = [f"{ask.get('method', 'GET')} {path} HTTP/{version}"]
    for name, value in headers.items():
        lines += [
            f"{name}: {entry}" for entry in (value if isinstance(value, list) else [value]) if entry or name != "Host"
        ]
    head = "\r\n".join(lines).replace("NAMESPACE", namespace) + "\r\n\r\n"
    return head.encode() + body


def send(port: int, ask: dict[str, Any], namespace: str, timeout: float = 15.0) -> Answer:
    began = time.monotonic()
    certificate: dict[str, str] = {}
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as plain:
        connection: socket.socket = plain
        if ask.get("scheme") == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            name = str(ask.get("sni") or ask.get("host", "x")).replace("NAMESPACE", namespace).partition(":")[0]
            wrapped = context.wrap_socket(plain, server_hostname=name)
            certificate = described(wrapped.getpeercert(binary_form=True))
            connection = wrapped
        with suppress(BrokenPipeError, ConnectionResetError):  # a refused body: the answer is there already
            connection.sendall(request_text(ask, namespace))
        data = b""
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                data += chunk
        if connection is not plain:
            connection.close()
    found = read(data)
    found.certificate, found.elapsed = certificate, time.monotonic() - began
    return found


def described(der: bytes | None) -> dict[str, str]:
    from cryptography import x509

    found = x509.load_der_x509_certificate(der or b"")
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {"names": ", ".join(f"DNS:{name}" for name in names.get_values_for_type(x509.DNSName))}


def read(data: bytes) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if headers.get("Transfer-Encoding") == "chunked":
        body = dechunked(body)
    status = int(words[1]) if len(words) > 1 else 0
    return Answer(status, headers, body.decode(errors="replace"))


def dechunked(body: bytes) -> bytes:
    made = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        made, body = made + rest[:length], rest[length + 2 :]
        if not length:
            break
    return made


def with_jar(ask: dict[str, Any], jar: dict[str, str]) -> dict[str, Any]:
    """Return the request with the cookies that its jar holds."""
    if not jar:
        return ask
    sent = "; ".join(f"{name}={value}" for name, value in jar.items())
    return {**ask, "headers": {**(ask.get("headers") or {}), "Cookie": sent}}


def keep_cookies(answer: Answer, jar: dict[str, str]) -> None:
    given = next((value for name, value in answer.headers.items() if name.lower() == "set-cookie"), "")
    name, _, value = given.partition(";")[0].partition("=")
    if name:
        jar[name] = value


def send_all(port: int, ask: dict[str, Any], namespace: str, jars: dict[str, dict[str, str]]) -> list[Answer]:
    if "jar" in ask:
        jar = jars.setdefault(ask["jar"], {})
        found = []
        for _ in range(ask.get("repeat", 1)):
            found.append(send(port, with_jar(ask, jar), namespace))
            keep_cookies(found[-1], jar)
        return found
    at_once = ask.get("concurrency", 1)
    repeat = ask.get("repeat", at_once)
    if at_once > 1:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda _: send(port, ask, namespace), range(repeat)))
    answers = []
    began = time.monotonic()
    for number in range(repeat):
        if ask.get("pace"):
            # The recording paced its requests too; the pace is what is measured here.
            time.sleep(max(0.0, began + number * ask["pace"] - time.monotonic()))
        answers.append(send(port, ask, namespace))
    return answers


def page(text: str) -> str:
    code = text.removeprefix("PAGE ")
    lines = ["<html>", f"<head><title>{code}</title></head>", "<body>", f"<center><h1>{code}</h1></center>",
             "<hr><center>nginx</center>", "</body>", "</html>", ""]  # fmt: skip
    return "\r\n".join(lines)


def differences(answers: list[Answer], wanted: dict[str, Any], namespace: str) -> list[str]:
    """Return what is not as the real controller answered."""
    found: list[str] = []
    for key, value in wanted.items():
        if key in CHECKS:
            found += [f"{key}: {text}" for text in CHECKS[key](answers, _named(value, namespace), wanted)]
        elif key not in ("tolerance", "about"):
            found.append(f"{key}: nothing here knows how to compare it")
    return found


def _named(value: Any, namespace: str) -> Any:
    if isinstance(value, str):
        return value.replace("NAMESPACE", namespace)
    if isinstance(value, dict):
        return {_named(key, namespace): _named(entry, namespace) for key, entry in value.items()}
    return [_named(entry, namespace) for entry in value] if isinstance(value, list) else value


def _same(found: Any, wanted: Any) -> list[str]:
    return [] if found == wanted else [f"expected {wanted!r}, found {found!r}"]


def _pattern(text: str) -> str:
    return re.sub(
        r"<(ip|id|key|uid|date-date|date|age|version)>",
        lambda m: r"[^;]+" if m[1].startswith("date") else r"\S+",
        re.escape(text).replace(r"date\-date", "date-date"),
    )


def _text(found: str | None, wanted: Any) -> list[str]:
    if wanted is None or found is None:
        return _same(found, wanted)
    return [] if re.fullmatch(_pattern(str(wanted)), found) else [f"expected {wanted!r}, found {found!r}"]


def _headers(answers: list[Answer], wanted: dict[str, Any], _all: Any) -> list[str]:
    have = {name.lower(): value for name, value in answers[0].headers.items()}
    return [f"{name} {text}" for name, value in wanted.items() for text in _text(have.get(name.lower()), value)]


def _upstream(answers: list[Answer], wanted: dict[str, Any], _all: Any) -> list[str]:
    return [f"{name} {text}" for name, value in wanted.items() for text in _text(answers[0].upstream(name), value)]


def _body(answers: list[Answer], wanted: str, _all: Any) -> list[str]:
    if wanted.startswith("PAGE "):
        return _same(answers[0].body, page(wanted))
    return _text(answers[0].body.replace("\r\n", "\n").strip(), wanted.strip())


def _counts(found: list[Any], wanted: dict[Any, int], tolerance: int) -> list[str]:
    have = {str(key): found.count(key) for key in found}
    keys = {*have, *map(str, wanted)}
    expected = {str(key): count for key, count in wanted.items()}
    wrong = any(abs(have.get(key, 0) - expected.get(key, 0)) > tolerance for key in keys)
    return [f"expected {expected}, found {have}"] if wrong else []


def _most(pods: list[str], wanted: int, tolerance: int) -> list[str]:
    found = max((pods.count(pod) for pod in pods), default=0)
    return [] if abs(found - wanted) <= tolerance else [f"expected {wanted} of the busiest pod, found {found}"]


CHECKS = {
    "status": lambda answers, wanted, _: _same(answers[0].status, wanted),
    "app": lambda answers, wanted, _: _same(answers[0].app, wanted),
    "line": lambda answers, wanted, _: _text(answers[0].line, wanted),
    "headers": _headers,
    "upstream": _upstream,
    "body": _body,
    "statuses": lambda answers, wanted, all_: _counts([a.status for a in answers], wanted, all_.get("tolerance", 0)),
    "apps": lambda answers, wanted, all_: _counts([a.app for a in answers if a.app], wanted, all_.get("tolerance", 0)),
    "order": lambda answers, wanted, _: _same(
        [a.status if isinstance(wanted[0], int) else a.app for a in answers], wanted
    ),
    "certificate": lambda answers, wanted, _: _same(answers[0].certificate.get("names"), wanted["names"]),
    "elapsed": lambda answers, wanted, _: (
        [] if abs(answers[0].elapsed - wanted) < 1.0 else [f"expected {wanted} s, found {answers[0].elapsed:.1f} s"]
    ),
    "most": lambda answers, wanted, all_: _most([a.pod for a in answers if a.pod], wanted, all_.get("tolerance", 0)),
    "pods": lambda answers, wanted, _: _same(len({a.pod for a in answers if a.pod}), wanted),
}
