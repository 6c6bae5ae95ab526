"""What was probably meant, when kubectl does not know a kind, a file, a name or a command. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from k8slab.kube.objects import name_of
from k8slab.kube.resources import Catalog
from k8slab.snapshot import Snapshot

COMMANDS = (
    "annotate",
    "api-resources",
    "api-versions",
    "apply",
    "attach",
    "auth",
    "autoscale",
    "cluster-info",
    "config",
    "cordon",
    "cp",
    "create",
    "debug",
    "delete",
    "describe",
    "diff",
    "drain",
    "edit",
    "events",
    "exec",
    "explain",
    "expose",
    "get",
    "kustomize",
    "label",
    "logs",
    "patch",
    "port-forward",
    "proxy",
    "replace",
    "rollout",
    "run",
    "scale",
    "set",
    "taint",
    "top",
    "uncordon",
    "version",
    "wait",
)


def _near(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word.lower(), list(known), 1, 0.6)
    return found[0] if found else ""


def suggestion(error: str, files: Sequence[str] = (), snapshot: Snapshot | None = None) -> str:
    """Return a sentence on what was probably meant by a command that failed with these words; empty without an idea."""
    kind = re.search(r"resource type \"([^\"]+)\"", error)
    if kind:
        like = _near(kind[1].partition(".")[0], _kind_words())
        return f"Did you mean {like}?" if like else "All kinds: %kubectl api-resources"
    path = re.search(r"the path \"([^\"]+)\" does not exist|open ([^:\s]+): no such file", error)
    if path:
        like = _near_file(path[1] or path[2], files)
        return f"Did you mean {like}?" if like else ""
    command = re.search(r"unknown command \"([^\"]+)\"", error)
    if command:
        like = _near(command[1], COMMANDS)
        return f"Did you mean {like}?" if like else ""
    return _near_object(error, snapshot)


def _kind_words() -> list[str]:
    return [word for item in Catalog() for word in (item.plural, item.singular, *item.short_names)]


def _near_file(path: str, files: Sequence[str]) -> str:
    found = difflib.get_close_matches(path, files, 1, 0.6)
    return found[0] if found else ""


def _near_object(error: str, snapshot: Snapshot | None) -> str:
    missing = re.search(r"\(NotFound\): (\S+) \"([^\"]+)\" not found", error)
    resource = Catalog().named(missing[1]) if missing else None
    if missing is None or resource is None or snapshot is None:
        return ""
    like = _near(missing[2], [name_of(obj) for obj in snapshot.list(resource)])
    if like:
        return f"Did you mean {like}?"
    elsewhere = [obj for obj in snapshot.everywhere(resource) if name_of(obj) == missing[2]]
    return f"There is one in namespace {elsewhere[0]['metadata']['namespace']}." if elsewhere else ""
