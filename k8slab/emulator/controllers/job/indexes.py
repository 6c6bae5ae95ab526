"""Completion indexes and their short form ``0,2-4`` (indexed_job_utils.go). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8slab.kube.objects import Obj, annotations_of, dig

INDEX = "batch.kubernetes.io/job-completion-index"
FAILURES = "batch.kubernetes.io/job-index-failure-count"


def is_indexed(job: Obj) -> bool:
    """Tell whether each pod of the Job has a number."""
    return bool(dig(job, "spec", "completionMode") == "Indexed")


def index_of(pod: Obj) -> int:
    """Return a pod's number; -1 for none."""
    text = annotations_of(pod).get(INDEX, "")
    return int(text) if text.isascii() and text.isdigit() else -1


def failures_of(pod: Obj) -> int:
    """Return how often the pod's index had failed before."""
    text = annotations_of(pod).get(FAILURES, "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def parse_indexes(text: str, completions: int) -> set[int]:
    """Return the indexes of a short form; those beyond the Job's number are left out."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        low, _, high = part.partition("-")
        if low.isdigit() and (not high or high.isdigit()):
            found |= set(range(int(low), min(int(high or low), completions - 1) + 1))
    return {index for index in found if index < completions}


def format_indexes(indexes: Iterable[int]) -> str:
    """Return the short form: runs of three and more as ``2-4``, two as ``2,3``."""
    runs: list[list[int]] = []
    for index in sorted(set(indexes)):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(_run(run) for run in runs)


def _run(run: Sequence[int]) -> str:
    if len(run) == 1:
        return str(run[0])
    return f"{run[0]}-{run[-1]}" if len(run) > 2 else f"{run[0]},{run[1]}"  # noqa: PLR2004 - as Kubernetes writes it


def failed_indexes(job: Obj, failed: Iterable[tuple[Obj, str]]) -> set[int]:
    """Return the indexes that will not be tried again; ``failed`` are pods with what the failure policy says."""
    completions, limit = int(dig(job, "spec", "completions", default=0)), dig(job, "spec", "backoffLimitPerIndex")
    found = parse_indexes(str(dig(job, "status", "failedIndexes", default="")), completions)
    for pod, action in failed:
        spent = failures_of(pod) + (action != "Ignore")
        if index_of(pod) >= 0 and (action == "FailIndex" or spent > int(limit)):
            found.add(index_of(pod))
    return {index for index in found if index < completions}
