"""Which program stands behind each name of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from k8slab.emulator.api import Fabric, Program
from k8slab.emulator.node.host_client import ProgramHost, programs_of
from k8slab.emulator.node.nginx.program import NginxProgram

_HOSTED = ("whoami", "hello-server", "hello-app", "http-echo", "pause", "shell")


def build_programs(fabric: Fabric, run_dir: Path, host: ProgramHost) -> Mapping[str, Program]:
    """Return the programs by name; ``host`` runs all but nginx."""
    return {"nginx": NginxProgram(fabric, run_dir, host), **programs_of(host, _HOSTED)}
