"""Each scenario is answered as the real cluster answered it: standard output, standard error, exit status."""

from __future__ import annotations

import pytest

from tests.parity.compare import Difference, entries, keys, known, verdict
from tests.parity.scenario import Scenario, load_all
from tests.parity.transcript import parse

KNOWN = known(entries())


@pytest.mark.cluster
@pytest.mark.leaves_to_session
@pytest.mark.timeout(900)  # the first test runs all scenarios
@pytest.mark.parametrize("scenario", list(load_all()), ids=lambda scenario: scenario.key)
def test_parity(scenario: Scenario, results: dict[str, list[Difference]]) -> None:
    golden = parse(scenario.golden.read_text(encoding="utf-8"))
    news, gone = verdict(results[scenario.key], KNOWN, keys(scenario.key, golden))
    told = [f"{difference.key}\n{difference.text}" for difference in news]
    told += [f"{key}\n  is equal now: remove it from known_differences.yaml" for key in gone]
    assert not told, "\n\n".join(told)


def test_every_known_difference_names_a_recorded_line() -> None:
    recorded = {
        key for scenario in load_all() for key in keys(scenario.key, parse(scenario.golden.read_text(encoding="utf-8")))
    }
    assert set(KNOWN) <= recorded
