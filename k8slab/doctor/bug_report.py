"""What a maintainer needs to understand a failure of k8slab: versions, the machine, the ends of logs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from k8slab.doctor.findings import Finding

_SIGNS = {"ok": "ok", "gap": "MISSING", "note": "note"}
_MOST_LINES = 40
# Addresses of other machines; loopback, the lab's own networks and versions such as 1.34.4 stay.
_ADDRESS = re.compile(r"\b(?!127\.|10\.244\.|10\.96\.|172\.18\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}\b")


def bug_report(versions: Mapping[str, str], findings: Iterable[Finding], logs: Mapping[str, str]) -> str:
    """Return the text; ``logs``: the name of a cluster -> what it wrote. Secrets are taken out by who shows it."""
    parts = ["k8slab bug report (read it before you send it; nothing was sent)", "", "== Versions =="]
    parts += [f"{name} {version}" for name, version in versions.items()]
    parts += ["", "== Machine =="]
    parts += [f"{_SIGNS[one.state]}: {one.topic}: {one.found}" for one in findings]
    for name, log in logs.items():
        parts += ["", f"== Log of {name}: last lines ==", *log.splitlines()[-_MOST_LINES:]]
    return "\n".join(parts)


def without_places(text: str, user: str, host: str) -> str:
    """Take out the names of the user and of the machine, and addresses that are not the lab's own."""
    for word, instead in ((user, "[user]"), (host, "[host]")):
        if word:
            text = re.sub(rf"(?<![\w-]){re.escape(word)}(?![\w-])", instead, text)
    return _ADDRESS.sub("[address]", text)
