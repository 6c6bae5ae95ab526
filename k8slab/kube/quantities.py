"""Resource quantities (k8s.io/apimachinery/pkg/api/resource): ``500m``, ``1.5Gi``, ``1e3``."""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal

_PATTERN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_POWERS = {suffix: Decimal(10) ** power for power, suffix in _DECIMAL.items()} | {
    suffix: Decimal(1024) ** power for power, suffix in enumerate(_BINARY) if suffix
}
_SMALLEST = Decimal("1e-9")
WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def parse_quantity(value: str | float) -> Decimal:
    """Return the number that a quantity stands for, rounded up to nano; raises ``ValueError`` in Kubernetes' words."""
    number, suffix = _split(value)
    return _scaled(number, suffix)


def canonical_quantity(value: str | float) -> str:
    """Return the form that the API server stores: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``; raises ``ValueError``."""
    number, suffix = _split(value)
    scaled = _scaled(number, suffix)
    if suffix in _BINARY[1:] and abs(scaled) >= 1024 and scaled == scaled.to_integral_value():  # noqa: PLR2004
        return _binary(int(scaled))
    exponent = suffix[:1] in ("e", "E") and len(suffix) > 1
    return _decimal(scaled, exponent=exponent)


def _split(value: str | float) -> tuple[Decimal, str]:
    match = _PATTERN.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if match is None:
        raise ValueError(WRONG)
    return Decimal(match[1]), match[2] or ""


def _scaled(number: Decimal, suffix: str) -> Decimal:
    power = _POWERS[suffix] if suffix in _POWERS else Decimal(10) ** int(suffix[1:])
    scaled = number * power
    rounded = scaled.quantize(_SMALLEST, rounding=ROUND_UP) if scaled.adjusted() < 20 else scaled  # noqa: PLR2004
    return rounded.normalize()


def _binary(number: int) -> str:
    power = 0
    while number % 1024 == 0 and power < len(_BINARY) - 1:
        number //= 1024
        power += 1
    return f"{number}{_BINARY[power]}"


def _decimal(number: Decimal, *, exponent: bool) -> str:
    if not number:
        return "0"
    power = int(number.normalize().as_tuple().exponent)
    power = max(-9, min(18, power - power % 3))
    mantissa = int(number / Decimal(10) ** power)
    if exponent:
        return f"{mantissa}e{power}" if power else str(mantissa)
    return f"{mantissa}{_DECIMAL[power]}"
