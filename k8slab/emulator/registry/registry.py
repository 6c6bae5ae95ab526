"""The one way to the objects: each verb of the API, with the rules of each kind around it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace

import orjson

from k8slab.clock import Clock, Entropy
from k8slab.emulator.api import DeleteOptions, PatchType, Preconditions
from k8slab.emulator.registry import subresources
from k8slab.emulator.registry.admission import admit_deletion
from k8slab.emulator.registry.deletion import check_preconditions, mark, may_go
from k8slab.emulator.registry.eviction import SUCCESS, budget_for, disrupted, spent
from k8slab.emulator.registry.managing import Managing
from k8slab.emulator.registry.options import ListOptions, Outcome, Page, WatchOptions, WriteOptions
from k8slab.emulator.registry.patching import patched
from k8slab.emulator.registry.reading import read, read_page, store_key
from k8slab.emulator.registry.strategies import strategy_of
from k8slab.emulator.registry.strategy import Context
from k8slab.emulator.registry.tokens import TokenIssuer
from k8slab.emulator.registry.watching import begin_watch
from k8slab.emulator.registry.writing import Writer
from k8slab.emulator.store import Change, Entry, Store, StoreKey
from k8slab.kube.apply import Shapes
from k8slab.kube.objects import Obj, is_deleting, metadata, name_of, uid_of
from k8slab.kube.resources import BINDINGS, DISRUPTION_BUDGETS, PODS, Catalog, Resource
from k8slab.kube.schema import Schema
from k8slab.kube.status import INVALID, FieldError, bad_request, invalid, not_found

_PLAIN = WriteOptions()


class Registry:
    """Reads and writes objects as the API server does. Every method raises ``kube.status.ApiError``."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        schema: Schema,
        clock: Clock,
        entropy: Entropy,
        tokens: TokenIssuer | None = None,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._schema = schema
        self._clock = clock
        self._tokens = tokens
        self._context = Context(clock, entropy)
        self._managing = Managing(Shapes(schema), clock)
        self._writer = Writer(store, self._context, self._managing)

    def get(self, resource: Resource, namespace: str, name: str, *, subresource: str = "") -> Entry:
        """Return one object, or its part."""
        return subresources.view(read(self._store, resource, namespace, name), subresource, resource)

    def exists(self, resource: Resource, namespace: str, name: str) -> bool:
        """Tell whether there is such an object."""
        return self._store.get(store_key(resource, namespace, name)) is not None

    def list(self, resource: Resource, namespace: str = "", options: ListOptions | None = None) -> Page:
        """Return a collection, or a page of it."""
        return read_page(self._store, resource, namespace, options or ListOptions())

    def watch(
        self, resource: Resource, namespace: str = "", options: WatchOptions | None = None
    ) -> AsyncGenerator[Change, None]:
        """Yield changes in the order of their revisions."""
        return begin_watch(self._store, resource, namespace, options or WatchOptions())

    async def create(
        self,
        resource: Resource,
        namespace: str,
        obj: Obj,
        *,
        subresource: str = "",
        name: str = "",
        options: WriteOptions = _PLAIN,
    ) -> Entry:
        """Store a new object, or call a subresource such as ``binding`` or ``eviction`` of ``name``."""
        if resource == BINDINGS:
            # The older way to bind a pod: its name is that of the Binding.
            resource, subresource, name = PODS, "binding", name_of(obj)
        if subresource == "eviction":
            return await self._evict(resource, namespace, name, obj, options)
        if subresource == "token":
            return self._token(resource, namespace, name, obj)
        if subresource:
            current = read(self._store, resource, namespace, name)
            bound = subresources.bound(current.decode(), obj, self._clock)
            entry = self._writer.put(resource, bound, dry_run=options.dry_run)
        else:
            entry = self._writer.create(resource, namespace, obj, options)
        await self._store.committed()
        return entry

    async def _evict(self, resource: Resource, namespace: str, name: str, request: Obj, options: WriteOptions) -> Entry:
        current = read(self._store, resource, namespace, name)
        asked = subresources.eviction_options(request)
        pod = current.decode()
        check_preconditions(resource, pod, asked)
        budgets = {
            name_of(entry.decode()): entry for entry in self._store.entries(DISRUPTION_BUDGETS.storage_name, namespace)
        }
        budget = budget_for(pod, [entry.decode() for entry in budgets.values()])
        changed = spent(budget, pod, self._clock) if budget is not None else None
        if not (asked.dry_run or options.dry_run):
            if changed is not None:
                self._writer.put_if_changed(budgets[name_of(changed)], changed)
            marked = self._writer.put_if_changed(current, disrupted(pod, self._clock))
            self._delete(resource, marked, replace(asked, preconditions=Preconditions(uid_of(pod))))
            await self._store.committed()
        return Entry(current.key, current.revision, orjson.dumps(SUCCESS))

    def _token(self, resource: Resource, namespace: str, name: str, request: Obj) -> Entry:
        current = read(self._store, resource, namespace, name)
        if self._tokens is None:
            raise bad_request("this API server issues no tokens")
        made = self._tokens.issue(current.decode(), request, self.lookup)
        return Entry(current.key, current.revision, orjson.dumps(made))

    def lookup(self, kind: str, namespace: str, name: str) -> Obj | None:
        """Return an object by its kind, or None."""
        resource = self._catalog.named(kind)
        found = self._store.get(store_key(resource, namespace, name)) if resource else None
        return found.decode() if found else None

    async def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        obj: Obj,
        *,
        subresource: str = "",
        options: WriteOptions = _PLAIN,
    ) -> Entry:
        """Replace an object or its part."""
        current = read(self._store, resource, namespace, name)
        entry = self._update(resource, current, obj, subresource, options)
        await self._store.committed()
        return subresources.view(entry, subresource, resource)

    def _update(self, resource: Resource, current: Entry, obj: Obj, subresource: str, options: WriteOptions) -> Entry:
        if subresource == "scale":
            obj = subresources.scaled(current.decode(), obj, resource)
        entry = self._writer.update(resource, current, obj, subresource, options)
        if not options.dry_run and may_go(entry.decode()):
            self._store.delete(entry.key)
        return entry

    async def patch(  # noqa: PLR0913 - the parts of a PATCH request
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Obj | Sequence[Obj],
        patch_type: PatchType,
        *,
        subresource: str = "",
        options: WriteOptions = _PLAIN,
        conform: Callable[[Obj], Obj] | None = None,
    ) -> Entry:
        """Change the fields that the patch names.

        ``conform`` is called with the patched object and returns what to go on with (the API server checks types and
        notes unknown fields there); without it the registry drops unknown fields itself.
        """
        if patch_type == "apply" and isinstance(patch, dict):
            return await self._apply(
                resource, store_key(resource, namespace, name), patch, subresource, options, conform
            )
        current = read(self._store, resource, namespace, name)
        seen = subresources.view(current, subresource, resource).decode()
        changed = patched(self._schema, resource, seen, patch, patch_type)
        changed = conform(changed) if conform else changed
        _keep_uid(resource, seen, changed)
        entry = self._update(resource, current, changed, subresource, options)
        await self._store.committed()
        return subresources.view(entry, subresource, resource)

    async def _apply(
        self,
        resource: Resource,
        key: StoreKey,
        config: Obj,
        subresource: str,
        options: WriteOptions,
        conform: Callable[[Obj], Obj] | None,
    ) -> Entry:
        """Apply a configuration from the server's side; an object that is not there is created."""
        found = self._store.get(key)
        if found is None and subresource:
            raise not_found(resource.group, resource.plural, key.name)
        live = found.decode() if found else {}
        made = self._managing.applied(strategy_of(resource), live, config, options, subresource)
        made = conform(made) if conform else made
        options = replace(options, managers_given=True)
        if found is None:
            entry = self._writer.create(resource, key.namespace, made, options)
        else:
            entry = self._update(resource, found, made, subresource, options)
        await self._store.committed()
        return entry

    async def delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None
    ) -> Outcome:
        """Begin or finish a deletion."""
        options = options or DeleteOptions()
        admit_deletion(resource, name)
        outcome = self._delete(resource, read(self._store, resource, namespace, name), options)
        await self._store.committed()
        return outcome

    def _delete(self, resource: Resource, current: Entry, options: DeleteOptions) -> Outcome:
        obj = current.decode()
        check_preconditions(resource, obj, options)
        if not is_deleting(obj):
            strategy_of(resource).ending(obj, self._context)
        at_once = mark(obj, options, self._clock, graceful=strategy_of(resource).graceful)
        if options.dry_run:
            return Outcome(current, deleted=at_once, status=_success(resource, obj) if at_once else None)
        if not at_once:
            return Outcome(self._writer.put_if_changed(current, obj), deleted=False)
        entry = self._store.delete(current.key).entry
        # Pods answer with themselves (graceful deletion), everything else with a Status.
        return Outcome(entry, deleted=True, status=None if strategy_of(resource).graceful else _success(resource, obj))

    async def delete_collection(
        self,
        resource: Resource,
        namespace: str,
        options: DeleteOptions | None = None,
        selection: ListOptions | None = None,
    ) -> Page:
        """Delete what the selection finds; return what was found."""
        page = self.list(resource, namespace, selection)
        for entry in page.entries:
            current = self._store.get(store_key(resource, entry.key.namespace, entry.key.name))
            if current is not None:
                self._delete(resource, current, options or DeleteOptions())
        await self._store.committed()
        return page


def _keep_uid(resource: Resource, old: Obj, new: Obj) -> None:
    wanted = metadata(new).get("uid")
    if wanted and wanted != uid_of(old):
        # Checked as metadata of any object, and once more with the kind's own rules.
        wrong = [FieldError(INVALID, "metadata.uid", wanted, "field is immutable")] * 2
        raise invalid(resource.group, resource.kind, name_of(old), wrong)


def _success(resource: Resource, obj: Obj) -> Obj:
    details = {"name": name_of(obj), "group": resource.group, "kind": resource.plural, "uid": uid_of(obj)}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in details.items() if value},
    }
