"""Objects that read well as plain text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Message:
    """Lines of text."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text)}</pre>"


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its text; where no picture could be drawn, a note says how to get one."""

    text: str
    svg: str

    def __repr__(self) -> str:
        return self.text

    def _repr_svg_(self) -> str | None:
        return self.svg or None

    def _repr_html_(self) -> str:
        if self.svg:
            return self.svg
        note = "Install Graphviz (the program dot) to see this as a picture."
        return f"<pre>{escape(self.text)}</pre><p><small>{note}</small></p>"
