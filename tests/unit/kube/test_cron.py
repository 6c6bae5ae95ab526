from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from k8slab.kube.cron import CronError, parse_schedule


@pytest.mark.parametrize(
    ("text", "after", "wanted"),
    [
        ("*/5 * * * *", "2026-01-01T00:00:00", "2026-01-01T00:05:00"),
        ("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("30 6-16/4 * * 1-5", "2026-01-02T15:00:00", "2026-01-05T06:30:00"),
        ("0 12 13 * fri", "2026-01-01T00:00:00", "2026-01-02T12:00:00"),
        ("0 12 */2 * fri", "2026-01-03T13:00:00", "2026-01-05T12:00:00"),
        ("@monthly", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
        ("@every 90s", "2026-01-01T00:00:00", "2026-01-01T00:01:30"),
        ("59 23 31 12 ?", "2026-12-31T23:59:00", "2027-12-31T23:59:00"),
    ],
)
def test_the_next_time(text: str, after: str, wanted: str):
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert parse_schedule(text).next(moment) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


def test_a_time_zone_moves_the_schedule():
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    assert parse_schedule("0 9 * * *").next(moment, ZoneInfo("Europe/Berlin")) == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_a_day_that_never_comes_has_no_next_time():
    assert parse_schedule("0 0 31 2 *").next(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("@often", "unrecognized descriptor: @often"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_the_parsers_words(text: str, words: str):
    with pytest.raises(CronError, match=r".*") as refusal:
        parse_schedule(text)
    assert str(refusal.value) == words
