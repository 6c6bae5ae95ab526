"""Objects that read well as plain text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from IPython.display import display


@dataclass(frozen=True, slots=True)
class Message:
    """Lines of text."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"


@dataclass(frozen=True, slots=True)
class Note:
    """A line beside the output: which cluster a cell acts on, how long a wait takes."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<small style="opacity:.65">{escape(self.text)}</small>'


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its text."""

    text: str
    svg: str

    def __repr__(self) -> str:
        return self.text

    def _repr_svg_(self) -> str:
        return self.svg


def tell(line: str) -> None:
    """Show a line in a display of its own: neither kubectl's output nor an error."""
    display(Note(line))
