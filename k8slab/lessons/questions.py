"""What a lesson asks: a prediction before a step, and the quiz at its end (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from k8slab.errors import CommandError

_LETTERS = "abcdefgh"


@dataclass(frozen=True, slots=True)
class Predict:
    """A question before a step; ``right`` is the letter of the answer that the step will show, ``why`` one sentence."""

    question: str
    answers: tuple[str, ...]
    right: str
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a question of the quiz, and what the learner is told who takes it."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the closing quiz; exactly one choice is right."""

    question: str
    choices: tuple[Choice, ...]

    @property
    def right(self) -> str:
        """Return the letter of the right choice."""
        return next(letter for letter, choice in zip(_LETTERS, self.choices, strict=False) if choice.right)


@dataclass(frozen=True, slots=True)
class QuizState:
    """Where a learner is in a quiz: the question in hand (from 0), and those that were missed at the first try."""

    at: int = 0
    missed: frozenset[int] = frozenset()


def lettered(texts: Sequence[str]) -> list[str]:
    """Return ``a) ...`` for each text."""
    return [f"{letter}) {text}" for letter, text in zip(_LETTERS, texts, strict=False)]


def letters(count: int) -> list[str]:
    """Return the letters of that many answers."""
    return list(_LETTERS[:count])


def index_of(letter: str, count: int, magic: str) -> int:
    """Return which answer a letter names. Raises ``CommandError``."""
    known = letters(count)
    if letter.strip("()").lower() not in known:
        raise CommandError(
            f"There is no answer {letter!r}.", f"Type one of: {', '.join(f'{magic} {one}' for one in known)}"
        )
    return known.index(letter.strip("()").lower())


def verdict(predict: Predict, guess: str) -> list[str]:
    """Return the lines that a passed check adds: what happened, and whether the guess fits."""
    count = len(predict.answers)
    real = lettered(predict.answers)[index_of(predict.right, count, "%predict")]
    if not guess:
        return [f"What happened: {real}", predict.why]
    if guess == predict.right:
        return [f"You predicted it: {real}", predict.why]
    mine = lettered(predict.answers)[index_of(guess, count, "%predict")]
    return [f"You predicted: {mine}", f"What happened: {real}", predict.why]


def asked(questions: Sequence[Question], number: int) -> list[str]:
    """Return the lines of one question of the quiz (``number`` from 0)."""
    question = questions[number]
    lines = [f"Question {number + 1} of {len(questions)}", question.question]
    lines += [f"  {line}" for line in lettered([choice.text for choice in question.choices])]
    return [*lines, "Answer with %quiz and a letter."]


def answered(questions: Sequence[Question], state: QuizState, letter: str) -> tuple[QuizState, list[str]]:
    """Return the next state and the feedback. A wrong answer leaves the question open. Raises ``CommandError``."""
    question = questions[state.at]
    choice = question.choices[index_of(letter, len(question.choices), "%quiz")]
    if not choice.right:
        return replace(state, missed=state.missed | {state.at}), [f"✗ {choice.feedback}", "Try again."]
    state = replace(state, at=state.at + 1)
    lines = [f"✓ {choice.feedback}", ""]
    if state.at < len(questions):
        return state, [*lines, *asked(questions, state.at)]
    first = len(questions) - len(state.missed)
    return state, [*lines, f"The quiz is done: {first} of {len(questions)} right at the first try."]
