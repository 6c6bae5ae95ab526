"""WATCH: steps of the log as one client sees them through its selectors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator

import orjson

from k8slab.emulator.registry.custom.objects import served_as
from k8slab.emulator.registry.fields import Selection, selection
from k8slab.emulator.registry.options import WatchOptions
from k8slab.emulator.registry.reading import demand_reached
from k8slab.emulator.store import Change, CompactedError, Cursor, Entry, Store, StoreKey
from k8slab.kube.resources import Resource
from k8slab.kube.status import FORBIDDEN, FieldError, gone, invalid

_INITIAL_END = {"k8s.io/initial-events-end": "true"}


def begin_watch(
    store: Store, resource: Resource, namespace: str, options: WatchOptions
) -> AsyncGenerator[Change, None]:
    """Return the changes; refusals are raised here, before the first one."""
    _check(options)
    chosen = selection(resource, options.label_selector, options.field_selector)
    since = options.since or 0
    demand_reached(store, since)
    initial = options.send_initial_events if options.send_initial_events is not None else not since
    start = store.revision if initial else since
    try:
        cursor = store.watch(resource.storage_name, start)
    except CompactedError as error:
        raise gone(str(error)) from error
    scope = namespace if resource.namespaced else ""
    return _steps(store, resource, scope, options, chosen, cursor, initial=initial)


def _check(options: WatchOptions) -> None:
    path, match = "resourceVersionMatch", options.resource_version_match
    if options.send_initial_events is not None and match != "NotOlderThan":
        detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid("meta.k8s.io", "ListOptions", "", [FieldError(FORBIDDEN, path, detail=detail)])
    if options.send_initial_events is None and match:
        detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise invalid("meta.k8s.io", "ListOptions", "", [FieldError(FORBIDDEN, path, detail=detail)])


async def _steps(
    store: Store, resource: Resource, namespace: str, options: WatchOptions, chosen: Selection, cursor: Cursor,
    *, initial: bool,
) -> AsyncGenerator[Change, None]:  # fmt: skip
    if initial:
        for entry in store.entries(resource.storage_name, namespace, at=cursor.position):
            if chosen.matches(entry):
                yield Change("ADDED", served_as(entry, resource), None)
        if options.send_initial_events and options.bookmarks:
            yield bookmark(resource, cursor.position, ended=True)
    while True:
        await cursor.wait()
        try:
            changes = cursor.take()
        except CompactedError as error:
            raise gone(str(error)) from error
        for change in _seen(changes, namespace, chosen):
            yield Change(change.type, served_as(change.entry, resource), change.previous)


def _seen(changes: Iterable[Change], namespace: str, chosen: Selection) -> Iterator[Change]:
    for change in changes:
        if namespace and change.entry.key.namespace != namespace:
            continue
        if chosen.everything:
            yield change
            continue
        yield from _selected(change, chosen)


def _selected(change: Change, chosen: Selection) -> Iterator[Change]:
    """Yield what the change is to the selection: coming into it is ADDED, leaving it DELETED."""
    before = change.previous is not None and chosen.matches(change.previous)
    after = change.type != "DELETED" and chosen.matches(change.entry)
    if after:
        yield Change("MODIFIED" if before else "ADDED", change.entry, change.previous)
    elif before and change.previous is not None:
        gone_entry = change.entry if change.type == "DELETED" else _stamped(change.previous, change.revision)
        yield Change("DELETED", gone_entry, change.previous)


def _stamped(entry: Entry, revision: int) -> Entry:
    obj = entry.decode()
    obj["metadata"]["resourceVersion"] = str(revision)
    return Entry(entry.key, revision, orjson.dumps(obj))


def bookmark(resource: Resource, revision: int, *, ended: bool = False) -> Change:
    """Return a ``BOOKMARK``; ``ended`` says that the present objects are complete."""
    meta: dict[str, object] = {"resourceVersion": str(revision), "creationTimestamp": None}
    if ended:
        meta["annotations"] = _INITIAL_END
    obj = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
    entry = Entry(StoreKey(resource.storage_name, "", ""), revision, orjson.dumps(obj))
    return Change("BOOKMARK", entry, None)
