"""Resources that only a diagnosis looks at: listed when one is asked for, not followed all the time."""

from __future__ import annotations

from k8slab.kube.resources import (
    CLAIMS,
    DAEMON_SETS,
    NETWORK_POLICIES,
    SECRETS,
    STATEFUL_SETS,
    VALIDATING_WEBHOOKS,
    Resource,
)

# Values of Secrets are taken out before anything sees them (client.redaction).
EXTRA: tuple[Resource, ...] = (
    SECRETS, VALIDATING_WEBHOOKS, STATEFUL_SETS, DAEMON_SETS, NETWORK_POLICIES, CLAIMS,
)  # fmt: skip
