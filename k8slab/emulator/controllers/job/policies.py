"""What a Job's policies say of its pods (pod_failure_policy.go, success_policy.go). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.emulator.controllers.job.indexes import parse_indexes
from k8slab.kube.objects import Obj, dig, name_of, namespace_of


def only_failed_are_replaced(job: Obj) -> bool:
    """Tell whether a terminating pod keeps its place until it has ended."""
    return bool(dig(job, "spec", "podReplacementPolicy") == "Failed")


def has_failed(pod: Obj, job: Obj) -> bool:
    """Tell whether a pod counts as failed; one that is being deleted does, unless only ended ones are replaced."""
    phase = dig(pod, "status", "phase")
    if phase == "Failed" or only_failed_are_replaced(job):
        return bool(phase == "Failed")
    return dig(pod, "metadata", "deletionTimestamp") is not None and phase != "Succeeded"


def verdict(job: Obj, pod: Obj) -> tuple[str, str]:
    """Return the action of the first rule that a failed pod matches, and the message of ``FailJob``."""
    for index, rule in enumerate(dig(job, "spec", "podFailurePolicy", "rules", default=[])):
        action, subject = str(rule.get("action")), ""
        codes = rule.get("onExitCodes")
        place = f"{namespace_of(pod)}/{name_of(pod)}"
        if codes is not None:
            status = _exited(pod, codes)
            if status is not None:
                code = dig(status, "state", "terminated", "exitCode")
                subject = f"Container {status.get('name')} for pod {place} failed with exit code {code}"
        else:
            kind = _condition(pod, rule.get("onPodConditions") or [])
            subject = f"Pod {place} has condition {kind}" if kind else ""
        if subject:
            return action, f"{subject} matching {action} rule at index {index}" if action == "FailJob" else ""
    return "Count", ""


def _exited(pod: Obj, codes: Obj) -> Obj | None:
    values, wanted = codes.get("values") or [], codes.get("containerName")
    for field in ("containerStatuses", "initContainerStatuses"):
        for status in dig(pod, "status", field, default=[]):
            code = dig(status, "state", "terminated", "exitCode", default=0)
            if code and wanted in (None, status.get("name")) and (code in values) is (codes.get("operator") == "In"):
                found: Obj = status
                return found
    return None


def _condition(pod: Obj, patterns: Sequence[Obj]) -> str:
    for condition in dig(pod, "status", "conditions", default=[]):
        for pattern in patterns:
            if (condition.get("type"), condition.get("status")) == (pattern.get("type"), pattern.get("status", "True")):
                return str(condition.get("type"))
    return ""


def success_message(job: Obj, succeeded: set[int]) -> str:
    """Return what the success policy says when one of its rules is met; empty otherwise."""
    completions = int(dig(job, "spec", "completions", default=0))
    for index, rule in enumerate(dig(job, "spec", "successPolicy", "rules", default=[])):
        wanted = rule.get("succeededIndexes")
        chosen = succeeded & parse_indexes(str(wanted), completions) if wanted else succeeded
        count = rule.get("succeededCount")
        needed = int(count) if count is not None else len(parse_indexes(str(wanted or ""), completions))
        if len(chosen) >= needed:
            return f"Matched rules at index {index}"
    return ""


def restarted_too_often(job: Obj, pods: Iterable[Obj]) -> bool:
    """Tell whether containers that are started again in place have used the limit up (OnFailure)."""
    if dig(job, "spec", "template", "spec", "restartPolicy") != "OnFailure":
        return False
    restarts = sum(
        int(status.get("restartCount") or 0)
        for pod in pods
        if dig(pod, "status", "phase") in ("Running", "Pending")
        for field in ("containerStatuses", "initContainerStatuses")
        for status in dig(pod, "status", field, default=[])
    )
    limit = int(dig(job, "spec", "backoffLimit", default=6))
    return restarts > 0 if limit == 0 else restarts >= limit
