"""What an author should look at again in a lesson (pure over what was loaded, but for files that prose links to)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from k8slab.lessons.images import named_images
from k8slab.lessons.model import Lesson, Step

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_WRITTEN = re.compile(r"^%%writefile (?:-a )?(\S+)", re.MULTILINE)
_FILE = re.compile(r"(?<!\S)(?:-f|--filename)[= ](\S+)")
# A hint with this share of what the task left open gives it away, where that is more than a word or two.
_LEAST_GIVEN_AWAY = 0.9
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding: ``place`` is the step (empty: the whole lesson), ``text`` what is wrong, ``action`` what to do."""

    place: str
    text: str
    action: str


def remarks(lesson: Lesson, is_known_image: Callable[[str], bool] = lambda _: True) -> Iterator[Remark]:
    """Yield what is missing or doubtful. ``is_known_image`` says whether the embedded cluster has an image."""
    if not lesson.steps:
        yield Remark("", "the lesson has no steps", "Add one under steps:")
    if not lesson.cleanup:
        yield Remark("", "nothing cleans up", "Add cleanup: with a cell that deletes what the steps made")
    counted = Counter(step.name for step in lesson.steps)
    for name in (name for name, times in counted.items() if times > 1):
        yield Remark(name, "several steps have this name", "Give each step a name of its own")
    for step in lesson.steps:
        for text, action in _of_step(lesson, step, is_known_image):
            yield Remark(step.name, text, action)
    for text in (lesson.introduction, lesson.closing):
        for problem, action in _dead_links(lesson, text):
            yield Remark("", problem, action)


def _of_step(lesson: Lesson, step: Step, is_known_image: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    if not step.checks:
        yield "nothing is checked", "Add checks: with what must be true afterwards"
    if not step.mistakes:
        yield "no mistakes are listed", "Add mistakes: with cells that learners get wrong, and the advice they must see"
    if not step.hints:
        yield "there are no hints", "Add hints:, from a nudge to the whole answer"
    elif _gives_away(step.hints[0], step):
        yield "the first hint gives the answer away", "Let it name the place to look, and a later one the answer"
    if not step.solution:
        yield "there is no solution", "Add solution: with the cells to type"
    for image in sorted(_images(step)):
        if not is_known_image(image):
            yield (
                f"the embedded cluster has no image {image}",
                "Use one of its catalogue, or say that the step needs kind",
            )
    yield from _dead_links(lesson, step.text)
    yield from _missing_files(lesson, step)


def _gives_away(hint: str, step: Step) -> bool:
    """Tell whether a hint holds (nearly) every word of a solution's cell that the task does not name already."""
    told, given = _words(hint), _words(step.text) | _words(" ".join(step.given))
    wanted = [words for cell in step.solution if (words := _words(cell) - given)]
    return any(len(words) >= _LEAST_WORDS and len(words & told) / len(words) >= _LEAST_GIVEN_AWAY for words in wanted)


def _words(text: str) -> set[str]:
    return {word.strip(".,;:`'\"()").lstrip("%") for word in text.split()} - {"", "kubectl"}


def images(lesson: Lesson) -> set[str]:
    """Return the images that the lesson's cells name."""
    return {image for step in lesson.steps for image in _images(step)}


def _images(step: Step) -> set[str]:
    return {image for cell in (*step.solution, *step.given) for image in named_images([cell])}


def _dead_links(lesson: Lesson, text: str) -> Iterator[tuple[str, str]]:
    for target in _LINK.findall(text):
        local = target.partition("#")[0]
        if local and "://" not in local and not local.startswith("mailto:") and not (lesson.folder / local).exists():
            yield f"the link {target} leads nowhere", "Name a file in the lesson's folder, or a whole URL"


def _missing_files(lesson: Lesson, step: Step) -> Iterator[tuple[str, str]]:
    cells = [cell for one in lesson.steps for cell in (*one.solution, *one.given)]
    written = set(_WRITTEN.findall("\n".join(cells)))
    for cell in (*step.solution, *step.given):
        for name in _FILE.findall(cell):
            if name != "-" and "://" not in name and name not in written and not (lesson.folder / name).exists():
                yield f"there is no file {name}", "Add it to the lesson's folder, or name one that is there"
