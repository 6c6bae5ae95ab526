"""Rules of Jobs and CronJobs (pkg/apis/batch/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from k8slab.emulator.registry.defaults.jobs import CONTROLLER_UID, generated_labels
from k8slab.emulator.registry.validation.pods import validate_template
from k8slab.emulator.registry.validation.values import not_negative, one_of
from k8slab.kube.cron import CronError, parse_schedule
from k8slab.kube.objects import Obj, dig, name_of, uid_of
from k8slab.kube.selectors import label_selector_of
from k8slab.kube.status import INVALID, NOT_SUPPORTED, OMITTED, REQUIRED, FieldError

_NUMBERS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
            "backoffLimitPerIndex", "maxFailedIndexes")  # fmt: skip
_MODES = ("NonIndexed", "Indexed")
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_PARALLEL_LIMIT = 100_000
# A CronJob's Jobs have its name and eleven characters more.
_LONGEST_NAME = 52


def validate_job(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a Job."""
    yield from validate_job_spec(obj.get("spec") or {}, "spec")


def validate_new_job(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a new Job: also a selector of its own, which belongs to the server."""
    yield from validate_job(obj)
    selector = dig(obj, "spec", "selector")
    if selector is None or dig(obj, "spec", "manualSelector"):
        return
    shown = {"matchLabels": {**(selector.get("matchLabels") or {}), CONTROLLER_UID: uid_of(obj)}}
    generated = generated_labels(obj)
    labels = {**dig(obj, "spec", "template", "metadata", "labels", default={}), **generated}
    if shown["matchLabels"] != {CONTROLLER_UID: uid_of(obj)} or selector.get("matchExpressions"):
        yield FieldError(INVALID, "spec.selector", {**selector, **shown}, "`selector` not auto-generated")
    if not label_selector_of({**selector, **shown}).matches(labels):
        detail = "`selector` does not match template `labels`"
        yield FieldError(INVALID, "spec.template.metadata.labels", dict(sorted(labels.items())), detail)


def validate_job_spec(spec: Obj, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the spec of a Job."""
    for name in _NUMBERS:
        yield from not_negative(f"{path}.{name}", spec.get(name))
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield FieldError(REQUIRED, f"{path}.backoffLimitPerIndex", detail="when maxFailedIndexes is specified")
    yield from _mode(spec, path)
    template = spec.get("template") or {}
    policy = dig(template, "spec", "restartPolicy", default="")
    yield from _failure_policy(spec, f"{path}.podFailurePolicy")
    yield from _replacement(spec, f"{path}.podReplacementPolicy")
    yield from validate_template(template, f"{path}.template")
    where = f"{path}.template.spec.restartPolicy"
    if policy in ("", "Always"):
        yield FieldError(REQUIRED, where, detail='valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield FieldError(NOT_SUPPORTED, where, policy, 'supported values: "OnFailure", "Never"')
    elif spec.get("podFailurePolicy") is not None and policy != "Never":
        yield FieldError(INVALID, where, policy, 'only "Never" is supported when podFailurePolicy is specified')


def _mode(spec: Obj, path: str) -> Iterator[FieldError]:
    mode = spec.get("completionMode") or "NonIndexed"
    yield from one_of(f"{path}.completionMode", mode, _MODES)
    if mode == "Indexed":
        if spec.get("completions") is None:
            yield FieldError(REQUIRED, f"{path}.completions", detail="when completion mode is Indexed")
        if (spec.get("parallelism") or 0) > _PARALLEL_LIMIT:
            detail = f"must be less than or equal to {_PARALLEL_LIMIT} when completion mode is Indexed"
            yield FieldError(INVALID, f"{path}.parallelism", spec["parallelism"], detail)
        if (spec.get("maxFailedIndexes") or 0) > (spec.get("completions") or 0):
            detail = "must be less than or equal to completions"
            yield FieldError(INVALID, f"{path}.maxFailedIndexes", spec["maxFailedIndexes"], detail)
    elif mode == "NonIndexed":
        for name in ("backoffLimitPerIndex", "maxFailedIndexes"):
            if spec.get(name) is not None:
                yield FieldError(INVALID, f"{path}.{name}", spec[name], "requires indexed completion mode")


def _replacement(spec: Obj, path: str) -> Iterator[FieldError]:
    policy, failing = spec.get("podReplacementPolicy"), spec.get("podFailurePolicy") is not None
    if policy is None:
        return
    supported = ("Failed",) if failing else ("Failed", "TerminatingOrFailed")
    yield from one_of(path, policy, supported)


def _failure_policy(spec: Obj, path: str) -> Iterator[FieldError]:
    pod = dig(spec, "template", "spec", default={})
    names = {entry.get("name") for field in ("containers", "initContainers") for entry in pod.get(field) or []}
    for index, rule in enumerate(dig(spec, "podFailurePolicy", "rules", default=[])):
        yield from _failure_rule(rule, f"{path}.rules[{index}]", names, per_index="backoffLimitPerIndex" in spec)


def _failure_rule(rule: Obj, path: str, names: set[str], *, per_index: bool) -> Iterator[FieldError]:
    action, codes = rule.get("action") or "", rule.get("onExitCodes")
    if not action:
        listed = " ".join(f'"{entry}"' for entry in _ACTIONS)
        yield FieldError(REQUIRED, f"{path}.action", detail=f"valid values: [{listed}]")
    elif action == "FailIndex" and not per_index:
        yield FieldError(INVALID, f"{path}.action", action, "requires the backoffLimitPerIndex to be set")
    else:
        yield from one_of(f"{path}.action", action, _ACTIONS)
    if codes is not None:
        yield from _exit_codes(codes, f"{path}.onExitCodes", names)
    given = (codes is not None) + bool(rule.get("onPodConditions"))
    if given != 1:
        words = (
            "both OnExitCodes and OnPodConditions is not supported"
            if given
            else ("one of OnExitCodes and OnPodConditions is required")
        )
        yield FieldError(INVALID, path, OMITTED, f"specifying {words}")


def _exit_codes(codes: Obj, path: str, names: set[str]) -> Iterator[FieldError]:
    values: Sequence[int] = codes.get("values") or []
    if not codes.get("operator"):
        yield FieldError(REQUIRED, f"{path}.operator", detail='valid values: ["In" "NotIn"]')
    else:
        yield from one_of(f"{path}.operator", codes["operator"], _OPERATORS)
    if codes.get("containerName") is not None and codes["containerName"] not in names:
        detail = "must be one of the container or initContainer names in the pod template"
        yield FieldError(INVALID, f"{path}.containerName", codes["containerName"], detail)
    if not values:
        yield FieldError(INVALID, f"{path}.values", values, "at least one value is required")
    for index, value in enumerate(values):
        if codes.get("operator") == "In" and value == 0:
            yield FieldError(INVALID, f"{path}.values[{index}]", 0, "must not be 0 for the In operator")
        if value in values[:index]:
            yield FieldError("Duplicate value", f"{path}.values[{index}]", value)
    if list(values) != sorted(values):
        yield FieldError(INVALID, f"{path}.values", list(values), "must be ordered")


def validate_cron_job(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a CronJob."""
    spec = obj.get("spec") or {}
    yield from _schedule(str(spec.get("schedule") or ""))
    yield from not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    yield from _zone(spec.get("timeZone"))
    yield from one_of("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), ("Allow", "Forbid", "Replace"))
    yield from _job_template(spec.get("jobTemplate") or {})
    for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from not_negative(f"spec.{name}", spec.get(name))


def validate_new_cron_job(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a new CronJob."""
    yield from validate_cron_job(obj)
    if len(name_of(obj)) > _LONGEST_NAME:
        yield FieldError(INVALID, "metadata.name", name_of(obj), f"must be no more than {_LONGEST_NAME} characters")


def _schedule(schedule: str) -> Iterator[FieldError]:
    if not schedule:
        yield FieldError(REQUIRED, "spec.schedule")
        return
    plain = schedule
    if schedule.startswith(("TZ=", "CRON_TZ=")):
        plain = schedule.partition(" ")[2].strip()
    try:
        parse_schedule(plain)
    except CronError as error:
        yield FieldError(INVALID, "spec.schedule", schedule, str(error))
    if "TZ" in schedule:
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield FieldError(INVALID, "spec.schedule", schedule, detail)


def _zone(name: str | None) -> Iterator[FieldError]:
    path = "spec.timeZone"
    if name is None:
        return
    if not name:
        yield FieldError(INVALID, path, name, "timeZone must be nil or non-empty string")
        return
    if name.lower() == "local":
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        yield FieldError(INVALID, path, name, detail)
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield FieldError(INVALID, path, name, f"unknown time zone {name}")


def _job_template(template: Obj) -> Iterator[FieldError]:
    spec, path = template.get("spec") or {}, "spec.jobTemplate.spec"
    yield from validate_job_spec(spec, path)
    if spec.get("selector") is not None:
        yield FieldError(INVALID, f"{path}.selector", spec["selector"], "`selector` will be auto-generated")
    if spec.get("manualSelector"):
        yield FieldError(NOT_SUPPORTED, f"{path}.manualSelector", True, 'supported values: "nil", "false"')
