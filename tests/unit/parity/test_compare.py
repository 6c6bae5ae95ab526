import pytest

from tests.parity.compare import Difference, compare, keys, updated, verdict
from tests.parity.transcript import Line, Transcript, dump, parse

LINES = [Line("kubectl get pods", "NAME\nweb", "", 0), Line("kubectl get pod x", "", 'Error: "x" not found', 1)]


def test_a_transcript_is_read_as_it_was_written() -> None:
    assert parse(dump(LINES)) == LINES
    several = [Line("echo a\necho b", "a\n\nb", "", 2)]
    assert parse(dump(several)) == several


def test_a_transcript_with_an_unknown_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1"):
        parse("x y\n")


@pytest.mark.parametrize(
    "changed",
    [
        Line("kubectl get pod x", "web", 'Error: "x" not found', 1),
        Line("kubectl get pod x", "", 'Error: "y" not found', 1),
        Line("kubectl get pod x", "", 'Error: "x" not found', 0),
    ],
)
def test_output_error_and_status_are_compared(changed: Line) -> None:
    assert compare("a/b", LINES, Transcript(tuple(LINES))) == []
    assert [one.key for one in compare("a/b", LINES, Transcript((LINES[0], changed)))] == ["a/b: kubectl get pod x"]


def test_a_scenario_that_was_changed_must_be_recorded_again() -> None:
    with pytest.raises(ValueError, match="record"):
        compare("a/b", LINES, Transcript(tuple(LINES[:1])))


def test_a_repeated_command_has_a_key_of_its_own() -> None:
    assert keys("a/b", [LINES[0], LINES[0]]) == ["a/b: kubectl get pods", "a/b: kubectl get pods #2"]


def test_new_differences_and_known_ones_that_are_gone_are_told() -> None:
    found = [Difference("one", ""), Difference("two", "")]
    assert verdict(found, {"two": "why", "three": "why"}, ["one", "two", "three"]) == ([found[0]], ["three"])


def test_what_a_failed_wait_kept_from_being_typed_differs() -> None:
    found = compare("a/b", LINES, Transcript(tuple(LINES[:1]), "no pod"))
    assert found == [Difference("a/b: kubectl get pod x", "not reached: no pod")]


def test_the_list_of_known_differences_is_brought_up_to_date() -> None:
    listed = [
        {"owner": "pods", "reason": "r", "lines": ["one", "two", "elsewhere"]},
        {"owner": "x", "reason": "r", "lines": ["four"]},
    ]
    found = updated(listed, ["one", "three"], ["one", "two", "three", "four"])
    assert found == [
        {"owner": "pods", "reason": "r", "lines": ["one", "elsewhere"]},
        {"owner": "nobody yet", "reason": "to be looked at", "lines": ["three"]},
    ]
