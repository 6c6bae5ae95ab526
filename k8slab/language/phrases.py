"""A table of phrases: the English text is the key, as with gettext, but already filled in.

Those who speak (checks, diagnoses, errors) make English sentences and know nothing of languages. A phrase such as
``Only {ready} of {wanted} pods are ready.`` recognises its sentence, takes the values out, and puts them into the other
language's. What no phrase recognises stays English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from k8slab.language.choice import ENGLISH_CODE

_VALUE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """``phrases``: the pattern of an English sentence, and the sentence that stands for it."""

    code: str = ENGLISH_CODE
    phrases: tuple[tuple[re.Pattern[str], str], ...] = ()

    def say(self, text: str) -> str:
        """Return the text in this language, line by line; white space at the beginning of a line stays."""
        if not self.phrases:
            return text
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        words = line.lstrip()
        return line[: len(line) - len(words)] + self._phrase(words)

    def _phrase(self, words: str) -> str:
        for pattern, sentence in self.phrases:
            found = pattern.fullmatch(words)
            if found is not None:
                # A value is a part of its sentence, so this comes to an end.
                values = {name: self._phrase(value) for name, value in found.groupdict().items()}
                return _VALUE.sub(lambda match, values=values: values[match[1]], sentence)  # type: ignore[misc]
        return words


ENGLISH = PhraseBook()


def made_of(code: str, table: Mapping[str, str]) -> PhraseBook:
    """Return the book of a table from English phrases to those of the language; the longest is tried first."""
    ordered = sorted(table.items(), key=lambda entry: -len(_VALUE.sub("", entry[0])))
    return PhraseBook(code, tuple((_pattern(english), sentence) for english, sentence in ordered))


def _pattern(english: str) -> re.Pattern[str]:
    """Return what recognises the sentence. Raises ``ValueError`` for one without words of its own."""
    pieces = _VALUE.split(english)
    if not "".join(pieces[::2]).strip():
        raise ValueError(f"the phrase {english!r} would recognise everything")
    return re.compile(
        "".join(f"(?P<{piece}>.*?)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    )


def table_of(code: str) -> dict[str, str]:
    """Return the table of a language as its file has it; empty for English."""
    path = Path(__file__).with_name(f"{code}.yaml")
    table: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return table


def phrase_book(code: str) -> PhraseBook:
    """Return the book of a language."""
    return ENGLISH if code == ENGLISH_CODE else made_of(code, table_of(code))
