"""Rules that many fields share: enumerations, ranges, addresses, paths."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any

from k8slab.kube.status import INVALID, NOT_SUPPORTED, REQUIRED, FieldError

PORT_RANGE = "must be between 1 and 65535, inclusive"
NOT_NEGATIVE = "must be greater than or equal to 0"
HIGHEST_PORT = 65535
_MOST = 2**31 - 1
_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_LOCAL_MULTICAST = {4: ipaddress.ip_network("224.0.0.0/24"), 6: ipaddress.ip_network("ff02::/16")}
_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def one_of(path: str, value: Any, supported: Sequence[str]) -> Iterator[FieldError]:
    """Yield an error when a value is none of the supported ones, which are listed in the given order."""
    if value not in supported:
        listed = ", ".join(f'"{entry}"' for entry in supported)
        yield FieldError(NOT_SUPPORTED, path, value, f"supported values: {listed}")


def not_negative(path: str, value: int | None) -> Iterator[FieldError]:
    """Yield an error for a number below zero."""
    if value is not None and value < 0:
        yield FieldError(INVALID, path, value, NOT_NEGATIVE)


def in_range(path: str, value: int | None, least: int = 0) -> Iterator[FieldError]:
    """Yield an error for a number that is not from ``least`` to the largest 32-bit one."""
    if value is not None and not least <= value <= _MOST:
        yield FieldError(INVALID, path, value, f"must be between {least} and {_MOST}, inclusive")


def port_number(path: str, value: int) -> Iterator[FieldError]:
    """Yield an error for what is no port."""
    if not 0 < value <= HIGHEST_PORT:
        yield FieldError(INVALID, path, value, PORT_RANGE)


def ip_address(path: str, text: str) -> Iterator[FieldError]:
    """Yield an error for what is no IP address (leading zeros are refused, as Go does)."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        yield FieldError(INVALID, path, text, _ADDRESS)


def without_zeros(text: str) -> str:
    """Return an IPv4 address without leading zeros: fields that are older than strict rules take both forms."""
    parts = text.split(".")
    plain = all(part.isascii() and part.isdigit() for part in parts)
    return ".".join(str(int(part)) for part in parts) if plain else text


def cidr(path: str, text: str) -> Iterator[FieldError]:
    """Yield an error for what is no network in CIDR form."""
    try:
        ipaddress.ip_network(text, strict=False)
        wrong = "/" not in text
    except ValueError:
        wrong = True
    if wrong:
        yield FieldError(INVALID, path, text, _CIDR)


def usable_address(path: str, text: str) -> Iterator[FieldError]:
    """Yield errors for an address that endpoints and external addresses may not have (ValidateNonSpecialIP)."""
    address = ipaddress.ip_address(text)
    rules = (
        (address.is_unspecified, f"may not be unspecified ({text})"),
        (address.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (
            address in _LOCAL_MULTICAST.get(address.version, ()),
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
        (address.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
    )
    for broken, detail in rules:
        if broken:
            yield FieldError(INVALID, path, text, detail)


def relative_path(path: str, text: str) -> Iterator[FieldError]:
    """Yield errors for a path that leads out of its place."""
    if text.startswith("/"):
        yield FieldError(INVALID, path, text, "must be a relative path")
    yield from no_steps_back(path, text)


def no_steps_back(path: str, text: str) -> Iterator[FieldError]:
    """Yield an error for a path with ``..``."""
    if ".." in text.split("/"):
        yield FieldError(INVALID, path, text, "must not contain '..'")


def required(path: str, value: Any) -> Iterator[FieldError]:
    """Yield an error for what is empty."""
    if not value:
        yield FieldError(REQUIRED, path)
