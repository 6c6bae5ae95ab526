"""Pod status from container records (k8s.io/kubernetes/pkg/kubelet: generateAPIPodStatus, status/generate.go)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from k8slab.clock import timestamp
from k8slab.emulator.node.catalogue.references import parse_reference
from k8slab.emulator.node.lifecycle.records import ContainerRecord
from k8slab.kube.objects import Obj, dig, find_condition

Records = Mapping[str, ContainerRecord]


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What the node knows besides the containers; ``reason`` and ``message`` say why it ended the pod itself."""

    node_address: str
    pod_address: str
    start_time: datetime
    sandbox_ready: bool = True
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class PodRecords:
    """The records of a pod's containers by name."""

    init: Records
    main: Records
    ephemeral: Records = field(default_factory=dict)


def sidecars(spec: Obj) -> frozenset[str]:
    """Return the names of the init containers that go on running."""
    return frozenset(e["name"] for e in spec.get("initContainers") or [] if e.get("restartPolicy") == "Always")


def pod_status(pod: Obj, records: PodRecords, facts: PodFacts, now: datetime) -> Obj:
    """Return the status of a pod; conditions keep their transition times while nothing changes."""
    spec = pod["spec"]
    phase = "Failed" if facts.reason else pod_phase(spec, records)
    status: Obj = {
        "observedGeneration": dig(pod, "metadata", "generation", default=1),
        "phase": phase,
        "conditions": _conditions(pod, phase, records, facts, now),
        "hostIP": facts.node_address,
        "hostIPs": [{"ip": facts.node_address}],
        "startTime": timestamp(facts.start_time),
        "qosClass": dig(pod, "status", "qosClass", default="BestEffort"),
        # The kubelet sorts all but the init containers by name.
        "containerStatuses": _statuses(spec["containers"], records.main, by_name=True),
    }
    if spec.get("initContainers"):
        found = _statuses(spec["initContainers"], records.init, by_name=False)
        beside = sidecars(spec)
        for entry in found:
            # One that must end is ready when it has; nothing probes it.
            entry["ready"] = entry["ready"] if entry["name"] in beside else _done(records.init[entry["name"]])
        status["initContainerStatuses"] = found
    if records.ephemeral:
        status["ephemeralContainerStatuses"] = _ephemeral(spec, records.ephemeral)
    if facts.pod_address:
        status["podIP"] = facts.pod_address
        status["podIPs"] = [{"ip": facts.pod_address}]
    if facts.reason:
        status |= {"reason": facts.reason, "message": facts.message}
    return status


def _statuses(containers: Sequence[Obj], records: Records, *, by_name: bool) -> list[Obj]:
    made = [container_status(entry, records[entry["name"]]) for entry in containers if entry["name"] in records]
    return sorted(made, key=lambda status: str(status["name"])) if by_name else made


def _ephemeral(spec: Obj, records: Records) -> list[Obj]:
    made = _statuses(spec.get("ephemeralContainers") or [], records, by_name=True)
    for entry in made:
        # Nobody waits for one of these.
        entry.pop("started")
        entry["ready"] = False
    return made


def pod_phase(spec: Obj, records: PodRecords) -> str:
    """Return ``Pending``, ``Running``, ``Succeeded`` or ``Failed`` (kubelet getPhase)."""
    policy, beside = spec.get("restartPolicy", "Always"), sidecars(spec)
    init = [record for name, record in records.init.items() if name not in beside]
    main = list(records.main.values())
    if any(record.phase == "terminated" and record.exit_code and policy == "Never" for record in init):
        return "Failed"
    if any(record.phase == "waiting" and record.previous is None for record in main):
        return "Pending"
    if not all(map(_done, init)) and all(record.phase == "waiting" for record in main):
        return "Pending"
    running = [record for name, record in records.init.items() if name in beside and record.phase == "running"]
    if policy == "Always" or running or any(record.phase != "terminated" for record in main):
        return "Running"
    if not any(record.exit_code for record in main):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def _done(record: ContainerRecord) -> bool:
    return record.phase == "terminated" and record.exit_code == 0


def _conditions(pod: Obj, phase: str, records: PodRecords, facts: PodFacts, now: datetime) -> list[Obj]:
    beside = sidecars(pod["spec"])
    waited = [record for name, record in records.init.items() if name in beside]
    unready = [record.name for record in (*waited, *records.main.values()) if not record.ready]
    ready = _readiness("containers with unready status: ", unready, phase)
    gates = _gates(pod)
    sandbox = facts.sandbox_ready and facts.pod_address and phase not in _OVER
    wanted = {
        "PodReadyToStartContainers": ("True" if sandbox else "False", "", ""),
        "Initialized": _initialized(records, beside, phase),
        "Ready": gates if gates and ready[0] == "True" else ready,
        "ContainersReady": ready,
        "PodScheduled": ("True", "", ""),
    }
    own = [_condition(pod, name, value, now) for name, value in wanted.items()]
    foreign = [entry for entry in dig(pod, "status", "conditions", default=[]) if entry["type"] not in wanted]
    return own + foreign


def _initialized(records: PodRecords, beside: frozenset[str], phase: str) -> tuple[str, str, str]:
    """Return the condition (status.GeneratePodInitializedCondition): once a container has started, it stays true."""
    if phase == "Succeeded":
        return "True", "PodCompleted", ""
    incomplete = [n for n, record in records.init.items() if not (record.started if n in beside else _done(record))]
    begun = any(record.phase != "waiting" or record.previous for record in records.main.values())
    if incomplete and not begun:
        return "False", "ContainersNotInitialized", f"containers with incomplete status: {_listed(incomplete)}"
    return "True", "", ""


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


def container_status(container: Obj, record: ContainerRecord) -> Obj:
    """Return the status of one container."""
    status: Obj = {
        "name": record.name,
        "state": _state(record),
        "lastState": _state(record.previous) if record.previous else {},
        "ready": record.ready,
        "restartCount": record.restart_count,
        # The runtime names what it runs in full.
        "image": str(parse_reference(record.image)) if record.image_id else record.image,
        "imageID": record.image_id,
        "started": record.started,
    }
    if record.container_id:
        status |= {"containerID": record.container_id, **_given(container)}
    return status


def _given(container: Obj) -> Obj:
    """Return what a container that was created shows of its manifest: resources and mounts."""
    resources = {name: dict(values) for name, values in (container.get("resources") or {}).items() if values}
    made: Obj = {"resources": resources}
    if resources.get("requests"):
        made["allocatedResources"] = dict(resources["requests"])
    mounts = [_mount(entry) for entry in container.get("volumeMounts") or []]
    return {**made, "volumeMounts": mounts} if mounts else made


def _mount(entry: Obj) -> Obj:
    shown = {"name": entry["name"], "mountPath": entry["mountPath"]}
    return {**shown, "readOnly": True, "recursiveReadOnly": "Disabled"} if entry.get("readOnly") else shown


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
