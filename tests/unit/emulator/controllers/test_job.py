from typing import Any

import pytest

from k8slab.emulator.controllers.job import JobController
from k8slab.emulator.controllers.job.indexes import format_indexes, parse_indexes
from k8slab.kube.objects import Obj, condition_is_true, find_condition, name_of
from k8slab.kube.resources import JOBS, PODS


def job(**spec: Any) -> Obj:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}}
    meta = {"name": "work", "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {"template": template, **spec}}


async def started(lab: Any, **spec: Any) -> None:
    await lab.start(JobController)
    await lab.api.create(JOBS, job(**spec))
    await lab.settle()


async def pods(lab: Any, phase: str = "Running") -> list[Obj]:
    return [pod for pod in (await lab.api.list(PODS)).items if pod["status"].get("phase") == phase]


async def end(lab: Any, pod: Obj, phase: str = "Succeeded", code: int = 0) -> None:
    lab.kubelet.hold.add(name_of(pod))
    pod = await lab.api.get(PODS, "default", name_of(pod))
    state = {"terminated": {"exitCode": code, "finishedAt": lab.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}}
    status = {"phase": phase, "containerStatuses": [{"name": "c", "state": state}]}
    await lab.api.update(PODS, {**pod, "status": status}, subresource="status")
    await lab.settle()


async def status(lab: Any) -> Obj:
    return (await lab.api.get(JOBS, "default", "work"))["status"]


async def test_a_job_is_complete_when_enough_pods_have_succeeded(lab: Any):
    await started(lab, completions=3, parallelism=2)
    assert (await status(lab))["active"] == 2
    for expected in (1, 2, 3):
        await end(lab, (await pods(lab))[0])
        assert (await status(lab))["succeeded"] == expected
    found = await lab.api.get(JOBS, "default", "work")
    assert condition_is_true(found, "Complete")
    assert condition_is_true(found, "SuccessCriteriaMet")
    assert found["status"]["uncountedTerminatedPods"] == {}
    assert "active" not in found["status"]
    assert await lab.messages("Completed") == ["Job completed"]
    assert all("finalizers" not in pod["metadata"] for pod in (await lab.api.list(PODS)).items)


async def test_what_is_counted_stays_counted_when_its_pod_is_deleted(lab: Any):
    await started(lab, completions=2, parallelism=1)
    done = (await pods(lab))[0]
    await end(lab, done)
    await lab.api.delete(PODS, "default", name_of(done))
    await lab.settle()
    assert name_of(done) not in await lab.names(PODS)
    assert (await status(lab))["succeeded"] == 1


async def test_failures_pause_longer_each_time_until_the_limit(lab: Any):
    await started(lab, backoffLimit=2)
    await end(lab, (await pods(lab))[0], "Failed", 1)
    assert await pods(lab) == []
    await lab.advance(10)
    await end(lab, (await pods(lab))[0], "Failed", 1)
    await lab.advance(19)
    assert await pods(lab) == []
    await lab.advance(1)
    await end(lab, (await pods(lab))[0], "Failed", 1)
    found = await lab.api.get(JOBS, "default", "work")
    assert found["status"]["failed"] == 3
    condition = find_condition(found, "Failed")
    assert condition is not None
    assert (condition["reason"], condition["message"]) == (
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
    )


async def test_indexed_pods_have_a_number_each(lab: Any):
    await started(lab, completions=3, parallelism=2, completionMode="Indexed")
    running = await pods(lab)
    assert sorted(pod["spec"]["hostname"] for pod in running) == ["work-0", "work-1"]
    first = next(pod for pod in running if pod["spec"]["hostname"] == "work-0")
    assert name_of(first).startswith("work-0-")
    reference = {"apiVersion": "v1", "fieldPath": "metadata.labels['batch.kubernetes.io/job-completion-index']"}
    assert first["spec"]["containers"][0]["env"] == [
        {"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": reference}}
    ]
    await end(lab, first)
    assert (await status(lab))["completedIndexes"] == "0"
    assert "work-2" in [pod["spec"]["hostname"] for pod in await pods(lab)]
    for pod in await pods(lab):
        await end(lab, pod)
    assert (await status(lab))["completedIndexes"] == "0-2"
    assert condition_is_true(await lab.api.get(JOBS, "default", "work"), "Complete")


async def test_an_index_that_fails_too_often_is_given_up(lab: Any):
    await started(lab, completions=2, parallelism=2, completionMode="Indexed", backoffLimitPerIndex=0)
    first, second = sorted(await pods(lab), key=lambda pod: pod["spec"]["hostname"])
    await end(lab, first, "Failed", 1)
    assert (await status(lab))["failedIndexes"] == "0"
    await end(lab, second)
    condition = find_condition(await lab.api.get(JOBS, "default", "work"), "Failed")
    assert condition is not None
    assert condition["reason"] == "FailedIndexes"


async def test_suspending_ends_the_pods_and_resuming_starts_anew(lab: Any):
    await started(lab, suspend=True)
    assert await pods(lab) == []
    assert "startTime" not in await status(lab)
    assert find_condition(await lab.api.get(JOBS, "default", "work"), "Suspended")["reason"] == "JobSuspended"
    await lab.change(JOBS, "work", {"spec": {"suspend": False}})
    assert len(await pods(lab)) == 1
    await lab.change(JOBS, "work", {"spec": {"suspend": True}})
    assert await pods(lab) == []
    assert (await status(lab)).get("failed", 0) == 0
    assert await lab.messages("Resumed") == ["Job resumed"]


RULES = [
    {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}},
    {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [7]}},
]


async def test_an_exit_code_may_end_the_job_at_once(lab: Any):
    await started(lab, podFailurePolicy={"rules": RULES})
    (pod,) = await pods(lab)
    await end(lab, pod, "Failed", 42)
    condition = find_condition(await lab.api.get(JOBS, "default", "work"), "Failed")
    assert condition is not None
    assert condition["message"] == (
        f"Container c for pod default/{name_of(pod)} failed with exit code 42 matching FailJob rule at index 0"
    )


async def test_an_ignored_failure_does_not_count(lab: Any):
    await started(lab, podFailurePolicy={"rules": RULES}, backoffLimit=0)
    await end(lab, (await pods(lab))[0], "Failed", 7)
    assert (await status(lab)).get("failed", 0) == 0
    assert len(await pods(lab)) == 1


async def test_the_deadline_ends_the_job(lab: Any):
    await started(lab, activeDeadlineSeconds=30)
    await lab.advance(31)
    condition = find_condition(await lab.api.get(JOBS, "default", "work"), "Failed")
    assert condition is not None
    assert condition["reason"] == "DeadlineExceeded"
    assert await pods(lab) == []


async def test_a_finished_job_goes_when_its_time_is_over(lab: Any):
    await started(lab, ttlSecondsAfterFinished=60)
    await end(lab, (await pods(lab))[0])
    await lab.advance(59)
    assert await lab.names(JOBS) == ["work"]
    await lab.advance(2)
    found = (await lab.api.list(JOBS)).items
    # Nothing collects garbage here: the deletion in the foreground has begun.
    assert found[0]["metadata"]["finalizers"] == ["foregroundDeletion"]


@pytest.mark.parametrize(
    ("text", "indexes"), [("", []), ("0", [0]), ("0,2-4", [0, 2, 3, 4]), ("1,2", [1, 2]), ("0-2,9", [0, 1, 2, 9])]
)
def test_the_short_form_of_indexes(text: str, indexes: list[int]):
    assert parse_indexes(text, 10) == set(indexes)
    assert format_indexes(indexes) == text
