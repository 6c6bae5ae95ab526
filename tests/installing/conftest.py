"""One embedded cluster for all tests of this folder, and the real kubectl."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from k8slab.client.kubectl import find_kubectl
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.runner import own_home


class Lab:
    """The cluster and the programs that talk to it."""

    def __init__(self, provider: EmbeddedProvider, home: Path) -> None:
        self.provider = provider
        self.environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(provider.folder / "kubeconfig"),
        }  # fmt: skip

    def kubectl(self, *words: str, given: str | None = None, limit: float = 60) -> subprocess.CompletedProcess[str]:
        return self.run(str(find_kubectl()), *words, given=given, limit=limit)

    def run(self, *words: str, given: str | None = None, limit: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, input=given, capture_output=True, text=True, env=dict(self.environment), timeout=limit, check=False
        )

    def done(self, *words: str, given: str | None = None) -> str:
        """Return what a kubectl command prints; the test fails when the command does."""
        found = self.kubectl(*words, given=given)
        assert found.returncode == 0, found.stderr
        return found.stdout

    def get(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.done("get", *words, "-o", "json"))
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        made = Lab(provider, tmp_path_factory.mktemp("home"))
        # The first pod starts the host of all programs, which stays as long as the cluster does.
        made.done("create", "namespace", "first")
        made.done("run", "-n", "first", "first", "--image=registry.k8s.io/pause:3.10")
        made.done("wait", "-n", "first", "--for=condition=Ready", "pod/first", "--timeout=20s")
        yield made
        provider.delete(silent)
