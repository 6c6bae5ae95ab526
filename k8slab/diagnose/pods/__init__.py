"""Why a pod serves nobody: one family of rules a file, tried in the order of a pod's life."""

from __future__ import annotations

from collections.abc import Iterator

from k8slab.diagnose.findings import Evidence, Finding
from k8slab.diagnose.pods.containers import container_findings
from k8slab.diagnose.pods.ending import ending_findings
from k8slab.diagnose.pods.images import image_findings
from k8slab.diagnose.pods.probes import probe_findings
from k8slab.diagnose.pods.restarts import restart_findings
from k8slab.diagnose.pods.scheduling import scheduling_findings
from k8slab.diagnose.pods.volumes import volume_findings
from k8slab.kube.objects import Obj
from k8slab.snapshot import Snapshot

_RULES = (
    ending_findings,
    scheduling_findings,
    volume_findings,
    image_findings,
    container_findings,
    restart_findings,
    probe_findings,
)


def pod_findings(snapshot: Snapshot, pod: Obj, evidence: Evidence) -> Iterator[Finding]:
    """Yield why the pod is not ready, the first cause of its life first."""
    for rule in _RULES:
        yield from rule(snapshot, pod, evidence)
