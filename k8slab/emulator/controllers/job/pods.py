"""The pods of a Job. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.emulator.controllers.job.indexes import FAILURES, INDEX, failures_of, index_of
from k8slab.emulator.controllers.job.policies import has_failed, verdict
from k8slab.emulator.controllers.job.tally import FINALIZER
from k8slab.emulator.controllers.pod_control import pod_from_template
from k8slab.kube.objects import Obj, dig, name_of

_VARIABLE = "JOB_COMPLETION_INDEX"


def job_pod(job: Obj, index: int | None, failed: Sequence[Obj]) -> Obj:
    """Return a new pod; with an index it has a name, a host name and a variable for it."""
    pod = pod_from_template(job, dig(job, "spec", "template", default={}))
    meta = pod["metadata"]
    meta["finalizers"] = [*(meta.get("finalizers") or []), FINALIZER]
    if index is None:
        return pod
    meta["generateName"] = f"{name_of(job)}-{index}-"
    meta.setdefault("labels", {})[INDEX] = str(index)
    annotations = meta.setdefault("annotations", {})
    annotations[INDEX] = str(index)
    if dig(job, "spec", "backoffLimitPerIndex") is not None:
        annotations[FAILURES] = str(_failures(job, index, failed))
    spec = pod["spec"]
    spec["hostname"] = f"{name_of(job)}-{index}"
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or []:
            _add_variable(container)
    return pod


def _failures(job: Obj, index: int, failed: Sequence[Obj]) -> int:
    spent = [
        failures_of(pod) + (verdict(job, pod)[0] != "Ignore")
        for pod in failed
        if index_of(pod) == index and has_failed(pod, job)
    ]
    return max(spent, default=0)


def _add_variable(container: Obj) -> None:
    variables = container.setdefault("env", [])
    if not any(entry.get("name") == _VARIABLE for entry in variables):
        reference = {"fieldPath": f"metadata.labels['{INDEX}']"}
        variables.append({"name": _VARIABLE, "valueFrom": {"fieldRef": reference}})
