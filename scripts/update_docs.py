#!/usr/bin/env python3
"""Write the reference pages of the command line, the magics and lesson.yaml; with ``--verify`` exit 1 when one differs.

The sources are the code itself: click's commands, the docstrings of the magics, the dataclasses of lessons and checks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from k8slab.cli import main as command
from k8slab.cli.reference import command_page
from k8slab.lessons.schema import schema_text
from k8slab.magics.reference import magics_classes, magics_page

ROOT = Path(__file__).parent.parent
SCHEMA = Path("k8slab/lessons/lesson.schema.json")


def pages() -> dict[Path, str]:
    """Return each generated file (relative to the repository) with its text."""
    return {
        Path("docs/cli.md"): command_page(command),
        Path("docs/magics.md"): magics_page(magics_classes()),
        SCHEMA: schema_text(),
    }


def main() -> int:
    """Write or verify."""
    stale = [path for path, text in pages().items() if not _is(ROOT / path, text)]
    if "--verify" in sys.argv[1:]:
        print(f"stale: {', '.join(map(str, stale))}; run scripts/update_docs.py" if stale else "nothing is stale")
        return 1 if stale else 0
    for path in stale:
        (ROOT / path).write_text(pages()[path], encoding="utf-8")
    print(f"{len(stale)} files written")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
