"""Write docs/coverage.md: what is served (kind x verb x subresource), and how much equals the recorded real cluster.

The parity score is what ``tests/parity`` holds: all recorded command lines less those of ``known_differences.yaml``.
Run from the repository: ``python -m scripts.update_coverage``. ``tests/parity`` holds the page against this script.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from k8slab.kube.resources import Catalog, Resource
from k8slab.kube.subresources import subresource_of
from tests.parity.compare import entries, keys, known
from tests.parity.scenario import load_all
from tests.parity.score import Score
from tests.parity.transcript import parse

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
_SHORT = {
    "create": "C", "get": "G", "list": "L", "watch": "W", "update": "U", "patch": "P", "delete": "D",
    "deletecollection": "X",
}  # fmt: skip
_HEAD = """# What the embedded cluster covers

Made by `python -m scripts.update_coverage`; a test holds the page against it.

## Parity with a real cluster

Scenarios of `kubectl` command lines, recorded on a real Kubernetes v1.34.4 and compared after normalising what must
differ ([tests/parity](../tests/parity/README.md)): standard output, standard error and exit status.
"""
_KINDS = """
## What is served

Verbs: C create, G get, L list, W watch, U update, P patch, D delete, X delete a collection.
A subresource shows its own verbs.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_parity(), "", *_differences(), _KINDS, *_kinds(), ""])


def _parity() -> Iterator[str]:
    score, listed = Score(), known(entries())
    for scenario in load_all():
        lines = keys(scenario.key, parse(scenario.golden.read_text(encoding="utf-8")))
        score.add(scenario.area, len(lines), sum(line in listed for line in lines))
    yield "| area | equal | command lines | |"
    yield "|---|---:|---:|---:|"
    for area, equal, total in score.rows():
        name = f"**{area}**" if area == "all" else area
        yield f"| {name} | {equal} | {total} | {100 * equal / max(total, 1):.1f} % |"


def _differences() -> Iterator[str]:
    yield "What still differs, with the reason (the lines are in `tests/parity/known_differences.yaml`):\n"
    yield "| lines | reason |"
    yield "|---:|---|"
    for entry in sorted(entries(), key=lambda entry: (-len(entry["lines"]), entry["reason"])):
        yield f"| {len(entry['lines'])} | {entry['reason']} |"


def _kinds() -> Iterator[str]:
    yield "| API | kind | verbs | subresources |"
    yield "|---|---|---|---|"
    for resource in sorted(Catalog(), key=lambda item: (item.group, item.version, item.kind)):
        parts = ", ".join(f"{name} ({_verbs(subresource_of(resource, name).verbs)})" for name in resource.subresources)
        yield f"| {resource.api_version} | {_kind(resource)} | {_verbs(resource.verbs)} | {parts} |"


def _kind(resource: Resource) -> str:
    return resource.kind if resource.namespaced else f"{resource.kind} (cluster)"


def _verbs(verbs: tuple[str, ...]) -> str:
    return "".join(letter for verb, letter in _SHORT.items() if verb in verbs)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
