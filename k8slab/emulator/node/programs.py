"""Which program stands behind each name of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from k8slab.emulator.api import ContainerSpec, ExecRequest, ExecStreams, Fabric, Program
from k8slab.emulator.node.nginx.program import NginxProgram


async def _no_shell(_spec: ContainerSpec, request: ExecRequest, streams: ExecStreams) -> int:
    await streams.write_stderr(f"{request.command[0]}: not found\n".encode())
    return 127


def build_programs(fabric: Fabric, run_dir: Path) -> Mapping[str, Program]:
    """Return the programs by name."""
    return {"nginx": NginxProgram(fabric, run_dir, _no_shell)}
