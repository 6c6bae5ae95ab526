"""Why a patch cannot be applied."""

from __future__ import annotations


class PatchError(ValueError):
    """The patch does not fit; ``unprocessable`` tells a 422 answer from a 400 one."""

    def __init__(self, message: str, *, unprocessable: bool = False) -> None:
        super().__init__(message)
        self.unprocessable = unprocessable
