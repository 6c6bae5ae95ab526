"""The cluster's own kubeconfig; the user's ``~/.kube/config`` is never touched."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson

from k8slab.emulator.apiserver.pki import Pki, write_private


def write_kubeconfig(path: Path, name: str, server: str, pki: Pki) -> None:
    """Write a kubeconfig with one context, ``name``, that holds all it needs inline. Raises ``OSError``."""
    user = f"{name}-admin"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"certificate-authority-data": _inline(pki, "ca.crt"), "server": server}}
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate-data": _inline(pki, "admin.crt"),
                    "client-key-data": _inline(pki, "admin.key"),
                },
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user, "namespace": "default"}}],
        "current-context": name,
        "preferences": {},
    }
    # JSON is YAML: kubectl and every client library read it.
    write_private(path, orjson.dumps(config, option=orjson.OPT_INDENT_2) + b"\n")


def _inline(pki: Pki, name: str) -> str:
    return base64.b64encode(pki.read(name)).decode()
