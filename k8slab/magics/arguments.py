"""Splits what was typed behind a magic: our own options first, the rest untouched."""

from __future__ import annotations

import shlex

from k8slab.errors import CommandError

_MOST_TIMES = 1000
_SHELL_SIGNS = frozenset({"|", "||", "&&", ";", ">", ">>", "<", "2>", "2>&1", "&"})
# Options by which kubectl would talk to another cluster than the one of this lab.
_ELSEWHERE = ("--context", "--kubeconfig", "--server", "-s", "--cluster", "--user", "--token")


def split(line: str) -> list[str]:
    """Split as a POSIX shell splits words; nothing is expanded. Raises ``CommandError`` for an open quote."""
    words = split_literally(line)
    found = next((word for word in words if word in _SHELL_SIGNS), None)
    if found is not None:
        raise CommandError(
            f"{found!r} belongs to a shell, and no shell is involved here.",
            "Type one command in a line; in a terminal pipes work: export KUBECONFIG=$(k8slab cluster kubeconfig)",
        )
    return words


def split_literally(line: str) -> list[str]:
    """Split as ``split`` does, for words among which signs of a shell are meant as they stand."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise CommandError(
            f"A quote is opened and not closed in: {line.strip()}", "Close it, or put a backslash before it."
        ) from error


def refuse_other_clusters(words: list[str], context: str) -> None:
    """Raise ``CommandError`` for options that name a cluster which the learner did not choose with ``%lab``."""
    before = words[: words.index("--")] if "--" in words else words
    for index, word in enumerate(before):
        name, _, value = word.partition("=")
        if name not in _ELSEWHERE:
            continue
        value = value or "".join(before[index + 1 : index + 2])
        if not (name == "--context" and value == context):
            raise CommandError(
                f"{name} {value} names a cluster that this lab did not start.",
                "Choose it on purpose: %lab start --context NAME",
            )


def take_option(words: list[str], name: str) -> tuple[str, list[str]]:
    """Take ``--name VALUE`` or ``--name=VALUE`` out of the words; return the value (or an empty text) and the rest."""
    for index, word in enumerate(words):
        if word == name:
            return "".join(words[index + 1 : index + 2]), words[:index] + words[index + 2 :]
        if word.startswith(f"{name}="):
            return word.partition("=")[2], words[:index] + words[index + 1 :]
    return "", words


def take_all(words: list[str], name: str) -> tuple[list[str], list[str]]:
    """Take every ``name VALUE`` out of the words; return the values and the rest."""
    values: list[str] = []
    while name in words:
        value, words = take_option(words, name)
        values.append(value)
    return values, words


def take_number(words: list[str], name: str, otherwise: float) -> tuple[float, list[str]]:
    """Take ``name N`` out of the words. Raises ``CommandError`` for what is no number."""
    text, rest = take_option(words, name)
    try:
        return (float(text) if text else otherwise), rest
    except ValueError as error:
        raise CommandError(f"{name} {text}: not a number.", f"For example: {name} {otherwise:g}") from error


def with_namespace(words: list[str], namespace: str) -> list[str]:
    """Return the words with the session's namespace, unless they say one themselves."""
    before = words[: words.index("--")] if "--" in words else words
    said = any(
        word in ("-n", "--namespace", "-A", "--all-namespaces") or word.startswith(("--namespace=", "-n="))
        for word in before
    )
    if said or namespace == "default" or not words:
        return words
    return [words[0], f"--namespace={namespace}", *words[1:]]


def take_count(words: list[str], name: str) -> tuple[int, list[str]]:
    """Take ``name N`` out of the words; 1 where it is not given. Raises ``CommandError`` for what is no count."""
    text, rest = take_option(words, name)
    if not text:
        return 1, rest
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_TIMES:
        raise CommandError(f"{name} {text}: not a number from 1 to {_MOST_TIMES}.", f"For example: {name} 10")
    return int(text), rest
