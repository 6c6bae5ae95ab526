"""Pod status from container records (k8s.io/kubernetes/pkg/kubelet: generateAPIPodStatus, status/generate.go)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k8slab.clock import timestamp
from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.kube.objects import Obj, dig, find_condition

Records = Mapping[str, ContainerRecord]


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What the node knows besides the containers."""

    node_address: str
    pod_address: str
    start_time: datetime
    sandbox_ready: bool = True


def pod_status(pod: Obj, init: Records, main: Records, facts: PodFacts, now: datetime) -> Obj:
    """Return the status of a pod; conditions keep their transition times while nothing changes."""
    spec = pod["spec"]
    init_records = [init[entry["name"]] for entry in spec.get("initContainers") or [] if entry["name"] in init]
    records = [main[entry["name"]] for entry in spec["containers"]]
    phase = pod_phase(spec, init_records, records)
    status: Obj = {
        "observedGeneration": dig(pod, "metadata", "generation", default=1),
        "phase": phase,
        "conditions": _conditions(pod, phase, init_records, records, facts, now),
        "hostIP": facts.node_address,
        "hostIPs": [{"ip": facts.node_address}],
        "startTime": timestamp(facts.start_time),
        "qosClass": dig(pod, "status", "qosClass", default="BestEffort"),
        "containerStatuses": [_container_status(record) for record in records],
    }
    if init_records:
        status["initContainerStatuses"] = [_container_status(record) for record in init_records]
    if facts.pod_address:
        status["podIP"] = facts.pod_address
        status["podIPs"] = [{"ip": facts.pod_address}]
    return status


def pod_phase(spec: Obj, init: Sequence[ContainerRecord], main: Sequence[ContainerRecord]) -> str:
    """Return ``Pending``, ``Running``, ``Succeeded`` or ``Failed`` (kubelet getPhase)."""
    policy = spec.get("restartPolicy", "Always")
    if any(record.phase == "terminated" and record.exit_code and policy == "Never" for record in init):
        return "Failed"
    never_started = any(record.phase == "waiting" and record.previous is None for record in main)
    if never_started or any(not _done(record) for record in init):
        return "Pending"
    if policy == "Always" or any(record.phase != "terminated" for record in main):
        return "Running"
    if not any(record.exit_code for record in main):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _done(record: ContainerRecord) -> bool:
    return record.phase == "terminated" and record.exit_code == 0


def _conditions(
    pod: Obj,
    phase: str,
    init: Sequence[ContainerRecord],
    main: Sequence[ContainerRecord],
    facts: PodFacts,
    now: datetime,
) -> list[Obj]:
    unready = [record.name for record in main if not record.ready]
    ready = _readiness("containers with unready status: ", unready, phase)
    incomplete = [record.name for record in init if not _done(record)]
    initialized: tuple[str, str, str] = ("True", "", "")
    if incomplete:
        initialized = ("False", "ContainersNotInitialized", f"containers with incomplete status: {_listed(incomplete)}")
    elif phase == "Succeeded":
        initialized = ("True", "PodCompleted", "")
    gates = _gates(pod)
    sandbox = facts.sandbox_ready and facts.pod_address and phase not in _OVER
    wanted = {
        "PodReadyToStartContainers": ("True" if sandbox else "False", "", ""),
        "Initialized": initialized,
        "Ready": gates if gates and ready[0] == "True" else ready,
        "ContainersReady": ready,
        "PodScheduled": ("True", "", ""),
    }
    own = [_condition(pod, name, value, now) for name, value in wanted.items()]
    foreign = [entry for entry in dig(pod, "status", "conditions", default=[]) if entry["type"] not in wanted]
    return own + foreign


_OVER = ("Succeeded", "Failed")


def _listed(names: Sequence[str]) -> str:
    return f"[{' '.join(names)}]"


def _readiness(text: str, unready: Sequence[str], phase: str) -> tuple[str, str, str]:
    if phase == "Succeeded":
        return "False", "PodCompleted", ""
    if phase == "Failed":
        return "False", "PodFailed", ""
    if unready:
        return "False", "ContainersNotReady", text + _listed(unready)
    return "True", "", ""


def _gates(pod: Obj) -> tuple[str, str, str] | None:
    missing = []
    for gate in dig(pod, "spec", "readinessGates", default=[]):
        found = find_condition(pod, gate["conditionType"])
        if found is None:
            missing.append(f'corresponding condition of pod readiness gate "{gate["conditionType"]}" does not exist.')
        elif found.get("status") != "True":
            missing.append(
                f'the status of pod readiness gate "{gate["conditionType"]}" is not "True", but {found.get("status")}'
            )
    return ("False", "ReadinessGatesNotReady", ", ".join(missing)) if missing else None


def _condition(pod: Obj, name: str, value: tuple[str, str, str], now: datetime) -> Obj:
    status, reason, message = value
    before = find_condition(pod, name)
    same = before is not None and before.get("status") == status
    since = before.get("lastTransitionTime") if same and before else None
    made: dict[str, Any] = {
        "type": name,
        "observedGeneration": dig(pod, "metadata", "generation", default=1),
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": since or timestamp(now),
        "reason": reason,
        "message": message,
    }
    return {key: text for key, text in made.items() if text != ""}


def _container_status(record: ContainerRecord) -> Obj:
    status: Obj = {
        "name": record.name,
        "state": _state(record),
        "lastState": _state(record.previous) if record.previous else {},
        "ready": record.ready,
        "restartCount": record.restart_count,
        "image": record.image,
        "imageID": record.image_id,
        "started": record.started,
    }
    if record.container_id:
        status["containerID"] = record.container_id
    return status


def _state(record: ContainerRecord) -> Obj:
    if record.phase == "running":
        return {"running": {"startedAt": timestamp(record.started_at)} if record.started_at else {}}
    if record.phase == "waiting":
        return {"waiting": _texts(reason=record.reason or "ContainerCreating", message=record.message)}
    times = {
        "startedAt": timestamp(record.started_at) if record.started_at else None,
        "finishedAt": timestamp(record.finished_at) if record.finished_at else None,
    }
    told = _texts(reason=record.reason, message=record.message, containerID=record.container_id)
    return {"terminated": {"exitCode": record.exit_code, **told, **times}}


def _texts(**values: str) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}
