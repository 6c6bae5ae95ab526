from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from k8slab.checks.match import Mismatch, match, match_answers, match_log
from k8slab.checks.reader import Answer, ProbeResult
from k8slab.checks.report import CheckReport
from k8slab.checks.spec import CHECKS, Absent, Check, Endpoints, Event, Exists, FieldIs, Http, Log, Ready, Replaced
from k8slab.errors import CommandError
from k8slab.kube.resources import DEPLOYMENTS, SERVICES
from k8slab.language import ENGLISH, LANGUAGES, chosen_language, named_language, phrase_book
from k8slab.language.phrases import made_of, table_of
from k8slab.snapshot import Snapshot

PACKAGE = Path(__file__).parents[3] / "k8slab"
TRANSLATED = [code for code in LANGUAGES if code != "en"]
_VALUE = re.compile(r"\{\w+\}")


def test_values_are_taken_over_and_translated_where_they_are_phrases():
    book = made_of(
        "xx", {"found: {value}": "da: {value}", "{count} pods": "{count} Kapseln", "{a} because: {b}": "{b} ({a})"}
    )
    assert book.say("  found: 3 pods\nfound: x{y}\nelse") == "  da: 3 Kapseln\nda: x{y}\nelse"
    assert book.say("a because: 2 pods") == "2 Kapseln (a)"


def test_english_stays_as_it_is():
    assert ENGLISH.say("  found:    nothing\n") == "  found:    nothing\n"
    assert phrase_book("en") is ENGLISH


def test_a_phrase_without_words_is_refused():
    with pytest.raises(ValueError, match="everything"):
        made_of("xx", {"{a} {b}": "{a}"})


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"), ({"LANG": "zh_CN.UTF-8"}, "zh-CN"), ({"LANG": "zh"}, "zh-CN"), ({"LANG": "C.UTF-8"}, "en"),
        ({"K8SLAB_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"), ({"K8SLAB_LANG": "zh-CN", "LANG": "C"}, "zh-CN"),
        ({"LANG": "zhuang"}, "en"), ({"LC_ALL": "de_DE", "LANG": "zh_CN"}, "en"),
    ],
)  # fmt: skip
def test_the_environment_chooses(environment: dict[str, str], code: str):
    assert chosen_language(environment) == code


def test_a_language_asked_for_by_name_must_be_known():
    assert named_language("zh_CN") == "zh-CN"
    with pytest.raises(CommandError, match="Languages: en, zh-CN"):
        named_language("tlh")


def pieces_said() -> str:
    """Return all literal text of the package: a phrase that nobody says any more is stale."""
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "emulator" not in path.parts:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [
                node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
    return "\n".join(found)


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_phrase_is_stale(code: str):
    said = pieces_said()
    stale = [
        phrase
        for phrase in table_of(code)
        if not all(piece.strip(" .(") in said for piece in _VALUE.split(phrase) if len(piece.strip()) > 1)
    ]
    assert stale == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_keeps_all_values(code: str):
    for phrase, sentence in table_of(code).items():
        assert sorted(_VALUE.findall(phrase)) == sorted(_VALUE.findall(sentence)), phrase


def failing() -> list[Mismatch]:
    """Return what every kind of check says when it fails."""
    service = {"metadata": {"name": "there", "namespace": "default"}, "spec": {}}
    deployment = {"metadata": {"name": "there", "namespace": "default"}, "spec": {"replicas": 1}, "status": {}}
    snapshot = Snapshot.build("default", datetime.now(UTC), {SERVICES: [service], DEPLOYMENTS: [deployment]})
    checks: list[Check] = [
        Exists("Service", "gone"), Absent("Service", "there"), Endpoints("there", 3), Endpoints("gone", 3),
        FieldIs("Service", "there", "a.b", equals="x"), FieldIs("Service", "there", "a.b", contains="x"),
        FieldIs("Service", "there", "a.b", matches="x"), FieldIs("Service", "there", "a.b", at_least=2),
        FieldIs("Service", "there", "a.b"), Ready("Deployment", "there", 3), Ready("Deployment", "gone", 3),
        Event("Killing", name="a"), Replaced("there", 3),
    ]  # fmt: skip
    wrong = [entry for check in checks for entry in match(check, snapshot)]
    ask = Http("http://a/", body="x", repeat=2)
    wrong += match_answers(ask, ProbeResult((Answer(404),), "http://a/"))
    wrong += match_answers(ask, ProbeResult((Answer(200, body="y"),), "http://a/"))
    wrong += match_answers(Http("http://a/", bodies=("x",)), ProbeResult((Answer(200, body="y"),), "http://a/"))
    wrong += match_answers(Http("http://a/", statuses={200: (3, 4)}), ProbeResult((Answer(503),), "http://a/"))
    wrong += match_log(Log("Pod", "a", "hello"), "")
    assert {type(check) for check in checks} | {Http, Log} == set(CHECKS.values())
    return wrong


@pytest.mark.parametrize("code", TRANSLATED)
def test_what_checks_expect_is_said_in_the_language(code: str):
    book = phrase_book(code)
    english = [entry.expected for entry in failing() if re.search("[a-z]{4}", entry.expected)]
    assert english
    assert [text for text in english if book.say(text) == text and not text.startswith("Killing")] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_reports_are_said_in_the_language(code: str):
    wrong = (Mismatch("Deployment/my-dep status.readyReplicas", "3", "nothing"),)
    cause = "There is no Deployment called my-dep, but there is one called mydep."
    failed = str(CheckReport("T", False, 2.04, wrong, cause, "%kubectl get deployments", language=phrase_book(code)))
    for english in ("waited", "expected", "found", "nothing", "Likely", "There is", "Try next"):
        assert english not in failed
    for kept in ("my-dep", "mydep", "2.0", "%kubectl get deployments", "status.readyReplicas"):
        assert kept in failed
    passed = CheckReport("T", True, 0.1, notes=("You predicted: b) x",), language=phrase_book(code))
    assert "predicted" not in str(passed)
    assert "b) x" in passed._repr_html_()
