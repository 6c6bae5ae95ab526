"""Chooses an endpoint for each new connection, as kube-proxy's iptables mode does: at random, or by client address."""

from __future__ import annotations

from collections.abc import Sequence

from k8slab.clock import Clock, Entropy
from k8slab.emulator.network.services import Endpoint
from k8slab.kube.objects import Obj, dig, uid_of

_DEFAULT_SECONDS = 10800


class Balancer:
    """Remembers where clients of Services with ``sessionAffinity: ClientIP`` went."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._seen: dict[tuple[str, str], tuple[str, float]] = {}

    def choose(self, service: Obj, endpoints: Sequence[Endpoint], client: str) -> Endpoint:
        """Return one of the endpoints (there must be one)."""
        if dig(service, "spec", "sessionAffinity") != "ClientIP":
            return endpoints[self._entropy.choice(len(endpoints))]
        key = (uid_of(service), client)
        limit = dig(service, "spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds", default=_DEFAULT_SECONDS)
        address, when = self._seen.get(key, ("", float("-inf")))
        known = next((entry for entry in endpoints if entry.address == address), None)
        if known is None or self._clock.monotonic() - when > limit:
            known = endpoints[self._entropy.choice(len(endpoints))]
        self._seen[key] = (known.address, self._clock.monotonic())
        return known
