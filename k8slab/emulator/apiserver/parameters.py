"""Query parameters of requests; wrong ones are 400 in Kubernetes' words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from k8slab.emulator.api import DeleteOptions, LogOptions, Preconditions
from k8slab.emulator.registry.options import ListOptions, WatchOptions, WriteOptions
from k8slab.kube.objects import Obj
from k8slab.kube.status import ApiError, FieldError, bad_request, invalid

Query = Mapping[str, str]
_FALSE = ("false", "0")


def flag(query: Query, name: str) -> bool:
    """Return a boolean parameter: absent is false, ``false`` and ``0`` are, and all else is true.

    (apimachinery/pkg/runtime/conversion.go, Convert_Slice_string_To_bool)
    """
    text = query.get(name)
    return text is not None and text.lower() not in _FALSE


def number(query: Query, name: str) -> int | None:
    """Return a whole number, or None when the parameter is absent."""
    text = query.get(name)
    if text is None or text == "":
        return None
    if not text.lstrip("+-").isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def list_options(query: Query) -> ListOptions:
    """Return the options of a list."""
    return ListOptions(
        label_selector=query.get("labelSelector", ""),
        field_selector=query.get("fieldSelector", ""),
        limit=number(query, "limit") or 0,
        continue_token=query.get("continue", ""),
        resource_version=query.get("resourceVersion", ""),
        resource_version_match=query.get("resourceVersionMatch", ""),
    )


def watch_options(query: Query) -> WatchOptions:
    """Return the options of a watch; raises ``ApiError`` for a revision that is no number."""
    since = query.get("resourceVersion", "")
    if since and not since.isdigit():
        errors = [
            FieldError(
                "Invalid value", "resourceVersion", since, f'strconv.ParseUint: parsing "{since}": invalid syntax'
            )
        ]
        raise invalid("meta.k8s.io", "ListOptions", "", errors)
    initial = query.get("sendInitialEvents")
    return WatchOptions(
        since=int(since) if since else None,
        label_selector=query.get("labelSelector", ""),
        field_selector=query.get("fieldSelector", ""),
        send_initial_events=None if initial is None else flag(query, "sendInitialEvents"),
        bookmarks=flag(query, "allowWatchBookmarks"),
        resource_version_match=query.get("resourceVersionMatch", ""),
    )


def dry_run(query: Query, kind: str = "CreateOptions") -> bool:
    """Tell whether nothing is to be stored; raises ``ApiError`` for anything but ``All``."""
    text = query.get("dryRun", "")
    if text not in ("", "All"):
        raise _unsupported("dryRun", [text], ("All",), kind)
    return bool(text)


def field_validation(query: Query, kind: str = "CreateOptions") -> str:
    """Return ``Ignore``, ``Warn`` or ``Strict``; raises ``ApiError`` for anything else."""
    text = query.get("fieldValidation") or "Warn"
    if text not in ("Ignore", "Warn", "Strict"):
        raise _unsupported("fieldValidation", text, ("", "Ignore", "Strict", "Warn"), kind)
    return text


def _unsupported(name: str, value: Any, supported: tuple[str, ...], kind: str) -> ApiError:
    listed = ", ".join(f'"{text}"' for text in supported)
    error = FieldError("Unsupported value", name, value, f"supported values: {listed}")
    return invalid("meta.k8s.io", kind, "", [error])


def _unprintable(named: str) -> Iterator[FieldError]:
    for place, sign in enumerate(named):
        if not sign.isprintable():
            detail = f"invalid character U+{ord(sign):04X} (at position {place})"
            yield FieldError("Invalid value", "fieldManager", named, detail)
            return


_LONGEST_MANAGER = 128
OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}


def write_options(method: str, query: Query, user_agent: str, *, applying: bool = False) -> WriteOptions:
    """Return the options of a write; raises ``ApiError`` (apimachinery's ValidatePatchOptions and its like)."""
    kind = OPTIONS[method]
    named, errors = query.get("fieldManager", ""), []
    if applying and not named:
        errors.append(FieldError("Required value", "fieldManager", None, "is required for apply patch"))
    if "force" in query and method == "PATCH" and not applying:
        errors.append(FieldError("Forbidden", "force", None, "may not be specified for non-apply patch"))
    if len(named.encode()) > _LONGEST_MANAGER:
        errors.append(FieldError("Too long", "fieldManager", named, f"may not be more than {_LONGEST_MANAGER} bytes"))
    errors += _unprintable(named)
    if errors:
        raise invalid("meta.k8s.io", kind, "", errors)
    manager = named or user_agent.partition("/")[0][:_LONGEST_MANAGER] or "unknown"
    return WriteOptions(dry_run(query, kind), manager, flag(query, "force"))


_POLICIES: Mapping[str, Literal["", "Orphan", "Background", "Foreground"]] = {
    "": "",
    "Orphan": "Orphan",
    "Background": "Background",
    "Foreground": "Foreground",
}


def delete_options(query: Query, body: Obj) -> DeleteOptions:
    """Return the options of a delete: those of the body, else those of the URL."""
    grace = body.get("gracePeriodSeconds", number(query, "gracePeriodSeconds"))
    policy = body.get("propagationPolicy") or query.get("propagationPolicy", "")
    orphan = body.get("orphanDependents")
    if policy not in _POLICIES:
        supported = 'supported values: "Background", "Foreground", "Orphan"'
        errors = [FieldError("Unsupported value", "propagationPolicy", policy, supported)]
        raise invalid("meta.k8s.io", "DeleteOptions", "", errors)
    if orphan is not None and not policy:
        policy = "Orphan" if orphan else "Background"
    wanted = body.get("preconditions") or {}
    return DeleteOptions(
        grace_period_seconds=grace,
        propagation_policy=_POLICIES[policy],
        preconditions=Preconditions(wanted.get("uid", ""), wanted.get("resourceVersion", "")),
        dry_run=bool(body.get("dryRun")) or dry_run(query, "DeleteOptions"),
    )


def log_options(query: Query, pod: str) -> LogOptions:
    """Return the options of a pod's log (k8s.io/kubernetes/pkg/apis/core/validation: ValidatePodLogOptions)."""
    options = LogOptions(
        container=query.get("container", ""),
        follow=flag(query, "follow"),
        previous=flag(query, "previous"),
        timestamps=flag(query, "timestamps"),
        since_seconds=number(query, "sinceSeconds"),
        since_time=_moment(query.get("sinceTime", "")),
        tail_lines=number(query, "tailLines"),
        limit_bytes=number(query, "limitBytes"),
    )
    errors = []
    if options.tail_lines is not None and options.tail_lines < 0:
        errors.append(_invalid("tailLines", options.tail_lines, "must be greater than or equal to 0"))
    if options.limit_bytes is not None and options.limit_bytes < 1:
        errors.append(_invalid("limitBytes", options.limit_bytes, "must be greater than 0"))
    if options.since_seconds is not None and options.since_time:
        both = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(FieldError("Forbidden", "[]", "", both))
    elif options.since_seconds is not None and options.since_seconds < 1:
        errors.append(_invalid("sinceSeconds", int(options.since_seconds), "must be greater than 0"))
    if query.get("stream"):
        errors.append(FieldError("Forbidden", "stream", "", "may not be specified"))
    if errors:
        raise invalid("", "PodLogOptions", pod, errors)
    return options


def _invalid(name: str, value: int, detail: str) -> FieldError:
    return FieldError("Invalid value", name, value, detail)


def _moment(text: str) -> str:
    if not text:
        return ""
    try:
        if datetime.fromisoformat(text).utcoffset() is not None:
            return text
    except ValueError:
        pass
    layout = "2006-01-02T15:04:05Z07:00"
    raise bad_request(f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "2006"')
