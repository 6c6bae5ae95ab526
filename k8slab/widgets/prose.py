"""The few marks that texts of lessons use, as HTML; everything else is escaped. Pure."""

from __future__ import annotations

import re
from html import escape

_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")


def prose(text: str) -> str:
    """Return paragraphs with code and bold words."""
    parts = [escape(part.strip()) for part in re.split(r"\n\s*\n", text) if part.strip()]
    marked = [_BOLD.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", part)) for part in parts]
    return "".join(f"<p>{part}</p>" for part in marked)
