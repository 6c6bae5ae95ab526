"""Defaults of Jobs (k8s.io/kubernetes/pkg/apis/batch/v1/defaults.go and registry/batch/job/strategy.go)."""

from __future__ import annotations

from k8slab.emulator.registry.defaults.pods import default_pod_spec
from k8slab.kube.objects import Obj, metadata, name_of, uid_of

CONTROLLER_UID, JOB_NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"
_LEGACY = {CONTROLLER_UID: "controller-uid", JOB_NAME: "job-name"}


_NO_LIMIT = 2**31 - 1


def default_job(obj: Obj) -> None:
    """Fill in a Job."""
    spec = obj.setdefault("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6 if spec.get("backoffLimitPerIndex") is None else _NO_LIMIT)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    failing = spec.get("podFailurePolicy") is not None
    spec.setdefault("podReplacementPolicy", "Failed" if failing else "TerminatingOrFailed")
    default_failure_policy(spec)
    spec.setdefault("manualSelector", False)
    template = spec.setdefault("template", {})
    given = (template.get("spec") or {}).get("restartPolicy")
    default_pod_spec(template.setdefault("spec", {}))
    if given is None:
        # A Job's pods have no default here: leaving it out is a mistake that validation names.
        template["spec"]["restartPolicy"] = "Always"
    labels = template.get("metadata", {}).get("labels")
    if labels and not metadata(obj).get("labels"):
        metadata(obj)["labels"] = dict(labels)


def default_failure_policy(spec: Obj) -> None:
    """Fill in the rules for failed pods."""
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or []:
        for pattern in rule.get("onPodConditions") or []:
            pattern.setdefault("status", "True")


def default_cron_job(obj: Obj) -> None:
    """Fill in a CronJob; its Jobs get their defaults when they are made."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("metadata", {})
    job = template.setdefault("spec", {})
    default_failure_policy(job)
    pods = job.setdefault("template", {})
    pods.setdefault("metadata", {})
    default_pod_spec(pods.setdefault("spec", {}))


def generated_labels(obj: Obj) -> dict[str, str]:
    """Return the labels that the pods of a Job get from the server."""
    values = {CONTROLLER_UID: uid_of(obj), JOB_NAME: name_of(obj)}
    return {key: value for name, value in values.items() for key in (name, _LEGACY[name])}


def generate_selector(obj: Obj) -> None:
    """Give a new Job the selector that finds its pods and no others."""
    spec = obj["spec"]
    if spec.get("manualSelector"):
        return
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    labels.update(generated_labels(obj))
    metadata(obj).setdefault("labels", {}).update(labels)
    spec["selector"] = {"matchLabels": {CONTROLLER_UID: uid_of(obj)}}
