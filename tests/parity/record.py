"""Record the real cluster's answers, or show how another cluster's differ.

python -m tests.parity.record [--kubeconfig FILE] [--jobs N] [--new] [--compare [--update-known]] [WORD ...]

Without ``--compare`` the golden files are written (``--new``: those that are missing). WORD selects scenarios whose key
contains it. ``--update-known`` brings known_differences.yaml up to date with what was found.
"""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from tests.parity.compare import KNOWN, compare, entries, keys, known, updated
from tests.parity.run import Target, run, target
from tests.parity.scenario import Scenario, load_all
from tests.parity.transcript import Transcript, dump, parse


def run_all(scenarios: Sequence[Scenario], cluster: Target, jobs: int) -> Iterator[tuple[Scenario, Transcript]]:
    """Run the scenarios, several at a time; those that must be alone come last."""
    beside = [scenario for scenario in scenarios if not scenario.alone]
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(beside, pool.map(lambda scenario: _attempt(scenario, cluster), beside), strict=True)
    for scenario in scenarios:
        if scenario.alone:
            yield scenario, _attempt(scenario, cluster)


def _attempt(scenario: Scenario, cluster: Target) -> Transcript:
    # A random part without letters that generated names use: such a namespace is never taken for one.
    namespace = "parity-" + "".join(secrets.choice("013aeiou") for _ in range(6))
    return run(scenario, cluster, namespace)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--kubeconfig", type=Path, default=Path(os.environ.get("KUBECONFIG", "")))
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--new", action="store_true", help="only scenarios that have no recording yet")
    parser.add_argument("--update-known", action="store_true", help="with --compare: rewrite known_differences.yaml")
    options = parser.parse_args()
    chosen = [
        one
        for one in load_all(tuple(options.words))
        if one.golden.is_file() is options.compare or not (options.new or options.compare)
    ]
    results = run_all(chosen, target(options.kubeconfig), options.jobs)
    if not options.compare:
        _write(results)
        return
    differing, compared = _show(results)
    if options.update_known:
        recorded = {key for scenario in load_all() if scenario.golden.is_file() for key in _keys(scenario)}
        listed = [{**entry, "lines": [line for line in entry["lines"] if line in recorded]} for entry in entries()]
        text = yaml.safe_dump(updated(listed, differing, compared), sort_keys=False, width=1000)
        KNOWN.write_text(text, encoding="utf-8")


def _keys(scenario: Scenario) -> list[str]:
    return keys(scenario.key, parse(scenario.golden.read_text(encoding="utf-8")))


def _write(results: Iterator[tuple[Scenario, Transcript]]) -> None:
    for scenario, answers in results:
        if answers.trouble:
            print(f"{scenario.key}: not recorded: {answers.trouble}")
            continue
        scenario.golden.parent.mkdir(parents=True, exist_ok=True)
        scenario.golden.write_text(dump(answers.lines), encoding="utf-8")
        print(f"{scenario.key}: {len(answers.lines)} lines")


def _show(results: Iterator[tuple[Scenario, Transcript]]) -> tuple[list[str], list[str]]:
    """Print what differs; return the keys of the lines that differ, and of all lines that were compared."""
    expected = known(entries())
    differing: list[str] = []
    compared: list[str] = []
    for scenario, answers in results:
        golden = parse(scenario.golden.read_text(encoding="utf-8"))
        all_keys = keys(scenario.key, golden)
        compared += all_keys
        found = compare(scenario.key, golden, answers)
        differing += [difference.key for difference in found]
        for difference in found:
            why = f"  ({expected[difference.key]})" if difference.key in expected else ""
            print(f"#### {difference.key}{why}\n{difference.text}\n", flush=True)
    print(f"{len(compared) - len(differing)} of {len(compared)} lines are equal")
    return differing, compared


if __name__ == "__main__":
    main()
