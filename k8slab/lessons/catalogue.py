"""Which images the embedded cluster has: asked of it as a process, as everything of it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from k8slab.errors import ClusterError

_SECONDS = 60


def unknown_images(images: Sequence[str]) -> set[str]:
    """Return those that the embedded cluster's catalogue lacks; raises ``ClusterError``."""
    if not images:
        return set()
    command = [sys.executable, "-m", "k8slab.emulator.node.catalogue", *images]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ClusterError(
            "The catalogue of images cannot be read.", "Install k8slab anew: pip install k8slab"
        ) from error
    return set(json.loads(done.stdout))
