"""The magics that ask the learner: predictions and the quiz; they share the session of ``LabMagics``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from k8slab.errors import CommandError, LessonError
from k8slab.lessons.questions import Predict, QuizState, answered, asked, index_of, lettered, letters
from k8slab.magics.arguments import split
from k8slab.magics.display import Message


@magics_class
class AskingMagics(Magics):
    """``%predict``, ``%quiz``."""

    def __init__(self, shell: Any, session: Callable[[], Any]) -> None:
        super().__init__(shell)
        self._session = session
        self._states: dict[str, QuizState] = {}

    @no_var_expand
    @line_magic
    def predict(self, line: str) -> Message:
        """``%predict [STEP] [ANSWER]``: note what you expect (or see the question); ``%check`` says what happened."""
        session, words = self._session(), split(line)
        step = session.current(words[0] if _names_a_step(words) else "")
        if step.predict is None:
            raise LessonError(f"Step {step.name} asks for no prediction.", f"Go on with it; then: %check {step.name}")
        given = words[1:] if _names_a_step(words) else words
        if not given:
            return self._message(_question(step.predict, step.name))
        answer = letters(len(step.predict.answers))[index_of(given[0], len(step.predict.answers), "%predict")]
        session.guesses[step.name] = answer
        return self._message([f"Noted: {answer}. %check {step.name} tells what happens."])

    @no_var_expand
    @line_magic
    def quiz(self, line: str) -> Message:
        """``%quiz`` asks; ``%quiz LETTER`` answers (a right answer goes on); ``%quiz NUMBER`` goes to a question."""
        session, words = self._session(), split(line)
        questions, name = session.open_lesson().quiz, session.lesson.name
        if not questions:
            raise LessonError(f"Lesson {name} has no quiz.", "Go on with the next lesson.")
        state = self._states.get(name, QuizState())
        if words and words[0].isdecimal():
            state = _gone_to(state, int(words[0]), len(questions))
        elif state.at >= len(questions):
            state = QuizState()
        lines = asked(questions, state.at)
        if words and not words[0].isdecimal():
            state, lines = answered(questions, state, words[0])
        self._states[name] = state
        return self._message(lines)

    def _message(self, lines: list[str]) -> Message:
        return Message(self._session().language.say("\n".join(lines)))


def _names_a_step(words: list[str]) -> bool:
    """Tell ``%predict heal b`` and ``%predict heal`` from ``%predict b``: answers are single letters."""
    return bool(words) and len(words[0].strip("()")) != 1


def _question(predict: Predict, step: str) -> list[str]:
    lines = [predict.question.strip(), *(f"  {answer}" for answer in lettered(predict.answers))]
    return [*lines, f"Answer with a letter: %predict {step} {letters(len(predict.answers))[0]}"]


def _gone_to(state: QuizState, number: int, count: int) -> QuizState:
    if not 1 <= number <= count:
        raise CommandError(f"The quiz has no question {number}.", f"It has {count}: %quiz 1")
    return QuizState(number - 1, state.missed)
