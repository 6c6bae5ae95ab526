from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.emulator.node.lifecycle.status import PodFacts, PodRecords, pod_phase, pod_status
from k8slab.emulator.registry.tables.pod_cells import pod_cells

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = PodFacts("172.18.0.2", "10.244.0.9", NOW)
Obj = dict[str, Any]


def pod(policy: str = "Always") -> Obj:
    spec = {
        "restartPolicy": policy,
        "initContainers": [{"name": "first"}, {"name": "side", "restartPolicy": "Always"}, {"name": "last"}],
        "containers": [{"name": "web"}, {"name": "app"}],
    }
    return {"metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": spec}


def record(name: str, state: str) -> ContainerRecord:
    """Make a record: ``-`` waits, ``r`` runs, ``R`` runs and is ready, a number is how it ended, ``b`` backs off."""
    new = ContainerRecord(name, "image", reason="PodInitializing")
    running = new.running("containerd://x", "image@x", NOW)
    if state == "-":
        return new
    if state == "r":
        return running
    if state == "R":
        return ContainerRecord(name, "image", "running", started_at=NOW, container_id="x", ready=True, started=True)
    if state == "b":
        return running.terminated(1, NOW).waiting("CrashLoopBackOff", "back-off")
    return running.terminated(int(state), NOW)


def records(init: str, main: str) -> PodRecords:
    names = ("first", "side", "last")
    return PodRecords(
        {name: record(name, state) for name, state in zip(names, init.split(), strict=True)},
        {name: record(name, state) for name, state in zip(("web", "app"), main.split(), strict=True)},
    )


@pytest.mark.parametrize(
    ("policy", "init", "main", "phase", "ready", "word"),
    [
        ("Always", "- - -", "- -", "Pending", "0/3", "Init:0/3"),
        ("Always", "r - -", "- -", "Pending", "0/3", "Init:0/3"),
        ("Always", "0 r -", "- -", "Pending", "0/3", "Init:1/3"),
        ("Always", "0 R r", "- -", "Pending", "1/3", "Init:2/3"),
        ("Always", "0 R b", "- -", "Pending", "1/3", "Init:CrashLoopBackOff"),
        ("Never", "0 R 3", "- -", "Failed", "1/3", "Init:Error"),
        ("Always", "0 R 0", "- -", "Pending", "1/3", "PodInitializing"),
        ("Always", "0 R 0", "R r", "Running", "2/3", "Running"),
        ("Always", "0 R 0", "R R", "Running", "3/3", "Running"),
        ("Always", "0 b 0", "R R", "Running", "2/3", "Init:CrashLoopBackOff"),
        ("Never", "0 R 0", "0 0", "Running", "1/3", "Completed"),
        ("Never", "0 0 0", "0 0", "Succeeded", "0/3", "Completed"),
        ("Never", "0 143 0", "0 1", "Failed", "0/3", "Error"),
        ("Always", "0 R 0", "b R", "Running", "2/3", "CrashLoopBackOff"),
    ],
)
def test_phase_and_row(policy: str, init: str, main: str, phase: str, ready: str, word: str) -> None:
    found = records(init, main)
    assert pod_phase(pod(policy)["spec"], found) == phase
    row = pod_cells({**pod(policy), "status": pod_status(pod(policy), found, FACTS, NOW)}, NOW)
    assert row[1:3] == [ready, word]


def conditions(init: str, main: str, facts: PodFacts = FACTS) -> dict[str, tuple[str, str, str]]:
    status = pod_status(pod("Never"), records(init, main), facts, NOW)
    return {c["type"]: (c["status"], c.get("reason", ""), c.get("message", "")) for c in status["conditions"]}


def test_a_sidecar_that_is_not_ready_holds_the_pod_back() -> None:
    found = conditions("0 r 0", "R R")
    assert found["Ready"] == ("False", "ContainersNotReady", "containers with unready status: [side]")
    assert found["Initialized"] == ("True", "", "")


def test_what_is_not_initialized_is_listed() -> None:
    message = "containers with incomplete status: [side last]"
    assert conditions("0 r -", "- -")["Initialized"] == ("False", "ContainersNotInitialized", message)


def test_statuses_are_sorted_by_name_but_init_containers_keep_their_order() -> None:
    status = pod_status(pod(), records("0 R 0", "R R"), FACTS, NOW)
    assert [entry["name"] for entry in status["containerStatuses"]] == ["app", "web"]
    assert [(entry["name"], entry["ready"]) for entry in status["initContainerStatuses"]] == [
        ("first", True),
        ("side", True),
        ("last", True),
    ]


def test_a_pod_that_the_node_ended_says_why() -> None:
    facts = PodFacts("n", "a", NOW, reason="DeadlineExceeded", message="too long")
    status = pod_status(pod(), records("0 0 0", "137 137"), facts, NOW)
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "DeadlineExceeded", "too long")
    assert conditions("0 0 0", "137 137", facts)["Ready"] == ("False", "PodFailed", "")
