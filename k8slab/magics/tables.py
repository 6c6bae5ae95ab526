"""kubectl's tables as HTML beside the very text: parsed by the columns of the header. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

# Words of the columns STATUS and READY that ask for attention, and those that are well.
_BAD = re.compile(r"Err|Error|BackOff|Crash|Evicted|OOM|Invalid|Failed|Unknown|NotReady|Lost")
_GOING = re.compile(r"Pending|Creating|Terminating|Init|Unready")
_WELL = re.compile(r"Running|Ready|Active|Bound|Completed|Succeeded|Available")
_COLUMN = re.compile(r"\S+(?: \S+)*")
_HEADER = re.compile(r"[A-Z0-9][A-Z0-9()\- ]*( {2,}|$)")


@dataclass(frozen=True, slots=True)
class KubectlTable:
    """What ``kubectl get`` printed; ``text/plain`` is exactly that."""

    text: str

    def __repr__(self) -> str:
        return self.text.rstrip("\n")

    def _repr_html_(self) -> str:
        return "".join(_table(block) for block in re.split(r"\n{2,}", self.text.strip("\n")))


def is_table(text: str) -> bool:
    """Tell whether a text begins with the header of a table."""
    first = text.partition("\n")[0].rstrip()
    return (
        _HEADER.match(first) is not None and first == first.upper() and first.startswith(("NAME", "NAMESPACE", "LAST"))
    )


def cells(block: str) -> list[list[str]]:
    """Return the rows of a table, the header first; columns stand where the header's words do."""
    lines = block.splitlines()
    starts = [found.start() for found in _COLUMN.finditer(lines[0])]
    ends = [*starts[1:], None]
    return [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in lines]


def _table(block: str) -> str:
    if not is_table(block):
        return f"<pre>{escape(block)}</pre>"
    header, *rows = cells(block)
    head = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(_cell(name, text) for name, text in zip(header, row, strict=True)) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(column: str, text: str) -> str:
    colour = _colour(column, text)
    style = f";color:{colour};font-weight:600" if colour else ""
    return f'<td style="text-align:left;white-space:nowrap{style}">{escape(text)}</td>'


def _colour(column: str, text: str) -> str:
    if column == "READY" and re.fullmatch(r"\d+/\d+", text):
        have, want = text.split("/")
        return "#1a7f37" if have == want else "#b54708"
    if column != "STATUS":
        return ""
    for pattern, colour in ((_BAD, "#b42318"), (_GOING, "#b54708"), (_WELL, "#1a7f37")):
        if pattern.search(text):
            return colour
    return ""


# Options with which ``get`` prints something else than one table, or goes on printing.
_OTHER = ("-w", "--watch", "-o", "--output", "--raw", "-h", "--help", "--watch-only", "--template")


def wants_table(words: list[str]) -> bool:
    """Tell whether a kubectl command prints a table and ends."""
    if words[:1] != ["get"]:
        return False
    wide = [word for word in words if word.startswith(("-o", "--output"))]
    value = " ".join(words[words.index(wide[0]) :][:2]) if wide else ""
    if wide and not re.match(r"(-o|--output)[= ]?wide\b", value):
        return False
    return not any(word.partition("=")[0] in _OTHER and not word.startswith(("-o", "--output")) for word in words)
