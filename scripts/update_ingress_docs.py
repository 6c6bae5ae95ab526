#!/usr/bin/env python
"""Write docs/ingress.md from the tables of annotations and ConfigMap keys.

scripts/update_ingress_docs.py            write it
scripts/update_ingress_docs.py --verify   exit 1 when the file differs from the tables
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from k8slab.routing.configuration import ROWS, Configuration
from k8slab.routing.known_keys import KEYS_NOT_SERVED
from k8slab.routing.settings import Settings
from k8slab.routing.table import DEAD, NOT_SERVED, SERVED, SNIPPETS

PAGE = Path(__file__).parents[1] / "docs" / "ingress.md"
_HEAD = """# What the embedded ingress-nginx serves

This page is generated (`python scripts/update_ingress_docs.py`) from the tables that the controller itself reads
(`k8slab/routing/table.py`, `configuration.py`, `known_keys.py`). The model is ingress-nginx v1.15.1; what is served
was held against 286 answers recorded from it (`tests/golden/ingress.yaml`, asked again by `tests/ingress`).

* **served**: it does here what it does there.
* **refused**: as by the real controller, unless the administrator allows it in the ConfigMap
  (`allow-snippet-annotations: "true"` and `annotations-risk-level: Critical`). Then it is served as far as its
  directives stay inside the lab; one that reads files, loads code or reaches other hosts makes the path answer 503,
  and an event says so.
* **not served**: known, without effect here; an event on the Ingress says so. It works on kind.
* **ignored**: old annotations that v1.15.1 ignores as well.

Any other name is ignored, as by the real controller.
"""
_FAULTS = {
    "refused": "the Ingress is refused",
    "default": "the default is used",
    "denied": "the path answers 503",
}
# Where serving differs in a way that can be seen.
_NOTES = {
    "load-balance": "`ewma` takes the less busy of two random endpoints",
    "upstream-hash-by": "another hash than the real one, as stable when endpoints change",
    "auth-type": "`digest` is checked by a script of ours: MD5, qop=auth",
    "backend-protocol": "`FCGI` connects, but no teaching image speaks it",
    "cors-allow-origin": "not anchored at its start, as in the real one",
    "auth-url": "a variable in the host part answers 500",
}


def main() -> int:
    """Write or verify."""
    text = page()
    if "--verify" in sys.argv[1:]:
        if PAGE.read_text() != text:
            print(f"{PAGE} differs from the tables: run python scripts/update_ingress_docs.py")
            return 1
        return 0
    PAGE.write_text(text)
    return 0


def page() -> str:
    """Return what the page is to be."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "## Annotations\n\nNames are without their prefix `nginx.ingress.kubernetes.io/`.\n"
    yield "| Annotation | Group | Risk | State | Default | A wrong value | Note |\n|---|---|---|---|---|---|---|"
    for name in sorted({*SERVED, *NOT_SERVED, *DEAD}):
        yield "| " + " | ".join(_annotation(name)) + " |"
    yield "\n## Keys of the ConfigMap\n\nEach change is served at once. A wrong value leaves the default.\n"
    yield "| Key | State | Default |\n|---|---|---|"
    defaults = {field.name: field.default for field in fields(Configuration)}
    for key in sorted({*ROWS, *KEYS_NOT_SERVED}):
        state = "served" if key in ROWS else "not served"
        yield f"| {key} | {state} | {_shown(_default_of(key, defaults)) if key in ROWS else ''} |"


def _default_of(key: str, defaults: dict[str, object]) -> object:
    value = defaults[ROWS[key][0]]
    if key == "disable-access-log":
        return not value
    return value == "json" if key == "log-format-escape-json" else value


def _annotation(name: str) -> tuple[str, ...]:
    if name in SERVED:
        row = SERVED[name]
        default = next(field.default for field in fields(Settings) if field.name == row.field)
        state = "refused" if name in SNIPPETS else "served"
        return name, row.group, row.risk, state, _shown(default), _FAULTS[row.fault], _NOTES.get(name, "")
    if name in NOT_SERVED:
        group, risk = NOT_SERVED[name]
        return name, group, risk, "refused" if name in SNIPPETS else "not served", "", "", ""
    return name, "", "", "ignored", "", "", ""


def _shown(value: object) -> str:
    if value in ("", None, ()) or isinstance(value, tuple):
        return ", ".join(f"`{entry}`" for entry in value) if isinstance(value, tuple) else ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    sys.exit(main())
