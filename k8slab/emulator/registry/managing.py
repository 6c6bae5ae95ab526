"""Who manages which fields of an object: kept at every write, and the rules of server-side apply."""

from __future__ import annotations

from dataclasses import dataclass

from k8slab.clock import Clock, timestamp
from k8slab.emulator.registry.options import WriteOptions
from k8slab.emulator.registry.strategy import Strategy
from k8slab.kube.apply import ConflictError, Shapes, TypedError, Writer, apply, same_but_times, track
from k8slab.kube.apply.sets import FieldSet
from k8slab.kube.objects import Obj, metadata
from k8slab.kube.status import failure

# Parts that only change what they are named after (GetResetFields of the strategies).
_STATUS: FieldSet = {"f:status": {}}
_SPEC: FieldSet = {"f:spec": {}}


@dataclass(frozen=True, slots=True)
class Managing:
    """Keeps ``metadata.managedFields``."""

    shapes: Shapes
    clock: Clock

    def track(self, strategy: Strategy, old: Obj, new: Obj, options: WriteOptions, subresource: str) -> None:
        """Set the managers of an object that is written; an empty ``old`` stands for a new one."""
        meta = metadata(new)
        if options.managers_given:
            return
        if not options.manager:
            managers = (old.get("metadata") or {}).get("managedFields", [])
        else:
            managers = track(self.shapes, old, new, self._writer(strategy, new, options, subresource))
        meta.pop("managedFields", None)
        if managers:
            meta["managedFields"] = managers

    def applied(self, strategy: Strategy, live: Obj, config: Obj, options: WriteOptions, subresource: str) -> Obj:
        """Return the object after a server-side apply; raises ``ApiError``."""
        writer = self._writer(strategy, config, options, subresource)
        try:
            return apply(self.shapes, live, config, writer, force=options.force)
        except TypedError as error:
            raise failure(500, "", f"failed to create typed patch object ({object_text(config)}): {error}") from error
        except ConflictError as error:
            raise failure(409, "Conflict", str(error), {"causes": error.causes}) from error

    def _writer(self, strategy: Strategy, obj: Obj, options: WriteOptions, subresource: str) -> Writer:
        # Replicas set through the scale have no time (managedfields/scalehandler.go).
        now = "" if subresource == "scale" else timestamp(self.clock.now())
        ignored = (_SPEC if subresource == "status" else _STATUS) if strategy.has_status else {}
        return Writer(options.manager, str(obj["apiVersion"]), now, subresource, ignored)


def object_text(obj: Obj) -> str:
    """Return what errors call an object: ``default/web; apps/v1, Kind=Deployment``."""
    found = obj.get("metadata")
    meta = found if isinstance(found, dict) else {}
    namespace, name = (value if isinstance(value, str) else "" for value in (meta.get("namespace"), meta.get("name")))
    return f"{namespace}/{name}; {kind_text(obj)}"


def kind_text(obj: Obj) -> str:
    """Return a kind as Go prints it: ``apps/v1, Kind=Deployment``, ``/v1, Kind=Pod``."""
    version = str(obj["apiVersion"])
    return f"{version if '/' in version else f'/{version}'}, Kind={obj['kind']}"


def times_only(old: Obj, new: Obj) -> bool:
    """Tell whether a write would change nothing but the times of managers."""
    before, after = old.get("metadata") or {}, new.get("metadata") or {}
    bare = [
        {**obj, "metadata": {key: value for key, value in meta.items() if key != "managedFields"}}
        for obj, meta in ((old, before), (new, after))
    ]
    return bare[0] == bare[1] and same_but_times(before.get("managedFields"), after.get("managedFields"))
