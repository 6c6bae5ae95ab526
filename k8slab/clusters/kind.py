"""A kind cluster (Kubernetes in Docker). k8slab stops, resets and deletes only one that it created itself."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.home import cluster_folder, home, locked, prepare_folder, write_private
from k8slab.clusters.programs import follow, output_of, require
from k8slab.clusters.provider import Address, Kind, Progress, State, Status
from k8slab.errors import ClusterError

# NodePorts that a cluster made by us maps to the same port of 127.0.0.1.
MAPPED_NODE_PORTS = range(30080, 30100)
_OURS = "created-by-k8slab"
_WAIT = "180s"


@dataclass(frozen=True)
class KindProvider:
    """Uses the kind cluster ``name``, or creates it."""

    name: str = "k8slab"
    root: Path = field(default_factory=home)
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
        require("kind")
        require("docker")
        folder = self.folder
        prepare_folder(folder)
        with locked(folder):
            nodes = self._nodes()
            if not nodes:
                self._create(progress)
            elif "exited" in nodes.values():
                progress(f"resuming the kind cluster {self.name!r} (about 45 s)")
                output_of(["docker", "start", *nodes], 60)
            self._write_kubeconfig()
            Kubectl(self.kubeconfig(), find_kubectl()).run(
                ["wait", "--for=condition=Ready", "node", "--all", f"--timeout={_WAIT}"], 200
            )
        return self.status()

    def stop(self, progress: Progress) -> Status:
        """Stop the node containers of a cluster that k8slab created; any other is left running."""
        if not self._is_ours():
            progress(f"k8slab did not create the kind cluster {self.name!r} and leaves it running")
            return self.status()
        nodes = self._nodes()
        if nodes:
            progress("stopping the nodes (about 10 s)")
            output_of(["docker", "stop", *nodes], 60)
        return self.status()

    def reset(self, progress: Progress) -> Status:
        """Delete and create a cluster that k8slab created."""
        if not self._is_ours():
            raise ClusterError(
                f"k8slab did not create the kind cluster {self.name!r}, so it does not reset it.",
                "Delete what you made with: %kubectl delete all --all (or use a cluster of its own: "
                "%lab start --kind --name lab)",
            )
        output_of(["kind", "delete", "cluster", "--name", self.name, "--kubeconfig", str(self._path())], 120)
        return self.start(progress)

    def status(self) -> Status:
        """Ask Docker for the node containers."""
        states = set(self._nodes().values())
        state: State = "absent" if not states else "running" if states == {"running"} else "stopped"
        server = self._server() if state == "running" and self._path().is_file() else ""
        detail = "" if state == "running" else "Start it with: %lab start --kind"
        return Status(self.name, self.kind, state, server=server, detail=detail)

    def kubeconfig(self) -> Path:
        """Return our own copy of the kubeconfig."""
        path = self._path()
        if not path.is_file():
            raise ClusterError(f"The kind cluster {self.name!r} is not in use.", "Start it with: %lab start --kind")
        return path

    def reach(self, port: int) -> Address:
        """Find the host port that kind mapped, or the node's own address where Docker runs on this very machine."""
        node = next(iter(self._nodes()), "")
        if not node:
            raise ClusterError(f"The kind cluster {self.name!r} does not run.", "Start it with: %lab start --kind")
        for line in output_of(["docker", "port", node]).splitlines():
            inside, _, outside = line.partition(" -> ")
            if inside == f"{port}/tcp":
                host, _, number = outside.rpartition(":")
                return Address("127.0.0.1" if host in {"0.0.0.0", "[::]"} else host, int(number))  # noqa: S104
        if sys.platform.startswith("linux"):
            template = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
            return Address(output_of(["docker", "inspect", "-f", template, node]).split()[0], port)
        raise ClusterError(
            f"The NodePort {port} is not mapped to this machine.",
            f"Use one of {MAPPED_NODE_PORTS[0]} to {MAPPED_NODE_PORTS[-1]}, or ask from inside: %curl --from inside",
        )

    def _nodes(self) -> dict[str, str]:
        """Return the state of each node container, the control plane first."""
        require("docker")
        label = f"label=io.x-k8s.kind.cluster={self.name}"
        shown = output_of(["docker", "ps", "-a", "--filter", label, "--format", "{{.Names}} {{.State}}"])
        rows = [line.split() for line in shown.splitlines()]
        return {row[0]: row[1] for row in sorted(rows, key=lambda row: ("control-plane" not in row[0], row[0]))}

    def _create(self, progress: Progress) -> None:
        config = self.folder / "kind.yaml"
        write_private(config, yaml.safe_dump(cluster_config()))
        command = ["kind", "create", "cluster", "--name", self.name, "--config", str(config)]
        command += ["--kubeconfig", str(self._path()), "--wait", _WAIT]
        image = os.environ.get("K8SLAB_KIND_IMAGE", "")
        progress(f"creating the kind cluster {self.name!r} (usually 1 to 3 minutes)")
        follow([*command, *(["--image", image] if image else [])], progress)
        write_private(self.folder / _OURS, "k8slab may stop, reset and delete this cluster.\n")

    def _write_kubeconfig(self) -> None:
        write_private(self._path(), output_of(["kind", "get", "kubeconfig", "--name", self.name]))

    def _is_ours(self) -> bool:
        return (self.folder / _OURS).is_file()

    def _path(self) -> Path:
        return self.folder / "kubeconfig"

    def _server(self) -> str:
        parsed = yaml.safe_load(self._path().read_text(encoding="utf-8"))
        return str(parsed["clusters"][0]["cluster"]["server"])


def cluster_config() -> dict[str, object]:
    """Return the kind configuration: one node whose lesson NodePorts are mapped to this machine."""
    mappings = [
        {"containerPort": port, "hostPort": port, "listenAddress": "127.0.0.1", "protocol": "TCP"}
        for port in MAPPED_NODE_PORTS
    ]
    node = {"role": "control-plane", "extraPortMappings": mappings}
    return {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [node]}
