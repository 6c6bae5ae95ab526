"""``%visit``: a link that leads a browser to a lesson's domain."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Link:
    """An address to open, and what it stands for."""

    url: str
    address: str

    def __repr__(self) -> str:
        return f"{self.url} in a browser: {self.address}"

    def _repr_html_(self) -> str:
        return f'<a href="{escape(self.address, quote=True)}" target="_blank" rel="noopener">{escape(self.url)}</a>'


def jupyter_prefix(port: int) -> str:
    """Return the path below which a hub's Jupyter server shows a port of this machine; empty at home."""
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    return f"{prefix.rstrip('/')}/proxy/{port}" if prefix else ""
