from typing import Any

import pytest

from k8slab.emulator.controllers.cronjob import CronJobController
from k8slab.kube.objects import Obj
from k8slab.kube.resources import CRON_JOBS, JOBS


def cron_job(**spec: Any) -> Obj:
    container = {"name": "c", "image": "busybox"}
    pods = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    template = {"metadata": {"labels": {"app": "tick"}}, "spec": {"template": pods}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tick", "namespace": "default"},
        "spec": {"schedule": "*/5 * * * *", "jobTemplate": template, **spec},
    }


async def started(lab: Any, **spec: Any) -> None:
    await lab.start(CronJobController)
    await lab.api.create(CRON_JOBS, cron_job(**spec))
    await lab.settle()


async def end(lab: Any, name: str, kind: str = "Complete") -> None:
    job = await lab.api.get(JOBS, "default", name)
    now = lab.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"startTime": now, "conditions": [{"type": kind, "status": "True", "lastTransitionTime": now}]}
    if kind == "Complete":
        status["completionTime"] = now
    await lab.api.update(JOBS, {**job, "status": status}, subresource="status")
    await lab.settle()


async def status(lab: Any) -> Obj:
    return (await lab.api.get(CRON_JOBS, "default", "tick")).get("status", {})


async def test_a_job_starts_at_its_time_and_is_followed(lab: Any):
    await started(lab)
    assert await lab.names(JOBS) == []
    await lab.advance(301)
    (name,) = await lab.names(JOBS)
    # 2026-01-01T00:05:00Z in minutes since 1970.
    assert name == "tick-29453765"
    found = await status(lab)
    assert found["lastScheduleTime"] == "2026-01-01T00:05:00Z"
    assert [entry["name"] for entry in found["active"]] == [name]
    job = await lab.api.get(JOBS, "default", name)
    assert job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-01-01T00:05:00Z"
    await end(lab, name)
    found = await status(lab)
    assert "active" not in found
    assert found["lastSuccessfulTime"] == "2026-01-01T00:05:01Z"
    assert f"Saw completed job: {name}, condition: Complete" in await lab.messages("SawCompletedJob")


@pytest.mark.parametrize(("policy", "running"), [("Allow", 2), ("Forbid", 1), ("Replace", 1)])
async def test_what_happens_to_a_job_that_still_runs(lab: Any, policy: str, running: int):
    await started(lab, concurrencyPolicy=policy)
    await lab.advance(301)
    first = await lab.names(JOBS)
    await lab.advance(300)
    names = await lab.names(JOBS)
    assert len(names) == running
    assert (first[0] in names) is (policy != "Replace")


async def test_finished_jobs_beyond_the_limits_go(lab: Any):
    await started(lab, successfulJobsHistoryLimit=1, failedJobsHistoryLimit=0)
    for _ in range(3):
        await lab.advance(300.5)
        for entry in (await status(lab)).get("active", []):
            await end(lab, entry["name"])
    assert len(await lab.names(JOBS)) == 1
    await lab.advance(300.5)
    await end(lab, (await status(lab))["active"][0]["name"], "Failed")
    assert len(await lab.names(JOBS)) == 1


async def test_a_suspended_one_starts_nothing_and_goes_on_with_the_latest_missed_start(lab: Any):
    await started(lab, suspend=True)
    await lab.advance(1000)
    assert await lab.names(JOBS) == []
    await lab.change(CRON_JOBS, "tick", {"spec": {"suspend": False}})
    assert (await status(lab))["lastScheduleTime"] == "2026-01-01T00:15:00Z"
    assert len(await lab.names(JOBS)) == 1


async def test_a_start_that_is_too_late_is_skipped(lab: Any):
    await started(lab, suspend=True, startingDeadlineSeconds=10)
    await lab.advance(350)
    await lab.change(CRON_JOBS, "tick", {"spec": {"suspend": False}})
    assert await lab.names(JOBS) == []
