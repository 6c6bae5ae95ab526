"""GET, LIST and their rules about revisions."""

from __future__ import annotations

from k8slab.emulator.registry.continuation import Continuation, continuation_expired, decode_continuation
from k8slab.emulator.registry.custom.objects import served_as
from k8slab.emulator.registry.fields import selection
from k8slab.emulator.registry.options import ListOptions, Page
from k8slab.emulator.store import CompactedError, Entry, Store, StoreKey
from k8slab.kube.resources import Resource
from k8slab.kube.status import (
    FORBIDDEN,
    INVALID,
    NOT_SUPPORTED,
    ApiError,
    FieldError,
    failure,
    gone,
    invalid,
    not_found,
)  # fmt: skip


def store_key(resource: Resource, namespace: str, name: str) -> StoreKey:
    """Return where an object of the resource is stored."""
    return StoreKey(resource.storage_name, namespace if resource.namespaced else "", name)


def read(store: Store, resource: Resource, namespace: str, name: str) -> Entry:
    """Return one object; raises 404."""
    entry = store.get(store_key(resource, namespace, name))
    if entry is None:
        raise not_found(resource.group, resource.plural, name)
    return served_as(entry, resource)


def read_page(store: Store, resource: Resource, namespace: str, options: ListOptions) -> Page:
    """Return a collection, or the page of it that ``limit`` and ``continue`` ask for."""
    _check(options)
    chosen = selection(resource, options.label_selector, options.field_selector)
    revision, after = _start(store, options)
    try:
        exact = revision if options.continue_token or options.resource_version_match == "Exact" else None
        entries = store.entries(resource.storage_name, namespace if resource.namespaced else "", at=exact)
    except CompactedError as error:
        if options.continue_token:
            raise continuation_expired(after) from error
        raise gone("The resourceVersion for the provided list is too old.") from error
    if after:
        entries = [entry for entry in entries if place(entry) > after]
    if not chosen.everything:
        entries = [entry for entry in entries if chosen.matches(entry)]
    entries = [served_as(entry, resource) for entry in entries] if resource.custom else entries
    return _cut(entries, revision, options, counted=chosen.everything)


def place(entry: Entry) -> str:
    """Return the text by which a collection is ordered (that of etcd's keys)."""
    return f"{entry.key.namespace}/{entry.key.name}" if entry.key.namespace else entry.key.name


def _cut(entries: list[Entry], revision: int, options: ListOptions, *, counted: bool) -> Page:
    limit = options.limit
    if not limit or len(entries) <= limit:
        return Page(entries, revision)
    page = entries[:limit]
    token = Continuation(revision, place(page[-1])).encode()
    # Kubernetes does not count what a selector hides.
    return Page(page, revision, token, len(entries) - limit if counted else None)


def _start(store: Store, options: ListOptions) -> tuple[int, str]:
    if options.continue_token:
        found = decode_continuation(options.continue_token)
        return (store.revision if found.revision < 0 else found.revision), found.after
    wanted = parse_revision(options.resource_version)
    demand_reached(store, wanted)
    return (wanted if options.resource_version_match == "Exact" else store.revision), ""


def parse_revision(text: str) -> int:
    """Return the revision; 0 for none. Raises 400 as ``ParseResourceVersion`` words it."""
    if not text:
        return 0
    if not text.isdecimal():
        detail = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        error = FieldError(INVALID, "resourceVersion", text, detail)
        raise failure(400, "BadRequest", f'invalid resource version "{text}": {error}' if False else str(error))
    return int(text)


def demand_reached(store: Store, revision: int) -> None:
    """Raise 504 for a revision that does not exist yet."""
    if revision > store.revision:
        raise too_large(revision, store.revision)


def too_large(wanted: int, current: int) -> ApiError:
    """504: the client knows a revision that this server has not seen (pkg/storage/errors.go)."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return failure(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


_MATCHES = ("Exact", "NotOlderThan")


def _check(options: ListOptions) -> None:
    """Hold the rules of apimachinery's ``ValidateListOptions``."""
    match, version = options.resource_version_match, options.resource_version
    path = "resourceVersionMatch"
    errors: list[FieldError] = []
    if match and not version:
        errors.append(
            FieldError(FORBIDDEN, path, None, "resourceVersionMatch is forbidden unless resourceVersion is provided")
        )
    if match and options.continue_token:
        errors.append(FieldError(FORBIDDEN, path, None, "resourceVersionMatch is forbidden when continue is provided"))
    if match and match not in _MATCHES:
        errors.append(FieldError(NOT_SUPPORTED, path, match, 'supported values: "Exact", "NotOlderThan", ""'))
    if match == "Exact" and version == "0":
        errors.append(
            FieldError(FORBIDDEN, path, None, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
        )
    if errors:
        raise invalid("meta.k8s.io", "ListOptions", "", errors)
