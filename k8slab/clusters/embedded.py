"""The embedded cluster: a child process of ours that outlives the notebook, with its state in one folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from k8slab.client.https import get_json
from k8slab.clusters.child import end_process, spawn_until_ready
from k8slab.clusters.home import cluster_folder, home, locked, prepare_folder, remove_folder
from k8slab.clusters.provider import Address, Kind, Progress, Status
from k8slab.clusters.state import FILE_NAME, RecordedState, is_our_process, read_state
from k8slab.errors import ClusterError

MODULE = "k8slab.emulator.process"
# What a reset keeps: the certificate authority and the kubeconfig, so that open terminals go on working.
_KEPT_BY_RESET = frozenset({"ca.crt", "ca.key", "kubeconfig", "lock", "log", "pki"})


def _default_command() -> tuple[str, ...]:
    return (sys.executable, "-m", MODULE)


@dataclass(frozen=True)
class EmbeddedProvider:
    """Starts and stops ``python -m k8slab.emulator.process --name NAME --dir DIR``.

    ``command`` is what is started (before those options); tests start something lighter. Times are in seconds.
    """

    name: str = "k8slab"
    root: Path = field(default_factory=home)
    command: Sequence[str] = field(default_factory=_default_command)
    start_deadline: float = 30.0
    stop_deadline: float = 10.0
    kind: Kind = "embedded"

    @property
    def folder(self) -> Path:
        """Return the folder with everything that the cluster keeps."""
        return cluster_folder(self.root, self.name)

    @property
    def context(self) -> str:
        """Return the one context of the cluster's kubeconfig."""
        return f"k8slab-{self.name}" if self.name != "k8slab" else "k8slab"

    def start(self, progress: Progress) -> Status:
        """Start the process and return when the API answers."""
        folder = self.folder
        prepare_folder(folder)
        with locked(folder):
            recorded = self._recorded_or_damaged()
            if recorded is not None and self._lives(recorded.pid):
                return self.status()
            began = time.monotonic()
            progress(f"starting the embedded cluster {self.name!r} (usually 1 s, at most {self.start_deadline:.0f} s)")
            command = [*self.command, "--name", self.name, "--dir", str(folder)]
            spawn_until_ready(command, folder / "log", self.start_deadline, progress)
            progress(f"the API answers after {time.monotonic() - began:.1f} s")
        return self.status()

    def stop(self, progress: Progress) -> Status:
        """End the process in good order; everything stays in the folder."""
        folder = self.folder
        if not folder.is_dir():
            return self.status()
        with locked(folder):
            self._end(progress)
        return self.status()

    def reset(self, progress: Progress) -> Status:
        """Remove all objects by starting with an empty store."""
        folder = self.folder
        prepare_folder(folder)
        with locked(folder):
            self._end(progress)
            _empty(folder)
        return self.start(progress)

    def delete(self, progress: Progress) -> None:
        """Stop the cluster and remove its folder."""
        folder = self.folder
        if folder.is_dir():
            with locked(folder):
                self._end(progress)
            remove_folder(folder)

    def status(self) -> Status:
        """Read ``state.json`` and look whether the process lives."""
        folder = self.folder
        recorded = read_state(folder)
        if recorded is None:
            absent = not folder.is_dir()
            return Status(self.name, self.kind, "absent" if absent else "stopped", detail=self._how_to_start())
        if self._lives(recorded.pid):
            return Status(
                self.name, self.kind, "running", recorded.pid, recorded.server, recorded.version, recorded.started
            )
        if recorded.state == "stopped":
            return Status(self.name, self.kind, "stopped", version=recorded.version, detail=self._how_to_start())
        detail = (
            f"Its process {recorded.pid} ended without saying why; all it acknowledged is kept. {self._how_to_start()}"
        )
        return Status(self.name, self.kind, "died", version=recorded.version, detail=detail)

    def kubeconfig(self) -> Path:
        """Return the kubeconfig that the cluster wrote at its first start."""
        path = self.folder / "kubeconfig"
        if not path.is_file():
            raise ClusterError(f"The cluster {self.name!r} has never been started.", self._how_to_start())
        return path

    def reach(self, port: int) -> Address:
        """Ask the cluster on which real port of 127.0.0.1 a NodePort is served."""
        answer = get_json(self.kubeconfig(), "/k8slab/v1/ports")
        ports = answer.get("ports", answer) if isinstance(answer, dict) else {}
        real = ports.get(str(port))
        if real is None:
            known = ", ".join(sorted(ports, key=int)) or "none"
            raise ClusterError(
                f"No Service has the NodePort {port} (NodePorts now: {known}).",
                "List them with: %kubectl get services -A",
            )
        return Address("127.0.0.1", int(real))

    def _recorded_or_damaged(self) -> RecordedState | None:
        try:
            return read_state(self.folder)
        except ClusterError:
            # A damaged file is no reason not to start: the process writes it anew, and refuses a store in use.
            (self.folder / FILE_NAME).unlink(missing_ok=True)
            return None

    def _lives(self, pid: int) -> bool:
        return is_our_process(pid, self.command[-1])

    def _end(self, progress: Progress) -> None:
        recorded = self._recorded_or_damaged()
        if recorded is not None and self._lives(recorded.pid):
            end_process(recorded.pid, self._lives, progress, self.stop_deadline)

    def _how_to_start(self) -> str:
        option = "" if self.name == "k8slab" else f" --name {self.name}"
        return f"Start it with: %lab start{option} (in a terminal: k8slab cluster start{option})"


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name in _KEPT_BY_RESET:
            continue
        if entry.is_dir():
            remove_folder(entry)
        else:
            entry.unlink(missing_ok=True)
