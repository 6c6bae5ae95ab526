"""What kubectl shows of DaemonSets, StatefulSets, CronJobs and what else runs or guards pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from k8slab.emulator.registry.tables.ages import age
from k8slab.emulator.registry.tables.autoscaler_cells import AUTOSCALER, autoscaler_cells
from k8slab.emulator.registry.tables.columns import AGE, NAME, Column
from k8slab.emulator.registry.tables.words import NONE, containers_of, created, format_labels, format_selector
from k8slab.kube.objects import Obj, controller_of, dig, name_of

_IMAGES = (Column("Containers", priority=1), Column("Images", priority=1))
_WIDE = (*_IMAGES, Column("Selector", priority=1))
_COUNTS = tuple(Column(name, "integer") for name in ("Desired", "Current", "Ready"))
WORKLOAD_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "daemonsets.apps": (
        NAME, *_COUNTS, Column("Up-to-date", "integer"), Column("Available", "integer"), Column("Node Selector"), AGE,
        *_WIDE,
    ),
    "statefulsets.apps": (NAME, Column("Ready"), AGE, *_IMAGES),
    "controllerrevisions.apps": (NAME, Column("Controller"), Column("Revision"), AGE),
    "replicationcontrollers": (NAME, *_COUNTS, AGE, *_WIDE),
    "scales.autoscaling": (NAME, Column("Desired", "integer"), Column("Available", "integer"), AGE),
    "podtemplates": (NAME, Column("Containers"), Column("Images"), Column("Pod Labels")),
    "cronjobs.batch": (
        NAME, Column("Schedule"), Column("Timezone"), Column("Suspend", "boolean"), Column("Active", "integer"),
        Column("Last Schedule"), AGE, *_WIDE,
    ),
    "poddisruptionbudgets.policy": (
        NAME, Column("Min Available"), Column("Max Unavailable"), Column("Allowed Disruptions", "integer"), AGE,
    ),
    "horizontalpodautoscalers.autoscaling": AUTOSCALER,
}  # fmt: skip


def _daemon_set(obj: Obj, now: datetime) -> list[Any]:
    status, template = obj.get("status") or {}, dig(obj, "spec", "template")
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled",
             "numberAvailable")  # fmt: skip
    return [
        name_of(obj), *(status.get(name, 0) for name in names),
        format_labels(dig(template, "spec", "nodeSelector")), created(obj, now), *containers_of(template),
        format_selector(dig(obj, "spec", "selector")),
    ]  # fmt: skip


def _stateful_set(obj: Obj, now: datetime) -> list[Any]:
    ready, wanted = dig(obj, "status", "readyReplicas", default=0), dig(obj, "spec", "replicas", default=0)
    return [name_of(obj), f"{ready}/{wanted}", created(obj, now), *containers_of(dig(obj, "spec", "template"))]


def _controller_revision(obj: Obj, now: datetime) -> list[Any]:
    owner = controller_of(obj)
    shown = NONE
    if owner is not None:
        group, slash, _ = str(owner.get("apiVersion", "")).partition("/")
        kind = str(owner.get("kind", "")).lower()
        shown = f"{kind}.{group}/{owner.get('name')}" if slash else f"{kind}/{owner.get('name')}"
    return [name_of(obj), shown, obj.get("revision", 0), created(obj, now)]


def _replication_controller(obj: Obj, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        name_of(obj), spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0),
        created(obj, now), *containers_of(spec.get("template")), format_labels(spec.get("selector")),
    ]  # fmt: skip


def _scale(obj: Obj, now: datetime) -> list[Any]:
    counts = [dig(obj, part, "replicas", default=0) for part in ("spec", "status")]
    return [name_of(obj), *counts, created(obj, now)]


def _pod_template(obj: Obj, _now: datetime) -> list[Any]:
    template = obj.get("template")
    return [name_of(obj), *containers_of(template), format_labels(dig(template, "metadata", "labels"))]


def _cron_job(obj: Obj, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    last = status.get("lastScheduleTime")
    suspended = {True: "True", False: "False", None: "<unset>"}[spec.get("suspend")]
    job = dig(spec, "jobTemplate", "spec", default={})
    return [
        name_of(obj), spec.get("schedule", ""), spec.get("timeZone") or NONE, suspended,
        len(status.get("active") or []), age(last, now) if last else NONE, created(obj, now),
        *containers_of(job.get("template")), format_selector(job.get("selector")),
    ]  # fmt: skip


def _disruption_budget(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    shown = [str(spec[name]) if spec.get(name) is not None else "N/A" for name in ("minAvailable", "maxUnavailable")]
    return [name_of(obj), *shown, dig(obj, "status", "disruptionsAllowed", default=0), created(obj, now)]


WORKLOAD_CELLS: Mapping[str, Callable[[Obj, datetime], list[Any]]] = {
    "daemonsets.apps": _daemon_set,
    "statefulsets.apps": _stateful_set,
    "controllerrevisions.apps": _controller_revision,
    "replicationcontrollers": _replication_controller,
    "scales.autoscaling": _scale,
    "podtemplates": _pod_template,
    "cronjobs.batch": _cron_job,
    "poddisruptionbudgets.policy": _disruption_budget,
    "horizontalpodautoscalers.autoscaling": autoscaler_cells,
}
