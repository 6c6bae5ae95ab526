"""What containerd and runc say of a command that cannot be started."""

from __future__ import annotations

import secrets

from k8slab.emulator.api import ExecError

_RUNC = "unable to start container process"


def runtime_words(error: ExecError) -> str:
    """Return the report for an exec; its id is new each time."""
    return (
        f'failed to exec in container: failed to start exec "{secrets.token_hex(32)}": '
        f"OCI runtime exec failed: exec failed: {_RUNC}: {error}: unknown"
    )


def runtime_start_words(problem: str) -> str:
    """Return the report for a container's own command."""
    return (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
        f"runc create failed: {_RUNC}: {problem}: unknown"
    )
