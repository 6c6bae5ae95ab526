#!/usr/bin/env python3
"""Write the Gateway API's CustomResourceDefinitions as lesson 11 installs them.

Source: the Go module sigs.k8s.io/gateway-api of the release named here (``config/crd/standard``). Only facts of the
schema are kept: descriptions are left out, and rules in CEL that our evaluator cannot read (they are listed on stdout
and in the annotation ``k8slab.dev/rules-left-out``).

    scripts/update_gateway_crds.py            write the manifest
    scripts/update_gateway_crds.py --verify   exit 1 when the manifest differs from the source
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from k8slab.kube import cel

RELEASE = "v1.6.1"
MODULE = f"sigs.k8s.io/gateway-api@{RELEASE}"
KINDS = ("gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants")
TARGET = Path(__file__).parent.parent / "lessons" / "11-gateway-api" / "manifests" / "gateway-api-crds.yaml"
RULES = "x-kubernetes-validations"
HEAD = (
    f"# Made by scripts/update_gateway_crds.py from {MODULE} (Apache License 2.0): the schemas without their texts.\n"
)


def module_folder() -> Path:
    """Return where the Go module lies; downloads it when it is not there."""
    command = ("go", "mod", "download", "-json", MODULE)
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Path(json.loads(answer)["Dir"])


def compact(schema: Any, dropped: list[str], where: str, *, names: bool = False) -> Any:
    """Return a schema without descriptions and unreadable rules; ``names`` tells that the keys are fields."""
    if isinstance(schema, list):
        return [compact(entry, dropped, where) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, value in schema.items():
        if key == "description" and not names:
            continue
        below = f"{where}.{key}" if names else where
        if key == RULES and not names:
            found[key] = [rule for rule in value if is_readable(rule["rule"], dropped, where)]
        else:
            found[key] = compact(value, dropped, below, names=key == "properties" and not names)
    return found


def is_readable(rule: str, dropped: list[str], where: str) -> bool:
    """Tell whether our evaluator compiles a rule."""
    try:
        cel.compile_expression(rule, ("self", "oldSelf"))
    except cel.CelError:
        dropped.append(f"{where or '.'}: {rule}")
        return False
    return True


def definitions(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the compact definitions."""
    for kind in KINDS:
        path = folder / "config" / "crd" / "standard" / f"gateway.networking.k8s.io_{kind}.yaml"
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        dropped: list[str] = []
        found["spec"]["versions"] = [
            {**version, "schema": compact(version["schema"], dropped, "")} for version in found["spec"]["versions"]
        ]
        if dropped:
            found["metadata"]["annotations"]["k8slab.dev/rules-left-out"] = "\n".join(sorted(set(dropped)))
            sys.stdout.write("".join(f"{kind} {entry}\n" for entry in sorted(set(dropped))))
        found.pop("status", None)
        yield found


def main() -> int:
    """Write or verify."""
    documents = [json.dumps(entry, separators=(",", ":")) for entry in definitions(module_folder())]
    text = HEAD + "".join(f"---\n{entry}\n" for entry in documents)
    if "--verify" in sys.argv:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
