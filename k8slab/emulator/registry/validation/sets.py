"""Rules of DaemonSets, StatefulSets, ReplicationControllers and ControllerRevisions (pkg/apis/apps/validation)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k8slab.emulator.registry.validation.claims import validate_claim_spec
from k8slab.emulator.registry.validation.label_selectors import validate_label_selector
from k8slab.emulator.registry.validation.names import LABEL, check
from k8slab.emulator.registry.validation.pods import validate_template
from k8slab.emulator.registry.validation.values import not_negative, one_of
from k8slab.emulator.registry.validation.workloads import int_or_percent
from k8slab.kube.objects import Obj, dig
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED, FieldError

_ROLLING = "spec.updateStrategy.rollingUpdate"
_RETENTION = ("Retain", "Delete")
_CHANGEABLE = ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
               "persistentVolumeClaimRetentionPolicy", "minReadySeconds")  # fmt: skip


def _is_empty(selector: Obj) -> bool:
    return not selector.get("matchLabels") and not selector.get("matchExpressions")


def _unmatched(selector: Obj | None, template: Obj) -> Iterator[FieldError]:
    labels = dig(template, "metadata", "labels")
    empty = selector is not None and _is_empty(selector)
    if not empty and (selector is None or not label_selector_of(selector).matches(labels or {})):
        detail = "`selector` does not match template `labels`"
        yield FieldError(INVALID, "spec.template.metadata.labels", labels, detail)


def _always(pod: Obj, kind: str) -> Iterator[FieldError]:
    if pod.get("restartPolicy") != "Always":
        yield FieldError(
            NOT_SUPPORTED, "spec.template.spec.restartPolicy", pod.get("restartPolicy"), 'supported values: "Always"'
        )
    if pod.get("activeDeadlineSeconds") is not None:
        detail = f"activeDeadlineSeconds in {kind} is not Supported"
        yield FieldError(FORBIDDEN, "spec.template.spec.activeDeadlineSeconds", detail=detail)


def validate_daemon_set(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a DaemonSet."""
    spec = obj.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    wrong = list(validate_label_selector(selector or {}, "spec.selector"))
    yield from wrong
    if not wrong:
        yield from _unmatched(selector, template)
    if selector is not None and _is_empty(selector):
        yield FieldError(INVALID, "spec.selector", selector, "empty selector is invalid for daemonset")
    yield from validate_template(template, "spec.template")
    yield from _always(template.get("spec") or {}, "DaemonSet")
    yield from not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from _daemon_strategy(spec.get("updateStrategy") or {})
    yield from not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))


def _daemon_strategy(strategy: Obj) -> Iterator[FieldError]:
    if strategy.get("type") not in ("RollingUpdate", "OnDelete"):
        shown = {"Type": strategy.get("type", ""), "RollingUpdate": strategy.get("rollingUpdate")}
        yield from one_of("spec.updateStrategy", shown, ("RollingUpdate", "OnDelete"))
    elif strategy["type"] == "RollingUpdate":
        rolling = strategy.get("rollingUpdate") or {}
        for name in ("maxUnavailable", "maxSurge"):
            yield from int_or_percent(rolling.get(name), f"{_ROLLING}.{name}")
        unavailable, surge = _amount(rolling.get("maxUnavailable")), _amount(rolling.get("maxSurge"))
        if unavailable and surge:
            detail = "may not be set when maxUnavailable is non-zero"
            yield FieldError(INVALID, f"{_ROLLING}.maxSurge", rolling.get("maxSurge"), detail)
        elif not unavailable and not surge:
            detail = "cannot be 0 when maxSurge is 0"
            yield FieldError(REQUIRED, f"{_ROLLING}.maxUnavailable", detail=detail)


def _amount(value: Any) -> int:
    text = str(value).removesuffix("%")
    return int(text) if text.lstrip("-").isdigit() else 0


def validate_stateful_set(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a StatefulSet."""
    spec = obj.get("spec") or {}
    for index, claim in enumerate(spec.get("volumeClaimTemplates") or []):
        yield from validate_claim_spec(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}].spec")
    yield from validate_changed_stateful_set(obj)
    if spec.get("serviceName"):
        yield from check(LABEL, "spec.serviceName", spec["serviceName"])


def validate_changed_stateful_set(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with the parts of a StatefulSet that are checked at each write."""
    spec = obj.get("spec") or {}
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        yield FieldError(INVALID, "spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _stateful_strategy(spec.get("updateStrategy") or {})
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for name in ("whenDeleted", "whenScaled"):
        path = f"spec.persistentVolumeClaimRetentionPolicy.{name}"
        yield from one_of(path, retention.get(name, "Retain"), _RETENTION)
    for name in ("replicas", "minReadySeconds"):
        yield from not_negative(f"spec.{name}", spec.get(name))
    yield from not_negative("spec.ordinals.start", dig(spec, "ordinals", "start"))
    yield from _stateful_selector(spec)
    yield from validate_template(_as_run(spec), "spec.template")
    yield from _always(dig(spec, "template", "spec", default={}), "StatefulSet")


def _stateful_selector(spec: Obj) -> Iterator[FieldError]:
    selector = spec.get("selector")
    wrong: list[FieldError] = []
    if selector is None:
        yield FieldError(REQUIRED, "spec.selector")
    else:
        wrong = list(validate_label_selector(selector, "spec.selector"))
        yield from wrong
        if _is_empty(selector):
            yield FieldError(INVALID, "spec.selector", selector, "empty selector is invalid for statefulset")
    if wrong:
        yield FieldError(INVALID, "spec.selector", selector)
    else:
        yield from _unmatched(selector, spec.get("template") or {})


def _stateful_strategy(strategy: Obj) -> Iterator[FieldError]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        if rolling is not None:
            shown = {"Partition": rolling.get("partition", 0), "MaxUnavailable": rolling.get("maxUnavailable")}
            yield FieldError(INVALID, _ROLLING, shown, "only allowed for updateStrategy 'RollingUpdate'")
    elif kind == "RollingUpdate":
        yield from not_negative(f"{_ROLLING}.partition", (rolling or {}).get("partition"))
    else:
        shown = {"Type": kind, "RollingUpdate": rolling}
        yield FieldError(INVALID, "spec.updateStrategy", shown, "must be 'RollingUpdate' or 'OnDelete'")


def _as_run(spec: Obj) -> Obj:
    """Return the template as the controller makes pods of it: names of its own, a volume for each claim."""
    template = spec.get("template") or {}
    pod = {key: value for key, value in (template.get("spec") or {}).items() if key not in ("subdomain", "hostname")}
    claims = {dig(claim, "metadata", "name", default=""): claim for claim in spec.get("volumeClaimTemplates") or []}
    if claims:
        volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
        pod["volumes"] = volumes + [entry for entry in pod.get("volumes") or [] if entry.get("name") not in claims]
    return {**template, "spec": pod}


def immutable_stateful_set(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when anything but the fields that may change has changed."""
    after, before = (
        {key: value for key, value in (obj.get("spec") or {}).items() if key not in _CHANGEABLE} for obj in (new, old)
    )
    if after != before:
        listed = "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
        detail = (
            f"updates to statefulset spec for fields other than {listed}'persistentVolumeClaimRetentionPolicy' and "
            "'minReadySeconds' are forbidden"
        )
        yield FieldError(FORBIDDEN, "spec", detail=detail)


def validate_replication_controller(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a ReplicationController (pkg/apis/core/validation)."""
    spec = obj.get("spec") or {}
    selector, template = spec.get("selector") or {}, spec.get("template")
    yield from not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    if not selector:
        yield FieldError(REQUIRED, "spec.selector")
    yield from not_negative("spec.replicas", spec.get("replicas"))
    if template is None:
        yield FieldError(REQUIRED, "spec.template")
        return
    if selector:
        yield from _unmatched({"matchLabels": selector}, template)
    yield from validate_template(template, "spec.template")
    yield from _always(template.get("spec") or {}, "ReplicationController")


def validate_controller_revision(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a ControllerRevision."""
    yield from not_negative("revision", obj.get("revision"))
    if obj.get("data") is None:
        yield FieldError(REQUIRED, "data", detail="data is mandatory")


def immutable_revision(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield an error when the data of a ControllerRevision changed."""
    if new.get("data") != old.get("data"):
        yield FieldError(INVALID, "data", new.get("data"), "field is immutable")
