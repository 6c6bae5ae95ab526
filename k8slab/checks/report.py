"""What a check found, for people: the same in a terminal, in a notebook and in a test."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from k8slab.checks.match import Mismatch
from k8slab.language import ENGLISH, PhraseBook


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The verdict on one step. ``cause`` and ``command`` are the diagnosis and what to type next."""

    title: str
    passed: bool
    waited_seconds: float
    mismatches: tuple[Mismatch, ...] = ()
    cause: str = ""
    command: str = ""
    # What a passed step adds: whether the learner's prediction fits.
    notes: tuple[str, ...] = ()
    language: PhraseBook = ENGLISH

    def __str__(self) -> str:
        return self.language.say("\n".join(self._lines()))

    def _lines(self) -> list[str]:
        if self.passed:
            return [f"✓ {self.title} ({self.waited_seconds:.1f} s)", *(f"  {note}" for note in self.notes)]
        lines = [f"✗ {self.title} (waited {self.waited_seconds:.1f} s)"]
        for wrong in self.mismatches:
            lines += [f"  {wrong.path}", f"    expected: {wrong.expected}", f"    found:    {wrong.found}"]
        if self.cause:
            lines.append(f"  Likely cause: {self.cause}")
        if self.command:
            lines.append(f"  Try next: {self.command}")
        return lines

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = "#1a7f37" if self.passed else "#b42318"
        return f'<pre style="border-left:4px solid {colour};padding-left:8px">{escape(str(self))}</pre>'
