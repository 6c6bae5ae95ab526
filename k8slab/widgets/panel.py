"""The lesson's panel: its steps with their state, and the buttons Check, Hint and Solution for the one in hand.

Work that takes time runs in a thread, which sets values of widgets and never prints.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets

from k8slab.errors import K8slabError
from k8slab.widgets.prose import prose

_MARKS = {"passed": "✓ passed", "now": "▶ in hand", "open": "○ open"}


@dataclass(frozen=True, slots=True)
class PanelStep:
    """What the panel needs of a step; ``deadline`` in seconds."""

    name: str
    title: str
    text: str
    hints: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()
    deadline: float = 10.0


class LessonPanel(ipywidgets.VBox):
    """``check`` takes a step's name and returns (passed, report); ``passed`` are the names of steps done before."""

    def __init__(
        self, title: str, steps: Sequence[PanelStep], passed: Sequence[str], check: Callable[[str], tuple[bool, str]]
    ) -> None:
        self._title, self._steps, self._check = title, tuple(steps), check
        self._passed, self._place = set(passed), 0
        self._hints = 0
        self._asked = False
        self._list, self._text, self._said = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        self._said.add_class("k8slab-said")
        self.buttons = {name: _button(name, tip) for name, tip in _BUTTONS}
        for name, action in (("Check", self._on_check), ("Hint", self._on_hint), ("Solution", self._on_solution),
                             ("Back", self._on_back), ("Next", self._on_next)):  # fmt: skip
            self.buttons[name].on_click(lambda _button, act=action: act())
        self.thread: threading.Thread | None = None
        super().__init__([self._list, self._text, ipywidgets.HBox(list(self.buttons.values())), self._said])
        self._go(next((n for n, step in enumerate(self._steps) if step.name not in self._passed), len(self._steps) - 1))

    # --- what is shown ---

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the widget with a text for notebooks that are opened without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = str(self)
        return bundle

    def __str__(self) -> str:
        lines = [f"{_MARKS[self._state(n)]}  {n + 1}. {step.title}" for n, step in enumerate(self._steps)]
        return "\n".join([self._title, *lines])

    def _state(self, place: int) -> str:
        if self._steps[place].name in self._passed:
            return "passed"
        return "now" if place == self._place else "open"

    @property
    def step(self) -> PanelStep:
        """Return the step in hand."""
        return self._steps[self._place]

    @property
    def said(self) -> str:
        """Return the HTML of the last message."""
        return str(self._said.value)

    def _go(self, place: int) -> None:
        self._place = max(0, min(place, len(self._steps) - 1))
        self._hints, self._asked = 0, False
        self._show()
        self._say("")

    def _show(self) -> None:
        rows = "".join(
            f"<li{' aria-current=step' if n == self._place else ''}>{_MARKS[self._state(n)]} "
            f"{'<b>' if n == self._place else ''}{escape(step.title)}{'</b>' if n == self._place else ''}</li>"
            for n, step in enumerate(self._steps)
        )
        self._list.value = f"<h3>{escape(self._title)}</h3><ol>{rows}</ol>"
        wait = f"<p><small>A check waits at most {self.step.deadline:.0f} s.</small></p>"
        self._text.value = f"<h4>{self._place + 1}. {escape(self.step.title)}</h4>{prose(self.step.text)}{wait}"

    def _say(self, text: str) -> None:
        self._said.value = f'<div role="status" aria-live="polite"><pre>{escape(text)}</pre></div>' if text else ""

    # --- the buttons ---

    def _on_check(self) -> None:
        self.buttons["Check"].disabled = True
        self._say(f"checking ... (at most {self.step.deadline:.0f} s)")
        self.thread = threading.Thread(target=self._checked, args=(self.step,), name="k8slab panel", daemon=True)
        self.thread.start()

    def _checked(self, step: PanelStep) -> None:
        try:
            passed, report = self._check(step.name)
        except K8slabError as error:
            passed, report = False, str(error)
        if passed:
            self._passed.add(step.name)
            self._show()
        self._say(report)
        self.buttons["Check"].disabled = False

    def _on_hint(self) -> None:
        hints = self.step.hints
        if not hints:
            self._say("This step has no hints.")
            return
        self._hints = min(self._hints + 1, len(hints))
        self._say("\n".join(f"Hint {n + 1} of {len(hints)}: {hints[n]}" for n in range(self._hints)))

    def _on_solution(self) -> None:
        if not self._asked:
            self._asked = True
            self._say("Show the solution? The hints come first; press Solution once more to see it.")
            return
        self._say("\n\n".join(self.step.solution) or "This step has nothing to type.")

    def _on_back(self) -> None:
        self._go(self._place - 1)

    def _on_next(self) -> None:
        self._go(self._place + 1)


_BUTTONS = (
    ("Check", "Look whether the step is done"), ("Hint", "Show the next hint"),
    ("Solution", "Show the solution (asks first)"),
    ("Back", "The step before"), ("Next", "The next step"),
)  # fmt: skip


def _button(name: str, tip: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=name, tooltip=tip, button_style="primary" if name == "Check" else "")
