"""Twenty learners side by side in one cluster, each in a namespace of their own. Needs ``--cluster context:NAME``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from k8slab.client.cache import WatchedCache
from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.existing import ExistingProvider, learner_namespace, source_kubeconfig
from k8slab.clusters.provider import silent
from k8slab.kube.objects import name_of
from k8slab.kube.resources import PODS

LEARNERS = 20

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def work(learner: int, context: str, root: Path, source: str) -> tuple[str, list[str]]:
    """Do what lesson 01 does; return the namespace and the pods that the learner sees as their own."""
    namespace = learner_namespace("k8slab-room", f"learner-{learner}")
    provider = ExistingProvider(context, root / str(learner), source, namespace)
    provider.start(silent)
    kubectl = Kubectl(provider.kubeconfig(), find_kubectl())
    try:
        kubectl.run(["create", "deployment", "my-dep", "--image=nginx:1.27", "--replicas=1"], 60)
        kubectl.run(["rollout", "status", "deployment/my-dep", "--timeout=240s"], 250)
        cache = WatchedCache(kubectl.kubeconfig, fallback=namespace)
        try:
            return namespace, [name_of(pod) for pod in cache.snapshot(namespace, 30).list(PODS)]
        finally:
            cache.close()
    finally:
        provider.delete(silent)


def test_learners_do_not_see_or_disturb_each_other(cluster_kind: str, tmp_path: Path):
    if not cluster_kind.startswith("context:"):
        pytest.skip("a shared cluster is needed: pytest --cluster context:NAME tests/classroom")
    source, context = source_kubeconfig(), cluster_kind.removeprefix("context:")
    with ThreadPoolExecutor(LEARNERS) as pool:
        seen = dict(pool.map(lambda learner: work(learner, context, tmp_path, source), range(LEARNERS)))
    assert len(seen) == LEARNERS
    assert [len(pods) for pods in seen.values()] == [1] * LEARNERS
    assert len({pod for pods in seen.values() for pod in pods}) == LEARNERS
