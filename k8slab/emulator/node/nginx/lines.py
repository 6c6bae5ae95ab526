"""Which line of which file a line of the built configuration came from, so that nginx's messages name the learner's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from k8slab.emulator.node.nginx.translate import Directive

Origin = tuple[str, int]


def origins(directives: Iterable[Directive]) -> list[Origin]:
    """Return where each line of ``crossplane.build`` came from, the first line first."""
    made: list[Origin] = []
    for entry in directives:
        origin = (str(entry.get("file") or "/etc/nginx/nginx.conf"), int(entry.get("line") or 1))
        made += [origin] * (1 + sum(str(text).count("\n") for text in entry["args"]))
        if "block" in entry:
            made += origins(entry["block"])
            made.append(origin)
    return made


def renamed(text: str, built: str, found: list[Origin]) -> str:
    """Replace the built file and its line numbers in a message by the origins."""

    def name(match: re.Match[str]) -> str:
        number = int(match[1])
        file, line = found[number - 1] if 0 < number <= len(found) else ("/etc/nginx/nginx.conf", number)
        return f"{file}:{line}"

    return re.sub(re.escape(built) + r":(\d+)", name, text).replace(built, "/etc/nginx/nginx.conf")


def as_in_a_container(text: str, master: int, version: str) -> str:
    """Show the log as in a container: the master is process 1, and nothing tells of the machine outside."""

    def numbered(match: re.Match[str]) -> str:
        return "1#1:" if int(match[1]) == master or not master else "29#29:"

    text = re.sub(r"\b(\d+)#\d+:", numbered, text)
    text = re.sub(r"(worker process(?:es)?) \d+", r"\1 29", text)
    text = re.sub(r"received from \d+", "received from 30", text)
    text = re.sub(r"OS: Linux \S+", "OS: Linux 6.6.0", text)
    return re.sub(r"\[notice\] (\S+) nginx/[\d.]+", rf"[notice] \1 nginx/{version}", text)


def with_own_line(data: bytes) -> bytes:
    """Add the line that nginx prints beside its log while it starts: ``nginx: [emerg] ...``."""
    return re.sub(rb"^(\S+ \S+ (\[emerg\]) \d+#\d+: (.*)\n)", rb"\1nginx: \2 \3\n", data, flags=re.MULTILINE)
