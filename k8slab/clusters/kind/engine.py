"""The program that runs kind's nodes: Docker, nerdctl or Podman, in the order in which kind itself looks for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from k8slab.clusters.programs import output_of
from k8slab.errors import ClusterError

# kind's own variable (kind: site/content/docs/user/rootless.md).
_VARIABLE = "KIND_EXPERIMENTAL_PROVIDER"
_EMBEDDED = "or use the embedded cluster, which needs neither: %lab start"
_ORDER = ("docker", "nerdctl", "podman")
INSTALL: Mapping[str, str] = {
    "kind": "Install kind: https://kind.sigs.k8s.io/docs/user/quick-start/#installation (with Go: go install "
    "sigs.k8s.io/kind@latest; on macOS: brew install kind)",
    "docker": "Install Docker: https://docs.docker.com/engine/install/ (Debian: sudo apt-get install docker.io)",
    "podman": "Install Podman: https://podman.io/docs/installation (Debian, Ubuntu: sudo apt-get install podman)",
    "nerdctl": "Install nerdctl: https://github.com/containerd/nerdctl#install",
}
_START: Mapping[str, str] = {
    "docker": "Start it: sudo systemctl start docker (on macOS and Windows: start Docker Desktop). If it runs, you may "
    "not use it: sudo usermod -aG docker $USER, then log in again",
    "podman": "Start it: podman machine start (macOS), or look at: podman info",
    "nerdctl": "Start containerd: sudo systemctl start containerd",
}


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine that answers."""

    program: str

    def environment(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the variables with which kind uses this engine."""
        return dict(environ) | ({} if self.program == "docker" else {_VARIABLE: self.program})


def find_engine(
    environ: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
    answers: Callable[[str], bool] | None = None,
) -> Engine:
    """Return the first engine that answers; raises ``ClusterError`` that says what is missing and what to type."""
    wanted = environ.get(_VARIABLE, "")
    if wanted and wanted not in _ORDER:
        raise ClusterError(f"{_VARIABLE}={wanted} is not known here.", f"Set it to one of: {', '.join(_ORDER)}")
    names = (wanted,) if wanted else _ORDER
    installed = [name for name in names if which(name)]
    for name in installed:
        if (answers or _answers)(name):
            return Engine(name)
    if installed:
        raise ClusterError(f"{installed[0]} is installed but does not answer.", f"{_START[installed[0]]}; {_EMBEDDED}")
    missing = wanted or "docker"
    sought = wanted or "Docker, nerdctl nor Podman"
    text = f"The program {wanted} is not on this machine." if wanted else f"Neither {sought} is on this machine."
    raise ClusterError(text, f"{INSTALL[missing]}; {_EMBEDDED}")


def find_kind(which: Callable[[str], str | None] = shutil.which) -> str:
    """Return the path of kind; raises ``ClusterError`` that says how to install it."""
    found = which("kind")
    if found is None:
        raise ClusterError("The program kind is not on this machine.", f"{INSTALL['kind']}; {_EMBEDDED}")
    return found


def _answers(program: str) -> bool:
    try:
        output_of([program, "info"], 15)
    except ClusterError:
        return False
    return True
