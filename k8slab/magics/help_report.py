"""What a teacher needs to help: versions, objects, events, last commands, the failed check; secrets taken out. Pure."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from importlib import metadata

from k8slab.kube.objects import dig, name_of
from k8slab.kube.resources import CONFIG_MAPS, DEPLOYMENTS, INGRESSES, PODS, SERVICES
from k8slab.snapshot import Snapshot
from k8slab.snapshot.timeline import timeline
from k8slab.topology.build import build_graph
from k8slab.topology.text import to_text

_SECRET = re.compile(
    r"(?i)(password|passwd|secret|token|api-?key|authorization|credential)s?([\"']?\s*[:=]\s*[\"']?|\s+)(\S+)"
)
_LITERAL = re.compile(r"(--from-literal[= ][^=\s]+=)(\S+)")
_USER = re.compile(r"((?:-u|--user)[ =]?)(\S+)")
_ADDRESS = re.compile(r"(://)[^/\s:@]+:[^/\s@]+@")
_HOME = re.compile(r"/(home|Users)/[^/\s]+")
_PEM = re.compile(r"-----BEGIN [^-]+-----.*?-----END [^-]+-----", re.DOTALL)
_MOST_EVENTS = 25


def redacted(text: str) -> str:
    """Take out what looks like a password, a token, a key, or a person's folder."""
    text = _PEM.sub("[a PEM block was taken out]", text)
    text = _LITERAL.sub(r"\1[taken out]", text)
    text = _USER.sub(r"\1[taken out]", text)
    text = _ADDRESS.sub(r"\1[taken out]@", text)
    text = _SECRET.sub(r"\1\2[taken out]", text)
    return _HOME.sub(r"/\1/[user]", text)


def help_report(snapshot: Snapshot, where: str, commands: Sequence[str], error: str, check: str) -> str:
    """Return the report as text."""
    parts = [
        "k8slab report (for your teacher; nothing was sent anywhere)",
        (
            f"k8slab {metadata.version('k8slab')}, Python {platform.python_version()}, {platform.system()}"
            f" {platform.machine()}"
        ),
        where,
        _section("Last commands", "\n".join(commands)),
        _section("Last error", error),
        _section("Last failed check", check),
        _section("Objects", _objects(snapshot)),
        _section("Topology", to_text(build_graph(snapshot))),
        _section("Events", "\n".join(str(timeline(snapshot)).splitlines()[-_MOST_EVENTS:])),
        _section("Not visible", "\n".join(str(gap) for gap in snapshot.gaps)),
    ]
    return redacted("\n".join(part for part in parts if part))


def _section(title: str, text: str) -> str:
    return f"\n== {title} ==\n{text.strip(chr(10))}" if text.strip() else ""


def _objects(snapshot: Snapshot) -> str:
    lines = []
    for resource in (DEPLOYMENTS, PODS, SERVICES, INGRESSES, CONFIG_MAPS):
        names = [
            name_of(obj) + (f" ({phase})" if (phase := dig(obj, "status", "phase", default="")) else "")
            for obj in snapshot.list(resource)
        ]
        lines += [f"{resource.plural}: {', '.join(names)}"] if names else []
    return "\n".join(lines)
