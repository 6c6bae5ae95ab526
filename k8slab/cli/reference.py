"""The command line's reference page, made of click's own commands (pure)."""

from __future__ import annotations

from collections.abc import Iterator

import click

_HEAD = """# Command line

Made from the commands themselves by `scripts/update_docs.py`.
"""


def command_page(root: click.Command) -> str:
    """Return the page as Markdown: a section for each command with what its ``--help`` says."""
    sections = (_section(words, one) for words, one in _commands(root, ["k8slab"]))
    return "\n".join([_HEAD, *sections])


def _commands(command: click.Command, words: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _commands(command.commands[name], [*words, name])


def _section(words: list[str], command: click.Command) -> str:
    # A fixed width: the page must not depend on the terminal of who makes it.
    context = click.Context(command, info_name=" ".join(words), max_content_width=100, terminal_width=100)
    return f"## `{' '.join(words)}`\n\n```text\n{command.get_help(context)}\n```\n"
