#!/usr/bin/env python3
"""Write the roles and bindings that every cluster of the emulated version begins with.

Source: a running cluster of that version (the current kubeconfig): what carries the label
``kubernetes.io/bootstrapping=rbac-defaults``, and what makes kubeadm's administrator one.

    scripts/update_rbac.py            write k8slab/emulator/controllers/rbac/defaults.json
    scripts/update_rbac.py --verify   exit 1 when the file differs from the cluster
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "k8slab" / "emulator" / "controllers" / "rbac" / "defaults.json"
LABEL = "kubernetes.io/bootstrapping"
KINDS = ("clusterroles", "clusterrolebindings", "roles", "rolebindings")
ADMINISTRATORS = "kubeadm:cluster-admins"
KEPT = ("name", "namespace", "labels", "annotations")


def fetched(kind: str) -> list[dict[str, Any]]:
    """Return a kind's objects without what the server added."""
    command = ("kubectl", "get", kind, "-A", "-o", "json")
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [plain(item) for item in json.loads(answer)["items"] if wanted(item["metadata"])]


def wanted(meta: dict[str, Any]) -> bool:
    """Tell whether every cluster begins with the object."""
    return meta.get("labels", {}).get(LABEL) == "rbac-defaults" or meta["name"] == ADMINISTRATORS


def plain(obj: dict[str, Any]) -> dict[str, Any]:
    """Return an object as a manifest; the rules of an aggregated role are made by its controller."""
    meta = {key: obj["metadata"][key] for key in KEPT if key in obj["metadata"]}
    made = {**obj, "metadata": meta}
    if made.get("aggregationRule"):
        made.pop("rules", None)
    return made


def main() -> int:
    """Write or verify the file."""
    lines = [json.dumps(obj, sort_keys=True) for kind in KINDS for obj in fetched(kind)]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    if "--verify" in sys.argv:
        return int(text != TARGET.read_text())
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
