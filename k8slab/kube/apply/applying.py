"""Server-side apply of one configuration (structured-merge-diff merge/update.go)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson

from k8slab.kube.apply.conflicts import ConflictError
from k8slab.kube.apply.fieldsets import difference_of, field_set
from k8slab.kube.apply.managers import APPLY, Managed, Manager, Table, identity, ordered, read, write
from k8slab.kube.apply.merging import all_of, merged, with_named, without
from k8slab.kube.apply.sets import FieldSet, difference, intersection, recursive_difference, union
from k8slab.kube.apply.shapes import Shape, Shapes
from k8slab.kube.apply.typing import check_types
from k8slab.kube.apply.updating import STRIPPED, Writer, conflicts, track
from k8slab.kube.objects import Obj

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def apply(shapes: Shapes, live: Obj, config: Obj, writer: Writer, *, force: bool) -> Obj:
    """Return the live object with the configuration merged in and its ``managedFields``.

    An empty ``live`` stands for an object that is not there yet. Raises ``TypedError`` and ``ConflictError``.
    """
    shape = shapes.of_kind(config["apiVersion"], config["kind"])
    check_types(shapes, shape, config)
    meta = dict(live.get("metadata") or {})
    table = read(meta.pop("managedFields", None)) or (_before_first(shapes, live, writer) if live else {})
    bare = {**live, "metadata": meta} if live else {}
    try:
        made, table = _applied(shapes, shape, bare, config, table, writer, force=force)
    except ConflictError as error:
        _unless_allowed(shapes, shape, bare, error, writer)
        made, table = _applied(shapes, shape, bare, config, table, writer, force=True)
    if writer.name == "kubectl":
        _renew_last_applied(made, config)
    made["metadata"] = {**made.get("metadata", {}), "managedFields": write(table)}
    return made


def _applied(
    shapes: Shapes, shape: Shape, live: Obj, config: Obj, table: Table, writer: Writer, *, force: bool
) -> tuple[Obj, Table]:
    who = identity(writer.name, APPLY, writer.version, writer.subresource)
    before = table.get(who)
    mine = recursive_difference(field_set(shapes, shape, config), writer.ignored)
    wanted = {**table, who: Managed(mine, writer.version, before.time if before else "")}
    made: Obj = merged(shapes, shape, live, config)
    if before is not None:
        made = _pruned(shapes, shape, made, before.fields, wanted)
    found = difference_of(shapes, shape, live, made)
    changed = recursive_difference(found.changed, writer.ignored)
    taken = conflicts(wanted, who, changed)
    if taken and not force:
        raise ConflictError(taken)
    others = {key: managed for key, managed in wanted.items() if key != who}
    left = _given_up(others, taken, recursive_difference(found.removed, writer.ignored))
    # Whoever applies what is there already leaves no time.
    time = writer.time if live != made else before.time if before else ""
    kept = Managed(ordered(difference(mine, STRIPPED)), writer.version, time)
    return made, {**left, who: kept} if kept.fields else left


def _before_first(shapes: Shapes, live: Obj, writer: Writer) -> Table:
    """Return one manager for all that stood in an object without managers (skipnonapplied.go)."""
    return read(track(shapes, {}, live, replace(writer, name="before-first-apply", subresource=""))) or {}


def _given_up(others: Table, taken: Mapping[Manager, FieldSet], removed: FieldSet) -> Table:
    made = {
        who: replace(managed, fields=difference(managed.fields, union(taken.get(who, {}), removed)))
        for who, managed in others.items()
    }
    return {who: managed for who, managed in made.items() if managed.fields}


def _pruned(shapes: Shapes, shape: Shape, made: Obj, last: FieldSet, managed: Table) -> Obj:
    """Return the object without what was applied last and nobody manages now (Updater.prune)."""
    last = with_named(shapes, shape, last)
    pruned = without(shapes, shape, made, last) or {}
    everything = with_named(shapes, shape, field_set(shapes, shape, made))
    kept = with_named(shapes, shape, field_set(shapes, shape, pruned))
    owned = with_named(shapes, shape, all_of([entry.fields for entry in managed.values()]))
    pruned = without(shapes, shape, made, difference(everything, union(kept, owned))) or {}
    kept = with_named(shapes, shape, field_set(shapes, shape, pruned))
    # What goes along with its parent but was never applied comes back.
    found: Obj = without(shapes, shape, made, intersection(difference(everything, kept), last)) or {}
    return found


def _unless_allowed(shapes: Shapes, shape: Shape, live: Obj, error: ConflictError, writer: Writer) -> None:
    """Raise the conflict unless kubectl applied the same from the client's side before (lastappliedmanager.go)."""
    allowed = _from_last_applied(shapes, shape, live) if writer.name == "kubectl" else {}
    left = {who: difference(fields, allowed) for who, fields in error.conflicts.items()}
    left = {who: fields for who, fields in left.items() if fields}
    if not allowed:
        raise error
    if left:
        raise ConflictError(left)


def _from_last_applied(shapes: Shapes, shape: Shape, live: Obj) -> FieldSet:
    text = ((live.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = orjson.loads(text or "")
    except ValueError:
        return {}
    if not isinstance(last, dict) or last.get("apiVersion") != live.get("apiVersion"):
        return {}
    found = difference_of(shapes, shape, last, live)
    return difference(difference(field_set(shapes, shape, last), found.changed), found.removed)


def _renew_last_applied(made: Obj, config: Obj) -> None:
    annotations = (made.get("metadata") or {}).get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return
    meta = dict(config.get("metadata") or {})
    if "annotations" in meta:
        meta["annotations"] = {key: text for key, text in meta["annotations"].items() if key != LAST_APPLIED}
    text = orjson.dumps({**config, "metadata": meta}, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    made["metadata"] = {**made["metadata"], "annotations": {**annotations, LAST_APPLIED: text}}
