"""A cluster that is there already: a context that the learner named, and in it a namespace of the learner's own."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.home import cluster_folder, home, prepare_folder, write_private
from k8slab.clusters.provider import Address, Kind, Progress, Status
from k8slab.errors import ClusterError

_OWNER_LABEL = "k8slab/learner"
# What one learner may take of a shared cluster: enough for every lesson.
_QUOTA = {"pods": "40", "services": "20", "services.nodeports": "10", "persistentvolumeclaims": "10", "secrets": "40"}


def source_kubeconfig() -> str:
    """Return what kubectl would read by itself; it is read only for a context that the learner named."""
    return os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


def learner_namespace(prefix: str = "k8slab", user: str = "") -> str:
    """Return the namespace of this learner: the prefix and the user's name, as a DNS-1123 label."""
    name = user or os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return f"{prefix}-{plain or 'learner'}"


@dataclass(frozen=True)
class ExistingProvider:
    """Works in one namespace of the cluster behind ``context``; needs no rights beyond it once it exists."""

    context: str
    root: Path = field(default_factory=home)
    source: str = field(default_factory=source_kubeconfig)
    namespace: str = field(default_factory=learner_namespace)
    kind: Kind = "existing"

    @property
    def name(self) -> str:
        """Return the context's name: it is what a learner knows the cluster by."""
        return self.context

    @property
    def folder(self) -> Path:
        """Return where our copy of the credentials is kept; context names can hold any character."""
        digest = hashlib.sha256(self.context.encode()).hexdigest()[:12]
        return cluster_folder(self.root, f"existing-{digest}")

    def start(self, progress: Progress) -> Status:
        """Copy the named context into a kubeconfig of our own, and create the namespace when it is missing."""
        prepare_folder(self.folder)
        copied = self._copy_context()
        write_private(self._path(), copied)
        progress(f"using the context {self.context!r}, namespace {self.namespace}")
        kubectl = self._kubectl()
        if not self._namespace_exists(kubectl):
            try:
                kubectl.run(["create", "-f", "-"], stdin=yaml.safe_dump_all(self._namespace_objects()))
            except ClusterError as error:
                raise ClusterError(
                    f"Your namespace {self.namespace} cannot be created: {error.message}",
                    "Ask the owner of the cluster to create it and to give you the role edit in it.",
                ) from error
        return self.status()

    def stop(self, progress: Progress) -> Status:
        """Forget the credentials; the cluster itself is not ours to stop."""
        self._path().unlink(missing_ok=True)
        progress(f"the cluster behind {self.context!r} goes on running; your objects in {self.namespace} are kept")
        return self.status()

    def reset(self, progress: Progress) -> Status:
        """Delete the learner's namespace if k8slab created it, and create it again."""
        self.delete(progress)
        return self.start(progress)

    def delete(self, progress: Progress) -> None:
        """Delete the learner's namespace if k8slab created it."""
        kubectl = self._kubectl()
        label = f"jsonpath={{.metadata.labels.{_OWNER_LABEL}}}"
        if not kubectl.run(["get", "namespace", self.namespace, "-o", label]).strip():
            raise ClusterError(
                f"k8slab did not create the namespace {self.namespace}, so it does not delete it.",
                "Delete what you made with: %kubectl delete all --all",
            )
        progress(f"deleting the namespace {self.namespace} with everything in it (at most 120 s)")
        kubectl.run(["delete", "namespace", self.namespace, "--timeout=120s"], 130)

    def status(self) -> Status:
        """Tell whether the context is in use and where it leads."""
        if not self._path().is_file():
            return Status(self.name, self.kind, "stopped", detail=f"Use it with: %lab start --context {self.context}")
        parsed = yaml.safe_load(self._path().read_text(encoding="utf-8"))
        server = str(parsed["clusters"][0]["cluster"]["server"])
        return Status(self.name, self.kind, "running", server=server)

    def kubeconfig(self) -> Path:
        """Return our own copy, which holds this one context."""
        if not self._path().is_file():
            raise ClusterError(
                f"The context {self.context!r} is not in use.", f"Use it with: %lab start --context {self.context}"
            )
        return self._path()

    def reach(self, port: int) -> Address:
        """Return a node's address: the external one where there is one."""
        shown = self._kubectl().run(["get", "nodes", "-o", "jsonpath={.items[*].status.addresses}"])
        found = dict(re.findall(r'"address":"([^"]+)","type":"([^"]+)"', shown))
        by_type = {kind: address for address, kind in found.items()}
        host = by_type.get("ExternalIP") or by_type.get("InternalIP")
        if host is None:
            raise ClusterError("The cluster names no address of its nodes.", "Ask from inside: %curl --from inside")
        return Address(host, port)

    def _copy_context(self) -> str:
        program = find_kubectl()
        options = ["config", "view", "--minify", "--flatten", "--raw", "-o", "yaml"]
        source = Kubectl(Path(self.source), program)
        try:
            parsed = yaml.safe_load(source.run([*options, "--context", self.context]))
        except ClusterError as error:
            names = source.run(["config", "get-contexts", "-o", "name"]).split()
            listed = ", ".join(names) or "none"
            raise ClusterError(
                f"There is no context {self.context!r} in {self.source}.",
                f"Name one of these: {listed}. Or use the embedded cluster: %lab start",
            ) from error
        parsed["contexts"][0]["context"]["namespace"] = self.namespace
        return yaml.safe_dump(parsed)

    def _namespace_exists(self, kubectl: Kubectl) -> bool:
        try:
            kubectl.run(["get", "namespace", self.namespace, "-o", "name"])
        except ClusterError as error:
            if "NotFound" in error.message:
                return False
            if "Forbidden" in error.message:
                return True  # a learner with a Role in one namespace may not read namespaces; the next command tells
            raise
        return True

    def _namespace_objects(self) -> list[dict[str, object]]:
        labels = {_OWNER_LABEL: "yes"}
        quota = {"name": "k8slab", "namespace": self.namespace, "labels": labels}
        return [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace, "labels": labels}},
            {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": quota, "spec": {"hard": dict(_QUOTA)}},
        ]

    def _kubectl(self) -> Kubectl:
        return Kubectl(self.kubeconfig(), find_kubectl())

    def _path(self) -> Path:
        return self.folder / "kubeconfig"
