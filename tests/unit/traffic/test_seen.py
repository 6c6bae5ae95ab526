from __future__ import annotations

import pytest

from k8slab.traffic.seen import seen_answer, seen_failure, symptom_of_status


@pytest.mark.parametrize(
    ("status", "symptom"),
    [(200, "ok"), (204, "ok"), (304, "ok"), (301, "301"), (308, "308"), (404, "404"), (503, "503")],
)
def test_symptoms_of_statuses(status: int, symptom: str):
    assert symptom_of_status(status) == symptom


def test_an_answer_in_one_line():
    found = seen_answer(
        302, "Found", (("Location", "https://x/"),), "<html><head><title>302 Found</title></head></html>"
    )
    assert found.answer == "HTTP 302 Found, Location: https://x/: 302 Found"
    assert found.symptom == "302"


@pytest.mark.parametrize(
    ("code", "symptom"), [(6, "dns"), (7, "refused"), (28, "timeout"), (60, "tls"), (52, "reset"), (99, "refused")]
)
def test_failures(code: int, symptom: str):
    assert seen_failure(code, "curl said so").symptom == symptom
