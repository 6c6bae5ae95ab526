"""A kind cluster (Kubernetes in containers). k8slab stops, resets and deletes only one that it created itself."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.home import cluster_folder, home, locked, prepare_folder, remove_folder, write_private
from k8slab.clusters.kind.config import (
    FREE_NODE_PORTS,
    MAPPED_PORTS,
    NODE_IMAGE,
    Mirror,
    cluster_config,
)
from k8slab.clusters.kind.engine import Engine, find_engine, find_kind
from k8slab.clusters.kind.failures import explained
from k8slab.clusters.kind.machine import read_facts, shortages
from k8slab.clusters.kind.ports import choose_host_ports, told
from k8slab.clusters.programs import follow, output_of
from k8slab.clusters.provider import Address, Kind, Progress, State, Status
from k8slab.errors import ClusterError

_OURS = "created-by-k8slab"
_WAIT = "180s"
# The first kind whose node images read mirrors without being told (containerd 2).
_NEW_CONTAINERD = (0, 27)
_LOCAL = {"0.0.0.0", "[::]", "127.0.0.1", ""}  # noqa: S104 - what the engine prints, not what we listen on


@dataclass(frozen=True)
class KindProvider:
    """Uses the kind cluster ``name``, or creates it with ``nodes`` nodes and ``mirrors`` of registries."""

    name: str = "k8slab"
    root: Path = field(default_factory=home)
    nodes: int = 1
    mirrors: tuple[Mirror, ...] = ()
    kind: Kind = "kind"

    @property
    def folder(self) -> Path:
        """Return where our copy of the kubeconfig is kept."""
        return cluster_folder(self.root, f"kind-{self.name}")

    @property
    def context(self) -> str:
        """Return the context's name, which kind chooses."""
        return f"kind-{self.name}"

    def start(self, progress: Progress) -> Status:
        """Use the cluster if there is one (resuming stopped nodes), else create it."""
        find_kind()
        engine = find_engine()
        folder = self.folder
        prepare_folder(folder)
        with locked(folder):
            nodes = self._nodes(engine)
            if not nodes:
                self._create(engine, progress)
            elif set(nodes.values()) != {"running"}:
                progress(f"resuming the kind cluster {self.name!r} (about 45 s)")
                output_of([engine.program, "start", *nodes], 60)
            self._write_kubeconfig(engine)
            progress("waiting for the nodes (at most 180 s)")
            Kubectl(self.kubeconfig(), find_kubectl()).run(
                ["wait", "--for=condition=Ready", "node", "--all", f"--timeout={_WAIT}"], 200
            )
        return self.status()

    def stop(self, progress: Progress) -> Status:
        """Stop the node containers of a cluster that k8slab created; any other is left running."""
        engine = find_engine()
        if not self._is_ours():
            progress(f"k8slab did not create the kind cluster {self.name!r} and leaves it running")
            return self.status()
        nodes = self._nodes(engine)
        if nodes:
            progress("stopping the nodes (about 10 s)")
            output_of([engine.program, "stop", *nodes], 60)
        return self.status()

    def reset(self, progress: Progress) -> Status:
        """Delete and create a cluster that k8slab created."""
        self.delete(progress)
        return self.start(progress)

    def delete(self, progress: Progress) -> None:
        """Delete a cluster that k8slab created, with everything in it; raises ``ClusterError`` for any other."""
        if not self._is_ours():
            raise ClusterError(
                f"k8slab did not create the kind cluster {self.name!r}, so it does not delete it.",
                "Delete what you made with: %kubectl delete all --all (or use a cluster of its own: "
                "%lab start --cluster kind --name lab)",
            )
        progress(f"deleting the kind cluster {self.name!r} (about 10 s)")
        self._kind_delete(find_engine())
        remove_folder(self.folder)

    def status(self) -> Status:
        """Ask the engine for the node containers."""
        states = set(self._nodes(find_engine()).values())
        state: State = "absent" if not states else "running" if states == {"running"} else "stopped"
        server = self._server() if state == "running" and self._path().is_file() else ""
        option = "" if self.name == "k8slab" else f" --name {self.name}"
        detail = "" if state == "running" else f"Start it with: %lab start --cluster kind{option}"
        return Status(self.name, self.kind, state, server=server, detail=detail)

    def kubeconfig(self) -> Path:
        """Return our own copy of the kubeconfig."""
        path = self._path()
        if not path.is_file():
            raise ClusterError(
                f"The kind cluster {self.name!r} is not in use.", "Start it with: %lab start --cluster kind"
            )
        return path

    def reach(self, port: int) -> Address:
        """Find the host port that kind mapped, or the node's own address where the engine runs on this very machine."""
        engine = find_engine()
        node = next(iter(self._nodes(engine)), "")
        if not node:
            raise ClusterError(
                f"The kind cluster {self.name!r} does not run.", "Start it with: %lab start --cluster kind"
            )
        for line in output_of([engine.program, "port", node]).splitlines():
            inside, _, outside = line.partition(" -> ")
            if inside == f"{port}/tcp":
                host, _, number = outside.rpartition(":")
                return Address("127.0.0.1" if host in _LOCAL else host, int(number))
        if sys.platform.startswith("linux") and engine.program == "docker":
            template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
            return Address(output_of([engine.program, "inspect", "-f", template, node]).split()[0], port)
        raise ClusterError(
            f"The port {port} of the node is not mapped to this machine; kind fixes that when it creates a cluster.",
            f"Use a nodePort from {FREE_NODE_PORTS[0]} to {FREE_NODE_PORTS[-1]}, ask from inside (%curl --from inside "
            "URL), or open a way of your own: %kubectl port-forward service/NAME 8080:80",
        )

    def _nodes(self, engine: Engine) -> dict[str, str]:
        """Return the state of each node container, the control plane first."""
        label = f"label=io.x-k8s.kind.cluster={self.name}"
        shown = output_of([engine.program, "ps", "-a", "--filter", label, "--format", "{{.Names}} {{.State}}"])
        rows = [line.split() for line in shown.splitlines() if line.strip()]
        return {row[0]: row[1].lower() for row in sorted(rows, key=lambda row: ("control-plane" not in row[0], row[0]))}

    def _create(self, engine: Engine, progress: Progress) -> None:
        self._refuse_small_machine(progress)
        ports = choose_host_ports(MAPPED_PORTS)
        for line in told(ports):
            progress(line)
        config = self.folder / "kind.yaml"
        write_private(config, yaml.safe_dump(self._config(ports)))
        command = ["kind", "create", "cluster", "--name", self.name, "--config", str(config)]
        command += ["--kubeconfig", str(self._path()), "--wait", _WAIT]
        command += ["--image", os.environ.get("K8SLAB_KIND_IMAGE") or NODE_IMAGE]
        progress(f"creating the kind cluster {self.name!r} (usually 1 to 3 minutes, longer where images are pulled)")
        # From here on it is ours, also half made: an interrupt must not leave one that nobody may delete.
        write_private(self.folder / _OURS, "k8slab may stop, reset and delete this cluster.\n")
        try:
            follow(command, lambda line: _tell_step(line, progress), engine.environment())
        except BaseException as error:
            progress("removing what was made so far (about 10 s)")
            with contextlib.suppress(ClusterError):
                self._kind_delete(engine)
            (self.folder / _OURS).unlink(missing_ok=True)
            if isinstance(error, ClusterError):
                raise explained(error) from error
            raise
        write_private(self.folder / "ports.json", json.dumps(ports))

    def _refuse_small_machine(self, progress: Progress) -> None:
        for shortage in shortages(read_facts(self.folder)):
            if shortage.fatal:
                raise ClusterError(shortage.text, shortage.action)
            progress(f"{shortage.text} {shortage.action}")

    def _config(self, ports: dict[int, int]) -> dict[str, object]:
        if not self.mirrors:
            return cluster_config(ports, self.nodes)
        folder = self.folder / "certs.d"
        for mirror in self.mirrors:
            target = folder / mirror.registry
            target.mkdir(parents=True, exist_ok=True)
            (target / "hosts.toml").write_text(mirror.hosts_toml(), encoding="utf-8")
        return cluster_config(ports, self.nodes, str(folder), old_containerd=_kind_version() < _NEW_CONTAINERD)

    def _kind_delete(self, engine: Engine) -> None:
        command = ["kind", "delete", "cluster", "--name", self.name, "--kubeconfig", str(self._path())]
        output_of(command, 120, engine.environment())

    def _write_kubeconfig(self, engine: Engine) -> None:
        command = ["kind", "get", "kubeconfig", "--name", self.name]
        write_private(self._path(), output_of(command, 30, engine.environment()))

    def _is_ours(self) -> bool:
        return (self.folder / _OURS).is_file()

    def _path(self) -> Path:
        return self.folder / "kubeconfig"

    def _server(self) -> str:
        parsed = yaml.safe_load(self._path().read_text(encoding="utf-8"))
        return str(parsed["clusters"][0]["cluster"]["server"])


def _tell_step(line: str, progress: Progress) -> None:
    """Pass on what kind has done or failed at, not what it is about to do."""
    mark, _, step = line.strip().partition(" ")
    if mark in ("✓", "✗") or line.startswith("ERROR"):
        progress(f"  {mark} {step.split('  ')[0]}" if mark in ("✓", "✗") else line)


def _kind_version() -> tuple[int, ...]:
    found = re.search(r"v(\d+)\.(\d+)", output_of(["kind", "version"]))
    return tuple(int(part) for part in found.groups()) if found else (0,)
