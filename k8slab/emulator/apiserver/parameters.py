"""Query parameters of requests; wrong ones are 400 in Kubernetes' words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from k8slab.emulator.api import DeleteOptions, LogOptions, Preconditions
from k8slab.emulator.registry.options import ListOptions, WatchOptions
from k8slab.kube.objects import Obj
from k8slab.kube.status import ApiError, FieldError, bad_request, invalid

Query = Mapping[str, str]
_TRUE, _FALSE = ("1", "true", "True", "TRUE", "t", "T"), ("", "0", "false", "False", "FALSE", "f", "F")


def flag(query: Query, name: str) -> bool:
    """Return a boolean parameter (absent: false; present without a value: true)."""
    text = query.get(name)
    if text is None:
        return False
    if text in _TRUE or (text == "" and name in ("watch", "follow", "pretty")):
        return True
    if text in _FALSE:
        return False
    raise bad_request(f'strconv.ParseBool: parsing "{text}": invalid syntax')


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


def dry_run(query: Query) -> bool:
    """Tell whether nothing is to be stored; raises ``ApiError`` for anything but ``All``."""
    text = query.get("dryRun", "")
    if text not in ("", "All"):
        raise _unsupported("dryRun", text, ("All",))
    return bool(text)


def field_validation(query: Query) -> str:
    """Return ``Ignore``, ``Warn`` or ``Strict``; raises ``ApiError`` for anything else."""
    text = query.get("fieldValidation") or "Warn"
    if text not in ("Ignore", "Warn", "Strict"):
        raise _unsupported("fieldValidation", text, ("", "Ignore", "Strict", "Warn"))
    return text


def _unsupported(name: str, value: str, supported: tuple[str, ...]) -> ApiError:
    listed = ", ".join(f'"{text}"' for text in supported)
    error = FieldError("Unsupported value", name, value, f"supported values: {listed}")
    return invalid("meta.k8s.io", "CreateOptions", "", [error])


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
        dry_run=bool(body.get("dryRun")) or dry_run(query),
    )


def log_options(query: Query) -> LogOptions:
    """Return the options of a pod's log."""
    since = number(query, "sinceSeconds")
    return LogOptions(
        container=query.get("container", ""),
        follow=flag(query, "follow"),
        previous=flag(query, "previous"),
        timestamps=flag(query, "timestamps"),
        since_seconds=since,
        since_time=query.get("sinceTime", ""),
        tail_lines=number(query, "tailLines"),
        limit_bytes=number(query, "limitBytes"),
    )
