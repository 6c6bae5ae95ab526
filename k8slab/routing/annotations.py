"""Reads the annotations of an Ingress into settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from k8slab.routing.settings import Settings
from k8slab.routing.table import NOT_SERVED, SERVED
from k8slab.routing.values import InvalidValueError

PREFIX = "nginx.ingress.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The settings; ``refused`` is the first annotation whose value refuses the whole Ingress."""

    settings: Settings
    refused: str = ""
    not_served: tuple[str, ...] = ()


def parse_annotations(annotations: Mapping[str, str]) -> Parsed:
    """Read the annotations of one Ingress."""
    known = {key.removeprefix(PREFIX): text for key, text in sorted(annotations.items()) if key.startswith(PREFIX)}
    found: dict[str, Any] = {}
    refused = ""
    for name, row in SERVED.items():
        text = known.get(name, "").strip()
        if not text:
            continue
        try:
            found[row.field] = row.parse(text)
        except InvalidValueError:
            if row.fault == "refused":
                refused = refused or f"{PREFIX}{name}"
            elif row.fault == "denied":
                found["denied"] = _denial(name)
    settings = replace(Settings(), **found)
    return Parsed(settings, refused, tuple(name for name in known if name in NOT_SERVED))


def _denial(name: str) -> str:
    if name.endswith("source-range"):
        return f"the annotation does not contain a valid IP address or network: {name}"
    return f"the annotation {PREFIX}{name} does not contain a valid value"
