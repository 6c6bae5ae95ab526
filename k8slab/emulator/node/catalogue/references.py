"""Image references (github.com/distribution/reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(
    r"(?P<name>(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.[a-zA-Z0-9-]+)*(?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,}))?"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A normalised image reference: ``docker.io/library/nginx``, ``1.27``."""

    repository: str
    tag: str
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


def _remote(text: str) -> str:
    """Return the repository without registry and tag, as ``splitDockerDomain`` finds it before anything is checked."""
    first, slash, rest = text.partition("/")
    registry = slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    path = rest if registry else text
    return ("" if "/" in path or registry else "library/") + path.partition(":")[0]


def parse_reference(text: str) -> Reference:
    """Return the reference that a manifest's ``image`` names; raises ``ValueError`` when it is none."""
    remote = _remote(text)
    if remote.lower() != remote:
        raise ValueError(f"invalid reference format: repository name ({remote}) must be lowercase")
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError("invalid reference format")
    name = match["name"]
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = "docker.io", name
    if first == "docker.io" and "/" not in rest:
        rest = f"library/{rest}"
    return Reference(f"{first}/{rest}", match["tag"] or ("" if match["digest"] else "latest"), match["digest"] or "")
