"""Which images the lessons pull: read from their cells and manifests (pure over what was loaded)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from k8slab.lessons.model import Lesson, Step

# An option of kubectl, and a line of a manifest.
_IMAGE = re.compile(r"""--image[= ]["']?([^\s"']+)|^\s*(?:-\s+)?image:\s*["']?([^\s"'#]+)""", re.MULTILINE)
# The pod from which %curl --from inside sends.
_PROBE = "curlimages/curl"
# Programs of the embedded cluster, in no registry.
_OWN = "k8slab/"


def images_of(lessons: Iterable[Lesson]) -> list[str]:
    """Return the images of all solutions, given cells and manifests, sorted, each once; mistakes pull nothing real."""
    found = {_PROBE}
    for lesson in lessons:
        found |= set(named_images(text for step in lesson.steps for text in _cells(step)))
        files = sorted((lesson.folder / "manifests").glob("*.yaml"))
        # A manifest of the past is there to fail: its registry is frozen, its controller never starts.
        found |= set(named_images(path.read_text(encoding="utf-8") for path in files if "-2021" not in path.name))
    return sorted(name for name in found if not name.startswith(_OWN))


def _cells(step: Step) -> Iterator[str]:
    yield from step.solution
    yield from step.given


def named_images(texts: Iterable[str]) -> Iterator[str]:
    """Yield each image that a command or a manifest in the texts names."""
    for text in texts:
        for match in _IMAGE.finditer(text):
            yield match[1] or match[2]
