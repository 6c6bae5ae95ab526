"""What came back for one request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """``status`` is 0 when there was no HTTP answer; ``error`` then says why."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    error: str
