"""One embedded cluster and the real kubectl for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from k8slab.client.kubectl import find_kubectl
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.runner import own_home

PODS = """
apiVersion: v1
kind: Pod
metadata: {name: two}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: web, image: nginx}
  - {name: side, image: busybox, command: [sh, -c, "while true; do echo tick; sleep 1; done"]}
---
apiVersion: v1
kind: Pod
metadata: {name: who, labels: {app: who}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: traefik/whoami}
---
apiVersion: v1
kind: Pod
metadata: {name: pend}
spec:
  nodeSelector: {a: b}
  containers:
  - {name: web, image: nginx}
---
apiVersion: v1
kind: Service
metadata: {name: who}
spec:
  selector: {app: who}
  ports: [{port: 8000, targetPort: 80}]
"""


class Kubectl:
    """The real kubectl against the cluster."""

    def __init__(self, kubeconfig: Path, environment: Mapping[str, str]) -> None:
        self.program = str(find_kubectl())
        self.kubeconfig = str(kubeconfig)
        self.environment = {"PATH": os.environ["PATH"], "KUBECONFIG": self.kubeconfig, **environment}

    def __call__(self, *words: str, given: str | None = None, limit: float = 30) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *words], input=given, capture_output=True, text=True, env=self.environment, timeout=limit,
            check=False,
        )  # fmt: skip

    def with_environment(self, **more: str) -> Kubectl:
        return Kubectl(Path(self.kubeconfig), {**self.environment, **more})


@pytest.fixture(scope="session")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        made = Kubectl(provider.folder / "kubeconfig", {"HOME": str(tmp_path_factory.mktemp("home"))})
        assert made("apply", "-f", "-", given=PODS).returncode == 0
        ready = made("wait", "--for=condition=Ready", "pod/two", "pod/who", "--timeout=20s")
        assert ready.returncode == 0, ready.stderr
        yield made
        provider.delete(silent)
