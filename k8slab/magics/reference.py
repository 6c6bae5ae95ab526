"""The magics' reference page, made of their docstrings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from typing import Any

from IPython.core.magic import Magics

import k8slab.magics

_HEAD = """# Magics

After `%load_ext k8slab`. A line that begins with one `%` is a line magic; `%%` heads a cell and takes all below it.
Words go on as you typed them: IPython replaces nothing in them, so `$2` and `{name}` stay what they are.

Made from the magics themselves by `scripts/update_docs.py`; `%lab?` shows the same text in a notebook.
"""
_SIGNS = {"line": "%", "cell": "%%"}


def magics_classes() -> list[type[Any]]:
    """Return every class of magics that a module of ``k8slab.magics`` defines."""
    for module in pkgutil.iter_modules(k8slab.magics.__path__, "k8slab.magics."):
        importlib.import_module(module.name)
    return [one for one in Magics.__subclasses__() if one.__module__.startswith("k8slab.magics.")]


def magics_page(classes: Iterable[type[Any]]) -> str:
    """Return the page as Markdown: a section for each magic, in alphabetical order."""
    found = sorted(entry for one in classes for entry in _magics(one))
    return "\n".join([_HEAD, *(f"## {head}\n\n{text}\n" for _, head, text in found)])


def _magics(owner: type[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield name, heading and text of each magic; one function may be a line and a cell magic."""
    table = getattr(owner, "magics", {})
    for name in sorted({name for kind in _SIGNS for name in table.get(kind, {})}):
        kinds = [kind for kind in _SIGNS if name in table.get(kind, {})]
        function = getattr(owner, table[kinds[0]][name])
        text = (inspect.getdoc(function) or "").replace("``", "`")
        yield name, ", ".join(f"`{_SIGNS[kind]}{name}`" for kind in kinds), text
