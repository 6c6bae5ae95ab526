"""Runs kubectl for a cell: tables as tables, and a word on what was probably meant when it fails."""

from __future__ import annotations

import difflib
import io
import sys
from pathlib import Path
from typing import Any

from IPython.display import display

from k8slab.errors import CommandError
from k8slab.magics.process import stream
from k8slab.magics.suggestions import COMMANDS, suggestion
from k8slab.magics.tables import KubectlTable, is_table, wants_table

_READS = frozenset({"get", "describe", "logs", "explain", "wait", "version", "top", "events", "api-resources",
                    "api-versions", "cluster-info", "config", "diff"})  # fmt: skip
_MANIFESTS = (".yaml", ".yml", ".json")


def only_reads(words: list[str]) -> bool:
    """Tell whether a command changes nothing in the cluster."""
    return words[:1] == [] or words[0] in _READS or words[:2] in (["rollout", "status"], ["rollout", "history"])


def without_program(words: list[str]) -> list[str]:
    """Drop ``kubectl`` where it was typed too; raises ``CommandError`` where it was misspelt."""
    if words[:1] == ["kubectl"]:
        return words[1:]
    if words and words[0] not in COMMANDS and difflib.get_close_matches(words[0], ["kubectl"], 1, 0.75):
        raise CommandError(f"There is no program {words[0]}.", "Did you mean kubectl?")
    return words


def run_kubectl(session: Any, kubectl: Any, words: list[str], stdin: str) -> None:
    """Run to the end; raises ``CommandError`` with kubectl's own words and a suggestion."""
    command = [kubectl.program, *words]
    as_table = wants_table([word for word in words if not word.startswith("--namespace=")])
    captured = io.StringIO() if as_table else None
    try:
        stream(command, kubectl.environment(), stdin, captured)
    except CommandError as error:
        session.last_error = error.message
        hint = suggestion(error.message, _files(session), session.picture_at_hand())
        raise CommandError(error.message, error.action or hint, error.exit_code) from None
    finally:
        if captured is not None and captured.getvalue():
            _show(captured.getvalue())


def _show(text: str) -> None:
    if is_table(text):
        display(KubectlTable(text))
    else:
        sys.stdout.write(text)


def _files(session: Any) -> list[str]:
    here = [path.name for path in Path().iterdir() if path.suffix in _MANIFESTS]
    if session.lesson is None:
        return here
    folder = session.lesson.folder / "manifests"
    return [*here, *(f"manifests/{path.name}" for path in folder.glob("*") if path.suffix in _MANIFESTS)]
