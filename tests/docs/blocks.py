"""The fenced blocks of README and docs, and the rows of those commands that are not run here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Blocks in these languages are run or read; "text" is for what nobody types.
LANGUAGES = {"bash", "ipython", "yaml", "text", "python", "html"}
GENERATED = {"docs/cli.md"}

_FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)

# A command (by its beginning) that is not run here -> why not, and what proves it instead.
NOT_RUN = {
    "pip install": "needs a network; .ci/run and scripts/try_release.sh install the package as a user does",
    "python3 -m venv": "scripts/try_release.sh does it",
    "git clone": "needs a network",
    "k8slab lab": "serves until it is stopped; tests/unit/lessons/test_copies.py tests what it does",
    ". ": "enters what the line before made",
    "cd k8slab": "enters what the line before made",
    "python scripts/": "writes into the repository; test_pages.py and tests/lessons hold what they write",
    "pytest": "would run this test again",
    "k8slab run": "tests/lessons runs every lesson",
    "ruff format": ".ci/run does it",
    "lint-imports": ".ci/run does it",
    "mypy": ".ci/run does it",
}


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: the page (relative to the repository), its line, its language and its text."""

    page: str
    line: int
    language: str
    text: str


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        indent = match[1]
        body = "\n".join(row.removeprefix(indent) for row in match[3].splitlines())
        yield Block(str(page.relative_to(ROOT)), line, match[2], body)


def commands(block: Block) -> list[str]:
    """Return the commands of a bash block; ``a && b`` are two unless quoted together."""
    rows = block.text.replace("\\\n", " ").splitlines()
    rows = [row for row in rows if row.strip() and not row.strip().startswith("#")]
    return [part.strip() for row in rows for part in row.split(" && ")]


def reason_not_to_run(command: str) -> str:
    return next((why for beginning, why in NOT_RUN.items() if command.startswith(beginning)), "")


def cells(block: Block) -> list[str]:
    """Return the cells of an ipython block: a line each, but ``%%`` takes all that follows."""
    found: list[str] = []
    for row in block.text.splitlines():
        if found and found[-1].startswith("%%"):
            found[-1] += f"\n{row}"
        elif row.strip():
            found.append(row)
    return found
