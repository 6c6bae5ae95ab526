"""The shell of JupyterLab's terminals: it finds kubectl and the lab's cluster.

Only the terminals get this: in kernels ``KUBECONFIG`` stays the user's own, which ``%lab start --context`` reads.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path


def shell_command(environ: Mapping[str, str], kubeconfig: Path, programs: Path) -> list[str]:
    """Return the words that start the user's shell. ``kubeconfig`` may be a file that a later ``%lab start`` writes.

    ``programs``: the folder that has ``kubectl`` and ``k8slab``; it comes first on ``PATH``.
    """
    folders = dict.fromkeys([str(programs), *(one for one in environ.get("PATH", "").split(os.pathsep) if one)])
    path = os.pathsep.join(folders)
    return ["/usr/bin/env", f"KUBECONFIG={kubeconfig}", f"PATH={path}", environ.get("SHELL") or "/bin/sh"]


def jupyter_options(command: list[str]) -> list[str]:
    """Return the options of JupyterLab that make terminals start with those words (it splits them as a shell would)."""
    return [f"--ServerApp.terminado_settings=shell_command={shlex.join(command)}"]
