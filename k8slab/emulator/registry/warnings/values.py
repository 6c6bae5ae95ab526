"""Warnings about single values: addresses and byte quantities."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping

from k8slab.emulator.registry.validation.values import without_zeros
from k8slab.kube.quantities import parse_quantity


def address_warnings(text: str, at: str) -> Iterator[str]:
    """Yield the warning of an address that is accepted for now (GetWarningsForIP of apimachinery)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        plain = without_zeros(text)
        if plain != text:
            yield _non_standard(at, text, plain)
        return
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            yield _non_standard(at, text, str(address.ipv4_mapped))
        elif str(address) != text:
            yield f'{at}: IPv6 address "{text}" should be in RFC 5952 canonical format ("{address}")'


def _non_standard(at: str, text: str, plain: str) -> str:
    what = f'non-standard IP address "{text}" will be considered invalid in a future Kubernetes release'
    return f'{at}: {what}: use "{plain}"'


def fractions(amounts: Mapping[str, str], name: str, at: str) -> Iterator[str]:
    """Yield the warning of an amount of bytes that isn't whole."""
    if name not in amounts:
        return
    amount = parse_quantity(amounts[name])
    if amount != amount.to_integral_value():
        yield f'{at}[{name}]: fractional byte value "{amounts[name]}" is invalid, must be an integer'
