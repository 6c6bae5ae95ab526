"""How findings speak of objects: labels in one line, near names, commands with the namespace where it is needed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from k8slab.kube.objects import Obj, name_of, namespace_of


def labels_text(labels: Mapping[str, str]) -> str:
    """Return ``a=b,c=d``."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "(none)"


def near(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the most alike of the known words, or an empty text."""
    found = difflib.get_close_matches(word, [entry for entry in known if entry != word], 1, cutoff)
    return found[0] if found else ""


def said(obj: Obj, kind: str) -> str:
    """Return ``Kind name`` with the namespace where it is not the default one."""
    where = namespace_of(obj)
    return f"{kind} {name_of(obj)}" + (f" (namespace {where})" if where not in ("", "default") else "")


def in_namespace(command: str, namespace: str) -> str:
    """Return a kubectl command that looks into the namespace."""
    return command if namespace in ("", "default") else f"{command} -n {namespace}"


def listed(words: Iterable[object], most: int = 6, empty: str = "none") -> str:
    """Return words with commas; of long lists the beginning."""
    shown = [str(word) for word in words]
    return (", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")) or empty
