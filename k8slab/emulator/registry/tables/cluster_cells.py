"""What kubectl shows of quotas, priorities, network policies, signing requests and the server's own kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from k8slab.emulator.registry.tables.ages import human_duration
from k8slab.emulator.registry.tables.columns import AGE, NAME, Column
from k8slab.emulator.registry.tables.words import NONE, created, format_selector
from k8slab.kube.objects import Obj, dig, find_condition, is_deleting, name_of


def _columns(*names: str) -> tuple[Column, ...]:
    return (NAME, *(Column(name) for name in names), AGE)


_PLAIN = (NAME, AGE)
_POLICY, _FLOW = "admissionregistration.k8s.io", "flowcontrol.apiserver.k8s.io"
CLUSTER_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "componentstatuses": (NAME, Column("Status"), Column("Message"), Column("Error")),
    "bindings": (NAME, AGE),
    "resourcequotas": _columns("Request", "Limit"),
    "limitranges": (NAME, Column("Created At", "date")),
    "priorityclasses.scheduling.k8s.io": (
        NAME, Column("Value", "integer"), Column("Global-Default", "boolean"), AGE, Column("PreemptionPolicy"),
    ),
    "runtimeclasses.node.k8s.io": _columns("Handler"),
    "networkpolicies.networking.k8s.io": _columns("Pod-Selector"),
    "servicecidrs.networking.k8s.io": _columns("CIDRs"),
    "ipaddresses.networking.k8s.io": (NAME, Column("ParentRef"), AGE),
    "certificatesigningrequests.certificates.k8s.io": (
        NAME, AGE, *(Column(name) for name in ("SignerName", "Requestor", "RequestedDuration", "Condition")),
    ),
    f"validatingadmissionpolicies.{_POLICY}": (NAME, Column("Validations", "integer"), Column("ParamKind"), AGE),
    f"validatingadmissionpolicybindings.{_POLICY}": _columns("PolicyName", "ParamRef"),
    f"flowschemas.{_FLOW}": (
        *_columns("PriorityLevel", "MatchingPrecedence", "DistinguisherMethod"), Column("MissingPL"),
    ),
    f"prioritylevelconfigurations.{_FLOW}": _columns(
        "Type", "NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit"
    ),
    "deviceclasses.resource.k8s.io": _PLAIN,
    "resourceclaims.resource.k8s.io": _columns("State"),
    "resourceclaimtemplates.resource.k8s.io": _PLAIN,
    "resourceslices.resource.k8s.io": _columns("Node", "Driver", "Pool"),
}  # fmt: skip


def _component(obj: Obj, _now: datetime) -> list[Any]:
    found = next((entry for entry in obj.get("conditions") or [] if entry.get("type") == "Healthy"), None)
    if found is None:
        return [name_of(obj), "Unknown", "", ""]
    word = "Healthy" if found.get("status") == "True" else "Unhealthy"
    return [name_of(obj), word, found.get("message", ""), found.get("error", "")]


def _quota(obj: Obj, now: datetime) -> list[Any]:
    hard, used = dig(obj, "status", "hard", default={}), dig(obj, "status", "used", default={})
    requests: list[str] = []
    limits: list[str] = []
    for name in sorted(hard):
        place = limits if name.startswith("limits.") else requests
        place.append(f"{name}: {used.get(name, 0)}/{hard[name]}")
    return [name_of(obj), ", ".join(requests), ", ".join(limits), created(obj, now)]


def _priority_class(obj: Obj, now: datetime) -> list[Any]:
    return [
        name_of(obj), obj.get("value", 0), bool(obj.get("globalDefault")), created(obj, now),
        obj.get("preemptionPolicy", ""),
    ]  # fmt: skip


def _signing_request(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    seconds = spec.get("expirationSeconds")
    return [
        name_of(obj), created(obj, now), spec.get("signerName") or NONE, spec.get("username", ""),
        NONE if seconds is None else human_duration(seconds), _request_state(obj),
    ]  # fmt: skip


def _request_state(obj: Obj) -> str:
    answer = next((kind for kind in ("Denied", "Approved") if find_condition(obj, kind)), "Pending")
    failed = ",Failed" if find_condition(obj, "Failed") else ""
    return answer + failed + (",Issued" if dig(obj, "status", "certificate") else "")


def _admission_policy(obj: Obj, now: datetime) -> list[Any]:
    kind = dig(obj, "spec", "paramKind")
    shown = f"{kind.get('apiVersion')}/{kind.get('kind')}" if kind else "<unset>"
    return [name_of(obj), len(dig(obj, "spec", "validations", default=[])), shown, created(obj, now)]


def _policy_binding(obj: Obj, now: datetime) -> list[Any]:
    reference = dig(obj, "spec", "paramRef")
    shown = "<unset>"
    if reference and reference.get("name"):
        shown = f"{reference.get('namespace') or '*'}/{reference['name']}"
    elif reference and reference.get("selector") is not None:
        shown = format_selector(reference["selector"])
    return [name_of(obj), dig(obj, "spec", "policyName", default=""), shown, created(obj, now)]


def _flow_schema(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    return [
        name_of(obj), dig(spec, "priorityLevelConfiguration", "name", default=""), spec.get("matchingPrecedence", 0),
        dig(spec, "distinguisherMethod", "type", default=NONE), created(obj, now),
        (find_condition(obj, "Dangling") or {}).get("status", "?"),
    ]  # fmt: skip


def _priority_level(obj: Obj, now: datetime) -> list[Any]:
    limited = dig(obj, "spec", "limited", default={})
    queuing = dig(limited, "limitResponse", "queuing", default={})
    numbers = [queuing.get(name, NONE) for name in ("queues", "handSize", "queueLengthLimit")]
    shares = limited.get("nominalConcurrencyShares", NONE)
    return [name_of(obj), dig(obj, "spec", "type", default=""), shares, *numbers, created(obj, now)]


def _address(obj: Obj, now: datetime) -> list[Any]:
    parent = dig(obj, "spec", "parentRef", default={})
    group = f".{parent['group']}" if parent.get("group") else ""
    place = f"/{parent['namespace']}" if parent.get("namespace") else ""
    shown = f"{parent.get('resource', '')}{group}{place}/{parent.get('name', '')}".lower() if parent else NONE
    return [name_of(obj), shown, created(obj, now)]


def _claim_state(obj: Obj) -> str:
    if dig(obj, "status", "allocation") is None:
        return "deleted" if is_deleting(obj) else "pending"
    states = [("deleted", is_deleting(obj)), ("allocated", True), ("reserved", bool(dig(obj, "status", "reservedFor")))]
    return ",".join(word for word, true in states if true)


def _slice(obj: Obj, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    pool = dig(spec, "pool", "name", default="")
    return [name_of(obj), spec.get("nodeName", ""), spec.get("driver", ""), pool, created(obj, now)]


def _plain(obj: Obj, now: datetime) -> list[Any]:
    return [name_of(obj), created(obj, now)]


CLUSTER_CELLS: Mapping[str, Callable[[Obj, datetime], list[Any]]] = {
    "componentstatuses": _component,
    "bindings": _plain,
    "resourcequotas": _quota,
    "limitranges": lambda obj, _now: [name_of(obj), dig(obj, "metadata", "creationTimestamp", default="")],
    "priorityclasses.scheduling.k8s.io": _priority_class,
    "runtimeclasses.node.k8s.io": lambda obj, now: [name_of(obj), obj.get("handler", ""), created(obj, now)],
    "networkpolicies.networking.k8s.io": lambda obj, now: [
        name_of(obj), format_selector(dig(obj, "spec", "podSelector")), created(obj, now),
    ],
    "servicecidrs.networking.k8s.io": lambda obj, now: [
        name_of(obj), ",".join(dig(obj, "spec", "cidrs", default=[])), created(obj, now),
    ],
    "ipaddresses.networking.k8s.io": _address,
    "certificatesigningrequests.certificates.k8s.io": _signing_request,
    f"validatingadmissionpolicies.{_POLICY}": _admission_policy,
    f"validatingadmissionpolicybindings.{_POLICY}": _policy_binding,
    f"flowschemas.{_FLOW}": _flow_schema,
    f"prioritylevelconfigurations.{_FLOW}": _priority_level,
    "deviceclasses.resource.k8s.io": _plain,
    "resourceclaims.resource.k8s.io": lambda obj, now: [name_of(obj), _claim_state(obj), created(obj, now)],
    "resourceclaimtemplates.resource.k8s.io": _plain,
    "resourceslices.resource.k8s.io": _slice,
}  # fmt: skip
