"""What kubectl shows of Jobs, roles, bindings, webhooks, classes and leases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from k8slab.clock import parse_timestamp
from k8slab.emulator.registry.tables.ages import age, human_duration
from k8slab.emulator.registry.tables.columns import AGE, NAME, Column
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, name_of

_NONE = "<none>"


def _created(obj: Obj, now: datetime) -> str:
    return age(dig(obj, "metadata", "creationTimestamp"), now)


def _job(obj: Obj, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    succeeded = status.get("succeeded", 0)
    wanted = spec.get("completions")
    if wanted is None:
        most = spec.get("parallelism", 1)
        done = f"{succeeded}/1 of {most}" if most > 1 else f"{succeeded}/1"
    else:
        done = f"{succeeded}/{wanted}"
    containers = dig(spec, "template", "spec", "containers", default=[])
    labels = dig(spec, "selector", "matchLabels", default={})
    return [
        name_of(obj), _job_state(obj), done, _duration(status, now), _created(obj, now),
        ",".join(entry["name"] for entry in containers), ",".join(entry.get("image", "") for entry in containers),
        ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or _NONE,
    ]  # fmt: skip


def _job_state(obj: Obj) -> str:
    for kind, word in (("Complete", "Complete"), ("Failed", "Failed")):
        if (find_condition(obj, kind) or {}).get("status") == "True":
            return word
    if is_deleting(obj):
        return "Terminating"
    for kind, word in (
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    ):
        if (find_condition(obj, kind) or {}).get("status") == "True":
            return word
    return "Running"


def _duration(status: Obj, now: datetime) -> str:
    if not status.get("startTime"):
        return ""
    end = parse_timestamp(status["completionTime"]) if status.get("completionTime") else now
    return human_duration((end - parse_timestamp(status["startTime"])).total_seconds())


def _binding(obj: Obj, now: datetime) -> list[Any]:
    role = f"{dig(obj, 'roleRef', 'kind')}/{dig(obj, 'roleRef', 'name')}"
    subjects = obj.get("subjects") or []
    users, groups = ([entry["name"] for entry in subjects if entry.get("kind") == kind] for kind in ("User", "Group"))
    accounts = [
        f"{entry.get('namespace', '')}/{entry['name']}" for entry in subjects if entry.get("kind") == "ServiceAccount"
    ]
    return [name_of(obj), role, _created(obj, now), ", ".join(users), ", ".join(groups), ", ".join(accounts)]


def _ingress_class(obj: Obj, now: datetime) -> list[Any]:
    parameters = dig(obj, "spec", "parameters")
    shown = _NONE
    if parameters:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
        shown = f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}"
    return [name_of(obj), dig(obj, "spec", "controller", default=""), shown, _created(obj, now)]


_WIDE = tuple(Column(name, priority=1) for name in ("Containers", "Images", "Selector"))
_SUBJECTS = tuple(Column(name, priority=1) for name in ("Users", "Groups", "ServiceAccounts"))
_ROLE = (NAME, Column("Created At", "date"))
_BINDING = (NAME, Column("Role"), AGE, *_SUBJECTS)
_WEBHOOKS = (NAME, Column("Webhooks", "integer"), AGE)
POLICY_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "jobs.batch": (NAME, Column("Status"), Column("Completions"), Column("Duration"), AGE, *_WIDE),
    "roles.rbac.authorization.k8s.io": _ROLE,
    "clusterroles.rbac.authorization.k8s.io": _ROLE,
    "rolebindings.rbac.authorization.k8s.io": _BINDING,
    "clusterrolebindings.rbac.authorization.k8s.io": _BINDING,
    "ingressclasses.networking.k8s.io": (NAME, Column("Controller"), Column("Parameters"), AGE),
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _WEBHOOKS,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _WEBHOOKS,
    "leases.coordination.k8s.io": (NAME, Column("Holder"), AGE),
}  # fmt: skip


def _role(obj: Obj, _now: datetime) -> list[Any]:
    return [name_of(obj), dig(obj, "metadata", "creationTimestamp", default="")]


def _webhooks(obj: Obj, now: datetime) -> list[Any]:
    return [name_of(obj), len(obj.get("webhooks") or []), _created(obj, now)]


POLICY_CELLS: Mapping[str, Callable[[Obj, datetime], list[Any]]] = {
    "jobs.batch": _job,
    "roles.rbac.authorization.k8s.io": _role,
    "clusterroles.rbac.authorization.k8s.io": _role,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
    "ingressclasses.networking.k8s.io": _ingress_class,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _webhooks,
    "leases.coordination.k8s.io": lambda obj, now: [
        name_of(obj), dig(obj, "spec", "holderIdentity", default=""), _created(obj, now),
    ],
}  # fmt: skip
