"""From what really came back to what a diagnosis calls it: the symptom, and the answer in one line."""

from __future__ import annotations

import re

from k8slab.diagnose.findings import Evidence

# curl's exit codes as symptoms.
_CODES: dict[int, str] = {
    6: "dns", 7: "refused", 28: "timeout", 35: "tls", 52: "reset", 56: "reset", 60: "tls", 51: "tls",
}  # fmt: skip
_REDIRECTS = range(300, 400)
_NOT_MODIFIED = 304
_FIRST_ERROR = 400
_SHOWN = 80


def symptom_of_status(status: int) -> str:
    """Return ``ok`` for a success, else the status."""
    if status == _NOT_MODIFIED or (status < _FIRST_ERROR and status not in _REDIRECTS):
        return "ok"
    return str(status)


def seen_answer(status: int, reason: str, headers: tuple[tuple[str, str], ...], body: str) -> Evidence:
    """Return the evidence of an HTTP answer."""
    found = {name.lower(): value for name, value in headers}
    line = f"HTTP {status} {reason}".strip()
    if found.get("location"):
        line += f", Location: {found['location']}"
    title = re.search(r"<title>([^<]*)</title>", body, re.IGNORECASE) or re.search(r"(\S[^\n]*)", body)
    words = title[1].strip() if title else ""
    if words:
        line += f": {words[:_SHOWN]}"
    return Evidence(symptom_of_status(status), line, body[:2000], found)


def seen_failure(code: int, words: str) -> Evidence:
    """Return the evidence of a request that got no answer; ``code`` is curl's exit code."""
    return Evidence(_CODES.get(code, "unmapped" if code == 1 else "refused"), words.strip())
