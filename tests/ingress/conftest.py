"""One embedded cluster with an installed ingress controller for all ingress tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8slab.client.kubectl import find_kubectl
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.runner import own_home

MANIFEST = Path(__file__).parents[2] / "lessons" / "04-ingress-nginx" / "manifests" / "ingress-nginx.yaml"
HTTP, HTTPS = 30880, 30443
# What the golden answers were recorded with: the official manifest for kind has this flag.
FLAG = "--watch-ingress-without-class=true"


@dataclass(frozen=True)
class Ingress:
    """The cluster as a test uses it."""

    provider: EmbeddedProvider

    def kubectl(self, *words: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "KUBECONFIG": str(self.provider.kubeconfig())}
        done = subprocess.run(
            [find_kubectl(), *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            timeout=60,
        )
        assert not check or done.returncode == 0, f"kubectl {' '.join(words)}\n{done.stderr}"
        return done

    def apply(self, namespace: str, *objects: dict[str, Any]) -> None:
        text = yaml.safe_dump_all(objects)
        self.kubectl("apply", "-n", namespace, "-f", "-", stdin=text)

    def port(self, scheme: str) -> int:
        return self.provider.reach(HTTPS if scheme == "https" else HTTP).port


def manifest() -> str:
    return MANIFEST.read_text().replace("- --election-id", f"- {FLAG}\n            - --election-id")


@pytest.fixture(scope="module")
def ingress() -> Iterator[Ingress]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        try:
            made = Ingress(provider)
            made.kubectl("apply", "-f", "-", stdin=manifest())
            made.kubectl(
                "rollout", "status", "-n", "ingress-nginx", "deployment/ingress-nginx-controller", "--timeout=30s"
            )
            yield made
        finally:
            provider.delete(silent)
