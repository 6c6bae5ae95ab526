from __future__ import annotations

import csv
import io
import json
from typing import Any

from k8slab.lessons.results import as_csv, as_html, as_json, results_of


def check(step: str, *outputs: dict[str, Any], count: int | None = 1) -> dict[str, Any]:
    return {"metadata": {"tags": [f"check:{step}"]}, "outputs": list(outputs), "execution_count": count}


SAID = {"output_type": "execute_result"}
NOTEBOOK = {
    "cells": [
        {"metadata": {"tags": ["step:one"]}, "outputs": [], "execution_count": 1},
        check("one", SAID),
        check("two", {"output_type": "error", "ename": "CheckFailedError", "evalue": "<b>wants 3</b>\nmore"}),
        check("three", count=None),
        {"metadata": {"tags": [7]}},
        {},
    ]
}


def test_steps_are_passed_failed_or_not_tried():
    found = [(one.step, one.state, one.detail) for one in results_of(NOTEBOOK, "ada", "01")]
    assert found == [("one", "passed", ""), ("two", "failed", "<b>wants 3</b>"), ("three", "not tried", "")]


def test_a_cleared_output_is_no_pass():
    assert [one.state for one in results_of({"cells": [check("one")]}, "ada", "01")] == ["not tried"]


def test_the_page_escapes_what_notebooks_say():
    page = as_html(list(results_of(NOTEBOOK, "<script>", "01")))
    assert "<script>" not in page
    assert "<b>" not in page
    assert "1 of 3" in page


def test_a_name_that_looks_like_a_formula_stays_text():
    rows = list(csv.reader(io.StringIO(as_csv(results_of(NOTEBOOK, "=SUM(A1)", "01")))))
    assert rows[0] == ["learner", "notebook", "step", "state", "detail"]
    assert rows[1][0] == "'=SUM(A1)"


def test_json_has_an_object_for_each_step():
    read = json.loads(as_json(results_of(NOTEBOOK, "ada", "01")))
    assert [one["state"] for one in read] == ["passed", "failed", "not tried"]
