"""An object's YAML with its noise folded away: pure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import yaml

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "selfLink")


@dataclass(frozen=True, slots=True)
class FoldedYaml:
    """``main`` is what a person writes, ``status`` what the cluster says, ``noise`` what only programs read."""

    main: str
    status: str
    noise: str

    def __repr__(self) -> str:
        return self.main + (f"# status:\n{_commented(self.status)}" if self.status else "")

    def _repr_html_(self) -> str:
        folded = "".join(
            f"<details><summary>{name}</summary><pre>{escape(text)}</pre></details>"
            for name, text in (("status", self.status), ("written by the server and by clients", self.noise))
            if text
        )
        return f"<pre>{escape(self.main)}</pre>{folded}"


def _commented(text: str) -> str:
    return "".join(f"#   {line}\n" for line in text.splitlines())


def folded_yaml(text: str) -> FoldedYaml:
    """Take apart what ``kubectl get -o yaml`` printed."""
    obj: dict[str, Any] = yaml.safe_load(text) or {}
    meta = dict(obj.get("metadata") or {})
    noise = {name: meta.pop(name) for name in (*_SERVER_FIELDS, "managedFields") if name in meta}
    annotations = dict(meta.get("annotations") or {})
    if _LAST_APPLIED in annotations:
        noise[_LAST_APPLIED] = annotations.pop(_LAST_APPLIED)
    if "annotations" in meta:
        meta["annotations"] = annotations
    if not annotations:
        meta.pop("annotations", None)
    main = {name: value for name, value in obj.items() if name != "status"} | {"metadata": meta}
    status = obj.get("status")
    return FoldedYaml(_dump(main), _dump(status) if status else "", _dump(noise) if noise else "")


def _dump(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))
