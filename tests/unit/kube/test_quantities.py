from __future__ import annotations

from decimal import Decimal

import pytest

from k8slab.kube.quantities import canonical_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0.5", "500m"), ("1000m", "1"), (2, "2"), ("1024Mi", "1Gi"), ("1536Mi", "1536Mi"), ("1.5Gi", "1536Mi"),
        ("1000", "1k"), ("1500", "1500"), ("1e3", "1e3"), ("0", "0"), ("0.5Ki", "512"), ("100u", "100u"),
        ("-1.5", "-1500m"), ("0.0000000001", "1n"), (".5", "500m"),
    ],
)  # fmt: skip
def test_canonical_form(text: str, canonical: str):
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize(
    ("text", "value"), [("1Ki", 1024), ("250m", Decimal("0.25")), ("2E", 2 * 10**18), ("3e2", 300)]
)
def test_value(text: str, value: Decimal):
    assert parse_quantity(text) == value


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "1 Gi", "1GiB", "--1", True])
def test_wrong_quantities(text: str):
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        parse_quantity(text)
