"""CREATE and UPDATE: names, defaults, validation, what a client may not set, generations and conflicts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import orjson

from k8slab.clock import timestamp
from k8slab.emulator.api import Caller
from k8slab.emulator.registry.admission import admit
from k8slab.emulator.registry.allocators import allocate
from k8slab.emulator.registry.custom.objects import served_as, stored_version
from k8slab.emulator.registry.limits import check_limits
from k8slab.emulator.registry.managing import Managing, times_only
from k8slab.emulator.registry.options import WriteOptions
from k8slab.emulator.registry.quota import check_quotas
from k8slab.emulator.registry.reading import store_key
from k8slab.emulator.registry.strategies import strategy_of
from k8slab.emulator.registry.strategy import Context, Strategy
from k8slab.emulator.registry.validation.names import check_metadata, check_metadata_update
from k8slab.emulator.registry.warnings.kinds import warnings_of
from k8slab.emulator.store import Entry, Store
from k8slab.emulator.store.entries import encode, unwritten
from k8slab.kube.objects import Obj, dig, is_deleting, metadata, name_of, namespace_of, resource_version_of, uid_of
from k8slab.kube.resources import (
    CLAIMS,
    LIMIT_RANGES,
    NAMESPACES,
    PODS,
    SERVICE_ACCOUNTS,
    SERVICES,
    SIGNING_REQUESTS,
    Resource,
)
from k8slab.kube.status import (
    MODIFIED,
    FieldError,
    already_exists,
    bad_request,
    conflict,
    failure,
    invalid,
)

# Fields of metadata that only the server writes.
_SERVER_FIELDS = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
)
_ATTEMPTS = 8
_LOOKED_UP = {"Namespace": NAMESPACES, "ServiceAccount": SERVICE_ACCOUNTS}
Validate = Callable[[Obj], Iterator[FieldError]]


class Writer:
    """Writes to the store by the rules of each kind; every method raises ``ApiError``."""

    def __init__(self, store: Store, context: Context, managing: Managing) -> None:
        self._store = store
        self._context = context
        self._managing = managing

    def create(self, resource: Resource, namespace: str, obj: Obj, options: WriteOptions) -> Entry:
        """Store a new object."""
        obj = _copied(obj)
        strategy = strategy_of(resource)
        meta = metadata(obj)
        if meta.get("resourceVersion") and not options.dry_run:
            # Only writing finds that out (storage/etcd3/store.go).
            raise bad_request("resourceVersion should not be set on objects to be created")
        if resource.namespaced and meta.get("namespace", namespace) not in ("", namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        obj["apiVersion"], obj["kind"] = stored_version(resource), resource.kind
        self._own(resource, namespace, obj, strategy)
        if resource == SIGNING_REQUESTS:
            _stamp(obj, options.caller)
        strategy.defaults(obj)
        _drop_empty(metadata(obj))
        self._managing.track(strategy, {}, obj, options, "")
        admit(resource, namespace, obj, self._lookup, self._listing)
        if resource == SERVICES:
            # Addresses and ports come before validation (BeginCreate of genericregistry.Store).
            self._allocate(resource, obj)
        self._validate(resource, obj, strategy.validate_new or strategy.validate, strategy)
        self._check_bounds(resource, namespace, obj)
        _warn(resource, obj, None, options)
        strategy.create(obj, self._context)
        key = store_key(resource, namespace, name_of(obj))
        if self._store.get(key) is not None:
            raise already_exists(resource.group, resource.plural, name_of(obj))
        written = unwritten(key, obj) if options.dry_run else self._store.put(key, obj).entry
        return served_as(written, resource)

    def _own(self, resource: Resource, namespace: str, obj: Obj, strategy: Strategy) -> None:
        """Set what belongs to the server."""
        meta = metadata(obj)
        for field in _SERVER_FIELDS:
            meta.pop(field, None)
        if resource.namespaced:
            meta["namespace"] = namespace
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = self._generated(resource, namespace, str(meta["generateName"]))
        meta["uid"] = self._context.entropy.uid()
        meta["creationTimestamp"] = timestamp(self._context.clock.now())
        if strategy.has_generation:
            meta["generation"] = 1
        if strategy.has_status and not strategy.keeps_first_status:
            obj.pop("status", None)
            if strategy.initial_status is not None:
                obj["status"] = copy.deepcopy(strategy.initial_status)

    def _generated(self, resource: Resource, namespace: str, prefix: str) -> str:
        for _ in range(_ATTEMPTS):
            name = prefix[:58] + self._context.entropy.suffix()
            if self._store.get(store_key(resource, namespace, name)) is None:
                break
        return name

    def _lookup(self, kind: str, namespace: str, name: str) -> Obj | None:
        found = self._store.get(store_key(_LOOKED_UP[kind], namespace, name))
        return found.decode() if found else None

    def _check_bounds(self, resource: Resource, namespace: str, obj: Obj, old: Obj | None = None) -> None:
        """Ask the LimitRanges and quotas of the namespace."""
        if old is None and resource in (PODS, CLAIMS):
            check_limits(resource, obj, self._listing(LIMIT_RANGES, namespace))
        check_quotas(resource, namespace, obj, self._listing, old)

    def _listing(self, resource: Resource, namespace: str) -> list[Obj]:
        return [entry.decode() for entry in self._store.entries(resource.storage_name, namespace)]

    def _allocate(self, resource: Resource, obj: Obj) -> None:
        others = [entry.decode() for entry in self._store.entries(SERVICES.storage_name)]
        others = [other for other in others if uid_of(other) != uid_of(obj)]
        # The first thing that cannot be had ends it (core/service/storage/alloc.go).
        errors = list(islice(allocate(obj, others, self._context.entropy), 1))
        if errors:
            raise invalid(resource.group, resource.kind, name_of(obj), errors)

    def _validate(self, resource: Resource, obj: Obj, validate: Validate, strategy: Strategy) -> None:
        errors = [*check_metadata(metadata(obj), strategy.name_rule), *validate(obj)]
        if errors:
            raise invalid(resource.group, resource.kind, name_of(obj), errors)

    def update(self, resource: Resource, current: Entry, obj: Obj, subresource: str, options: WriteOptions) -> Entry:
        """Replace an object, or its status."""
        old, new, strategy = current.decode(), _copied(obj), strategy_of(resource)
        self._check_version(resource, old, new)
        new = self._chosen(old, new, strategy, subresource)
        _keep_server_fields(old, new)
        strategy.defaults(new)
        _drop_empty(metadata(new))
        self._managing.track(strategy, old, new, options, subresource)
        if subresource != "status" or strategy.validates_status:
            self._validate(resource, new, lambda obj: _both(strategy, obj, old, subresource), strategy)
            if not subresource:
                _warn(resource, new, old, options)
            if resource == SERVICES:
                self._allocate(resource, new)
            if not subresource and not is_deleting(old):
                self._check_bounds(resource, namespace_of(old), new, old)
        _count(old, new, strategy)
        new["apiVersion"] = stored_version(resource)
        written = encode(current.key, current.revision, new) if options.dry_run else self.put_if_changed(current, new)
        return served_as(written, resource)

    def _check_version(self, resource: Resource, old: Obj, new: Obj) -> None:
        name = dig(new, "metadata", "name", default="")
        if name and name != name_of(old):
            raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({name_of(old)})")
        version = resource_version_of_text(new)
        if version and version != str(resource_version_of(old)):
            raise conflict(resource.group, resource.plural, name_of(old), MODIFIED)
        wanted = dig(new, "metadata", "uid")
        if wanted and wanted != uid_of(old):
            key = f"/{resource.plural}/{namespace_of(old)}/{name_of(old)}"
            text = (
                f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: "
                f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {uid_of(old)}"
            )
            raise conflict(resource.group, resource.plural, name_of(old), text)

    def _chosen(self, old: Obj, new: Obj, strategy: Strategy, subresource: str) -> Obj:
        """Return the old object with the part of the new one that this write is about."""
        part = strategy.parts.get(subresource)
        if part is not None:
            return part.choose(old, new)
        return _status_only(old, new) if subresource == "status" else self._spec_only(old, new, strategy, subresource)

    def _spec_only(self, old: Obj, new: Obj, strategy: Strategy, subresource: str) -> Obj:
        if subresource == "finalize":
            return {**old, "spec": {**old.get("spec", {}), "finalizers": dig(new, "spec", "finalizers", default=[])}}
        if strategy.has_status:
            if "status" in old:
                new["status"] = old["status"]
            else:
                new.pop("status", None)
        strategy.update(new, old)
        return new

    def put(self, resource: Resource, obj: Obj, *, dry_run: bool) -> Entry:
        """Write an object as it is."""
        key = store_key(resource, namespace_of(obj), name_of(obj))
        return encode(key, self._store.revision, obj) if dry_run else self._store.put(key, obj).entry

    def put_if_changed(self, current: Entry, obj: Obj) -> Entry:
        """Write an object; one that is as it was keeps its revision."""
        metadata(obj)["resourceVersion"] = str(current.revision)
        before = current.decode()
        if obj == before or times_only(before, obj):
            return current
        return self._store.put(current.key, obj).entry


def _warn(resource: Resource, new: Obj, old: Obj | None, options: WriteOptions) -> None:
    if options.warn is not None:
        for text in warnings_of(resource.qualified_name, new, old):
            options.warn(text)


def _copied(obj: Obj) -> Obj:
    # Several times faster than a deep copy.
    made: Obj = orjson.loads(orjson.dumps(obj))
    return made


def _drop_empty(meta: Obj) -> None:
    # As Go's omitempty does; the parts of the cluster write without passing the decoder.
    for field in ("labels", "annotations", "ownerReferences", "finalizers"):
        if field in meta and not meta[field]:
            del meta[field]


def _stamp(obj: Obj, caller: Caller | None) -> None:
    """Note who asks for a certificate; nobody can say that of another."""
    spec = obj.setdefault("spec", {})
    for name in ("username", "uid", "groups", "extra"):
        spec.pop(name, None)
    if caller is not None:
        extra = {key: list(values) for key, values in caller.extra.items()}
        found = {"username": caller.name, "uid": caller.uid, "groups": list(caller.groups), "extra": extra}
        spec.update({name: value for name, value in found.items() if value})


def _both(strategy: Strategy, new: Obj, old: Obj, subresource: str) -> Iterator[FieldError]:
    yield from check_metadata_update(metadata(new), metadata(old))
    if subresource in strategy.parts:
        yield from strategy.parts[subresource].validate(new, old)
        return
    checks = (strategy.validate_update(new, old), strategy.validate(new))
    for errors in checks if strategy.update_first else reversed(checks):
        yield from errors


def resource_version_of_text(obj: Obj) -> str:
    """Return the revision that a client based its change on; empty when it did not say."""
    version = str(dig(obj, "metadata", "resourceVersion", default=""))
    if version and not version.isdecimal():
        raise failure(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
    return "" if version == "0" else version


def _status_only(old: Obj, new: Obj) -> Obj:
    # Strategies of /status put back the spec; metadata that comes along is kept (a Deployment's revision, for one).
    made: dict[str, Any] = {**old, "metadata": dict(metadata(new))}
    if "status" in new:
        made["status"] = new["status"]
    return made


def _keep_server_fields(old: Obj, new: Obj) -> None:
    meta, before = metadata(new), metadata(old)
    for field in (*_SERVER_FIELDS, "name", "namespace"):
        if field in before:
            meta[field] = before[field]
        else:
            meta.pop(field, None)
    new["apiVersion"], new["kind"] = old["apiVersion"], old["kind"]


def _count(old: Obj, new: Obj, strategy: Strategy) -> None:
    if not strategy.has_generation:
        return
    parts = [{key: value for key, value in obj.items() if key not in ("metadata", "status")} for obj in (old, new)]
    if parts[0] != parts[1]:
        metadata(new)["generation"] = int(metadata(old).get("generation") or 0) + 1
