"""Which upstreams nginx needs for a model, and what njs has to know to choose for single requests. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from k8slab.emulator.ingress.text.files import Upstream, folder_of
from k8slab.emulator.ingress.text.proxying import is_forwarded, upstream_name
from k8slab.routing.configuration import Configuration
from k8slab.routing.model import Backend, Location, Model, Policy

# So many slots that 1 to 6, 10 and 12 endpoints have exactly equal turns; fewer where there are very many Services.
SLOTS, _FEW_SLOTS, _MANY_UPSTREAMS = 60, 12, 100


def remote_backends(model: Model, is_remote: Callable[[Backend], bool]) -> frozenset[str]:
    """Return the Service ports that are reached through the network; what stands in for another goes the same way."""
    found = {backend.name for backend in model.backends.values() if is_remote(backend)}
    if not found:
        return frozenset()
    pairs = [(policy.backend.name, policy.alternative.name) for policy in model.policies.values() if policy.alternative]
    pairs += [
        (location.backend.name, location.fallback.name)
        for server in model.servers.values()
        for location in server.locations
        if location.backend and location.fallback
    ]
    while more := {name for pair in pairs if found & set(pair) for name in pair} - found:
        found |= more
    return frozenset(found)


def plan(model: Model, configuration: Configuration, remote: frozenset[str]) -> dict[str, tuple[Backend, Upstream]]:
    """Return every upstream by its name, with the Service port it leads to."""
    wanted: dict[str, tuple[Backend, bool]] = {}
    for backend, forwarded in _wanted(model, remote):
        wanted[upstream_name(backend, forwarded=forwarded)] = (backend, forwarded)
    slots = SLOTS if len(wanted) <= _MANY_UPSTREAMS else _FEW_SLOTS
    return {
        name: (backend, _upstream(name, model.policy(backend), configuration, slots, forwarded=forwarded))
        for name, (backend, forwarded) in sorted(wanted.items())
    }


def _wanted(model: Model, remote: frozenset[str]) -> Iterator[tuple[Backend, bool]]:
    for location in (entry for server in model.servers.values() for entry in server.locations):
        for backend in _of_location(location, model):
            yield backend, is_forwarded(location.settings) or backend.name in remote
            if location.fallback is not None:
                yield backend, backend.name in remote
    if model.default is not None:
        yield model.default, model.default.name in remote


def _of_location(location: Location, model: Model) -> Iterator[Backend]:
    for backend in (location.backend, location.fallback):
        if backend is not None:
            yield backend
            alternative = model.policy(backend).alternative
            if alternative is not None:
                yield alternative


def _hash_by(policy: Policy, configuration: Configuration) -> str:
    return policy.settings.hash_by or configuration.hash_by


def _upstream(name: str, policy: Policy, configuration: Configuration, slots: int, *, forwarded: bool) -> Upstream:
    pinned = policy.affinity is not None or bool(_hash_by(policy, configuration))
    chosen = pinned or policy.alternative is not None
    balance = policy.settings.load_balance or configuration.load_balance
    return Upstream(name, slots, forwarded=forwarded, chosen=chosen, pinned=pinned, balance=balance)


def policies(
    model: Model, configuration: Configuration, planned: dict[str, tuple[Backend, Upstream]], scratch: str
) -> str:
    """Return what njs decides by, as JSON."""
    names = {name for name, (_, upstream) in planned.items() if upstream.chosen}
    for name in list(names):
        backend, upstream = planned[name]
        alternative = model.policy(backend).alternative
        if alternative is not None:
            names.add(upstream_name(alternative, forwarded=upstream.forwarded))
    made = {name: _policy(model, configuration, *planned[name], scratch) for name in sorted(names) if name in planned}
    return json.dumps(made, sort_keys=True)


def _policy(
    model: Model, configuration: Configuration, backend: Backend, upstream: Upstream, scratch: str
) -> dict[str, Any]:
    policy = model.policy(backend)
    settings, affinity = policy.settings, policy.affinity
    found: dict[str, Any] = {
        "folder": f"{scratch}/u/{folder_of(upstream.name)}", "backend": backend.name, "slots": upstream.slots,
        "pinned": upstream.pinned,
    }  # fmt: skip
    if policy.alternative is not None:
        found["alternative"] = upstream_name(policy.alternative, forwarded=upstream.forwarded)
    if policy.is_canary:
        found["canary"] = {
            "header": settings.canary_header, "value": settings.canary_header_value,
            "pattern": settings.canary_header_pattern, "cookie": settings.canary_cookie,
            "weight": settings.canary_weight, "total": max(settings.canary_weight_total, 100),
        }  # fmt: skip
    if affinity is not None:
        found["affinity"] = {
            "name": affinity.cookie_name, "path": affinity.cookie_session_path,
            "domain": affinity.cookie_session_domain,
            "expires": affinity.cookie_expires, "age": affinity.cookie_max_age,
            "samesite": affinity.cookie_samesite.capitalize(), "conditional": affinity.cookie_conditional_samesite,
            "secure": affinity.cookie_secure, "partitioned": affinity.cookie_partitioned,
            "persistent": affinity.affinity_mode == "persistent", "paths": [list(pair) for pair in policy.sticky_paths],
        }  # fmt: skip
    if _hash_by(policy, configuration):
        found["subset"] = settings.hash_subset_size if settings.hash_subset else 0
    return found


def policies_name(text: str) -> str:
    """Return a file name for policies that changes with them, so that nginx reads them anew."""
    return f"policies-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
