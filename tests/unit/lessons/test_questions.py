from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from k8slab.errors import CommandError, LessonError
from k8slab.lessons.load import find_lessons
from k8slab.lessons.load_questions import load_predict, load_quiz
from k8slab.lessons.questions import Predict, QuizState, answered, asked, verdict

PREDICT = Predict("How many?", ("none", "three"), "b", "They are counted.")
QUIZ = load_quiz(
    [
        {"question": "One?", "choices": [{"text": "x", "feedback": "No: x."},
                                         {"text": 80, "feedback": "Yes: y.", "right": True}]},
        {"question": "Two?", "choices": [{"text": "p", "feedback": "Yes: p.", "right": True},
                                         {"text": "q", "feedback": "No: q."}]},
    ],
    "here",
)  # fmt: skip
COURSE = Path(__file__).parents[3] / "lessons"


@pytest.mark.parametrize(
    ("guess", "first"),
    [("", "What happened: b) three"), ("b", "You predicted it: b) three"), ("a", "You predicted: a) none")],
)
def test_a_verdict_says_what_happened_and_whether_the_guess_fits(guess: str, first: str):
    lines = verdict(PREDICT, guess)
    assert lines[0] == first
    assert lines[-1] == "They are counted."
    assert any("b) three" in line for line in lines)


def test_a_wrong_answer_leaves_the_question_open_and_is_remembered():
    state, lines = answered(QUIZ, QuizState(), "a")
    assert state == QuizState(0, frozenset({0}))
    assert lines == ["✗ No: x.", "Try again."]
    state, lines = answered(QUIZ, state, "B")
    assert state.at == 1
    assert lines[0] == "✓ Yes: y."
    assert lines[2:] == asked(QUIZ, 1)
    state, lines = answered(QUIZ, state, "(a)")
    assert lines[-1] == "The quiz is done: 1 of 2 right at the first try."


def test_a_question_shows_its_choices_with_letters():
    assert asked(QUIZ, 0)[:4] == ["Question 1 of 2", "One?", "  a) x", "  b) 80"]


@pytest.mark.parametrize("letter", ["c", "ab", "1", "%"])
def test_an_unknown_letter_is_refused_with_those_that_exist(letter: str):
    with pytest.raises(CommandError, match="%quiz a, %quiz b"):
        answered(QUIZ, QuizState(), letter)


@pytest.mark.parametrize(
    "entry",
    [
        "text", {"choices": []}, {"question": "?", "choices": [{"text": "a", "feedback": "b", "right": True}]},
        {"question": "?", "choices": [{"text": "a", "feedback": "b"}, {"text": "a", "feedback": "b"}]},
        {"question": "?", "choices": [{"text": "a", "right": True}, {"text": "a", "feedback": "b"}]},
        {"question": "?", "choices": [{"text": t, "feedback": "b", "right": True} for t in "ab"]},
    ],
)  # fmt: skip
def test_a_quiz_without_one_right_choice_or_without_feedback_is_refused(entry: Any):
    with pytest.raises(LessonError, match="here: question 1"):
        load_quiz([entry], "here")


@pytest.mark.parametrize(
    "entry",
    [
        "b", {"question": "?"}, {"question": "?", "answers": ["x", "y"], "right": "c", "why": "w"},
        {"question": "?", "answers": ["x"], "right": "a", "why": "w"},
        {"question": "?", "answers": ["x", "y"], "right": "a"},
    ],
)  # fmt: skip
def test_a_prediction_without_its_parts_is_refused(entry: Any):
    with pytest.raises(LessonError, match="here"):
        load_predict(entry, "here")


def test_numbers_are_answers_too():
    assert load_predict({"question": "?", "answers": [1, 3], "right": "b", "why": "w"}, "here") == Predict(
        "?", ("1", "3"), "b", "w"
    )


@pytest.mark.parametrize("lesson", [one for one in find_lessons(COURSE) if one.quiz], ids=lambda one: one.name)
def test_the_quizzes_of_the_course_have_three_questions_whose_feedback_differs(lesson: Any):
    assert len(lesson.quiz) == 3
    assert len({choice.feedback for question in lesson.quiz for choice in question.choices}) == 9
    assert len({question.right for question in lesson.quiz}) > 1, "the right answer has always the same letter"
