"""curl in a pod: its arguments and its output (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from k8slab.traffic.answers import ParsedAnswer

_MARK = "k8slab-probe-end"
_MEANINGS: Mapping[int, str] = {
    1: "the protocol is not supported",
    2: "curl did not understand its options",
    3: "the URL is malformed",
    6: "the name does not exist in the cluster's DNS",
    7: "the connection was refused",
    22: "the server answered with an error",
    28: "nothing answered in time",
    47: "too many redirects",
    52: "the server closed without an answer",
    56: "the connection broke while the answer came",
}


class InsideRequest(Protocol):
    """What is to be sent."""

    @property
    def url(self) -> str:
        """Return the URL."""
        ...

    @property
    def method(self) -> str:
        """Return the method."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the request headers."""
        ...

    @property
    def body(self) -> str:
        """Return the body."""
        ...

    @property
    def repeat(self) -> int:
        """Return how many requests, one connection each."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """Return the limit of each request."""
        ...


def meaning(code: int) -> str:
    """Return what an exit code of curl means."""
    return _MEANINGS.get(code, f"curl ended with {code}")


def curl_arguments(arguments: list[str], times: int) -> list[str]:
    """Return the command that runs curl in the pod, so many times in one exec; it ends with curl's last failure."""
    if times == 1:
        return ["curl", *arguments]
    program = 'n=$1; shift; i=0; s=0; while [ $i -lt $n ]; do curl "$@" || s=$?; i=$((i+1)); done; exit $s'
    return ["sh", "-c", program, "sh", str(times), *arguments]


def probe_arguments(request: InsideRequest) -> list[str]:
    """Return the command to run in the pod: one shell loop, so that many requests need one exec."""
    # The values travel as positional parameters, never as part of the program's text.
    program = (
        'n=$1; shift; i=0; while [ $i -lt $n ]; do curl -s -i "$@"; c=$?; echo; echo "'
        + _MARK
        + ' $c"; i=$((i+1)); done'
    )
    options = ["-m", f"{request.timeout_seconds:g}", "-X", request.method]
    for name, value in request.headers.items():
        options += ["-H", f"{name}: {value}"]
    if request.body:
        options += ["-d", request.body]
    return ["sh", "-c", program, "sh", str(request.repeat), *options, request.url]


def parse_answers(output: str) -> Iterator[ParsedAnswer]:
    """Yield one answer for each request of ``probe_arguments``."""
    text = ""
    for line in output.splitlines(keepends=True):
        if not line.startswith(_MARK):
            text += line
            continue
        code = int(line.split()[1])
        yield _answer(text, code)
        text = ""


def _answer(text: str, code: int) -> ParsedAnswer:
    if code:
        return ParsedAnswer(0, (), "", f"{meaning(code)} (curl exit code {code})")
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.splitlines() or [""]
    words = first.split(" ")
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    pairs = tuple((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return ParsedAnswer(status, pairs, body.removesuffix("\n"), "")
