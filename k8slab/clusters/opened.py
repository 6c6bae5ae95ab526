"""The cluster that a terminal works on already: the current context of its KUBECONFIG. Nothing is changed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.home import cluster_folder, home, prepare_folder, write_private
from k8slab.clusters.provider import Address, Kind, Progress, Status
from k8slab.errors import ClusterError


@dataclass(frozen=True)
class OpenedProvider:
    """Reads ``source`` and keeps a copy with its current context alone, which is what the client reads."""

    source: Path
    root: Path = field(default_factory=home)
    kind: Kind = "existing"

    @property
    def name(self) -> str:
        """Return the current context's name."""
        return self.context

    @property
    def context(self) -> str:
        """Return the current context's name."""
        return Kubectl(self.source, find_kubectl()).run(["config", "current-context"]).strip()

    def start(self, progress: Progress) -> Status:
        """Do nothing: the cluster is there or not."""
        progress(f"using the context {self.context!r}")
        return self.status()

    def stop(self, progress: Progress) -> Status:
        """Do nothing: the cluster is not ours."""
        progress(f"the cluster behind {self.context!r} goes on running")
        return self.status()

    def reset(self, progress: Progress) -> Status:
        """Refuse: the cluster is not ours."""
        del progress
        raise ClusterError(
            "k8slab does not reset a cluster that it did not start.", "Delete what you made with kubectl."
        )

    def delete(self, progress: Progress) -> None:
        """Refuse: the cluster is not ours."""
        self.reset(progress)

    def status(self) -> Status:
        """Tell where the context leads."""
        parsed = yaml.safe_load(self.kubeconfig().read_text(encoding="utf-8"))
        return Status(self.name, self.kind, "running", server=str(parsed["clusters"][0]["cluster"]["server"]))

    def kubeconfig(self) -> Path:
        """Return our copy, written anew each time: the current context may have changed."""
        folder = cluster_folder(self.root, f"opened-{hashlib.sha256(str(self.source).encode()).hexdigest()[:12]}")
        prepare_folder(folder)
        options = ["config", "view", "--minify", "--flatten", "--raw", "-o", "yaml"]
        path = folder / "kubeconfig"
        write_private(path, Kubectl(self.source, find_kubectl()).run(options))
        return path

    def reach(self, port: int) -> Address:
        """Return a node's address: the external one where there is one."""
        shown = Kubectl(self.kubeconfig(), find_kubectl()).run(
            ["get", "nodes", "-o", "jsonpath={.items[*].status.addresses}"]
        )
        by_type = {kind: address for address, kind in re.findall(r'"address":"([^"]+)","type":"([^"]+)"', shown)}
        host = by_type.get("ExternalIP") or by_type.get("InternalIP")
        if host is None:
            raise ClusterError("The cluster names no address of its nodes.", "Ask from inside: --from inside")
        return Address(host, port)
