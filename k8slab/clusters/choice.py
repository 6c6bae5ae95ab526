"""Which cluster is meant: by words in a notebook, options of the command line, or ``$K8SLAB_CLUSTER``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.existing import ExistingProvider, learner_namespace
from k8slab.clusters.home import home, known_clusters
from k8slab.clusters.kind import KindProvider
from k8slab.clusters.provider import Provider
from k8slab.errors import ClusterError

DEFAULT_NAME = "k8slab"
_CONTEXT = "context:"


def choose(kind: str = "", name: str = "", context: str = "", prefix: str = "", root: Path | None = None) -> Provider:
    """Return the provider for ``embedded`` (default) or ``kind`` and a name, or for a named context.

    ``kind`` may also be ``context:NAME``; empty means ``$K8SLAB_CLUSTER``. ``prefix`` begins the name of the learner's
    namespace in a named context. Raises ``ClusterError``.
    """
    wanted = kind or wanted_kind()
    if wanted.startswith(_CONTEXT) and not context:
        context = wanted.removeprefix(_CONTEXT)
    if context:
        return ExistingProvider(context, root or home(), namespace=learner_namespace(prefix or DEFAULT_NAME))
    if wanted == "embedded":
        return EmbeddedProvider(name or DEFAULT_NAME, root or home())
    if wanted == "kind":
        return KindProvider(name or DEFAULT_NAME, root or home())
    raise ClusterError(
        f"There is no kind of cluster called {wanted!r}.",
        "Choose one: embedded, kind, or context:NAME for a cluster of your own kubeconfig (in a notebook: "
        "%lab start --cluster kind)",
    )


def wanted_kind(environ: Mapping[str, str] = os.environ) -> str:
    """Return the kind that ``$K8SLAB_CLUSTER`` asks for: the same notebook then runs there, without a word changed."""
    return environ.get("K8SLAB_CLUSTER", "") or "embedded"


def known_providers(root: Path) -> list[Provider]:
    """Return the embedded and kind clusters that were ever started here, by name."""
    found: list[Provider] = []
    for name in known_clusters(root):
        # An embedded cluster may be called kind-something too; only it has a store.
        if name.startswith("kind-") and not (root / "clusters" / name / "store.db").exists():
            found.append(KindProvider(name.removeprefix("kind-"), root))
        elif not name.startswith("existing-"):
            found.append(EmbeddedProvider(name, root))
    return found
