"""The panel and the live picture, with their buttons pressed by hand."""

from __future__ import annotations

import threading

from k8slab.errors import LessonError
from k8slab.widgets.live import LivePicture
from k8slab.widgets.panel import LessonPanel, PanelStep
from k8slab.widgets.prose import prose

STEPS = [
    PanelStep("one", "Make it", "Type `kubectl` & **wait**.\n\nThen <look>.", ("first hint", "second hint"), ("%kubectl get x",)),
    PanelStep("two", "Break it", "Now.", (), ()),
]  # fmt: skip


def panel(passed: tuple[str, ...] = (), good: bool = True) -> LessonPanel:
    return LessonPanel("Lesson <1>", STEPS, passed, lambda name: (good, f"report on {name}"))


def press(found: LessonPanel, name: str) -> str:
    found.buttons[name].click()
    if name == "Check" and found.thread is not None:
        found.thread.join()
    return found.said


def test_the_steps_and_their_states_are_shown_in_text_too():
    found = panel(("one",))
    assert str(found).splitlines() == ["Lesson <1>", "✓ passed  1. Make it", "▶ in hand  2. Break it"]
    assert "Lesson &lt;1&gt;" in found.children[0].value
    bundle = found._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == str(found)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_check_that_holds_marks_the_step():
    found = panel()
    assert "report on one" in press(found, "Check")
    assert str(found).splitlines()[1].startswith("✓ passed")
    assert not found.buttons["Check"].disabled


def test_a_check_that_fails_says_why_and_marks_nothing():
    found = panel(good=False)
    assert "report on one" in press(found, "Check")
    assert "✓" not in str(found)


def test_an_error_is_told_in_the_panel():
    def check(_name: str) -> tuple[bool, str]:
        raise LessonError("No cluster.", "%lab start")

    found = LessonPanel("L", STEPS, (), check)
    assert "No cluster." in press(found, "Check")


def test_hints_come_one_by_one_and_the_solution_asks_first():
    found = panel()
    assert "Hint 1 of 2: first hint" in press(found, "Hint")
    assert "Hint 2 of 2: second hint" in press(found, "Hint")
    assert "%kubectl" not in press(found, "Solution")
    assert "%kubectl get x" in press(found, "Solution")
    assert press(found, "Next") == ""
    assert "no hints" in press(found, "Hint")
    assert "Break it" in found.children[1].value
    press(found, "Back")
    assert "Make it" in found.children[1].value


def test_prose_is_escaped_and_has_its_marks():
    assert prose(STEPS[0].text) == "<p>Type <code>kubectl</code> &amp; <b>wait</b>.</p><p>Then &lt;look&gt;.</p>"


def test_a_live_picture_follows_and_stops():
    changed, drawn = threading.Event(), threading.Event()
    numbers = iter(range(100))

    def draw() -> tuple[str, str]:
        number = next(numbers)
        if number:
            drawn.set()
        return f"text {number}", f"<svg>{number}</svg>"

    def wait(seconds: float) -> bool:
        seen = changed.wait(min(seconds, 0.05))
        changed.clear()
        return seen

    picture = LivePicture(draw, wait)
    try:
        assert picture.value == "<svg>0</svg>"
        changed.set()
        assert drawn.wait(2.0)
    finally:
        picture.stop()
    assert picture.value == "<svg>1</svg>"
    bundle = picture._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == "text 1"
