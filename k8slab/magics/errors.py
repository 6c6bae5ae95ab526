"""Errors in the learner's language: what IPython calls for them in place of its own traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8slab.errors import K8slabError


def in_language(say: Callable[[str], str]) -> Callable[..., list[str]]:
    """Return a handler for ``set_custom_exc``: it translates the error and shows it; the cell fails as ever."""

    def show(shell: Any, kind: type, error: K8slabError, trace: Any, tb_offset: int | None = None) -> list[str]:  # noqa: ARG001 - IPython passes all
        error.message, error.action = say(error.message), say(error.action)
        lines = error._render_traceback_()
        shell._showtraceback(kind, error, lines)  # noqa: SLF001 - what IPython itself calls, and kernels override
        return lines

    return show
