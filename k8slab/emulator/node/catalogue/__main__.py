"""``python -m k8slab.emulator.node.catalogue IMAGE...``: prints those that the catalogue lacks, as a JSON list.

The notebook side asks it as a process, like everything of the embedded cluster.
"""

from __future__ import annotations

import json
import sys

from k8slab.emulator.node.catalogue.images import PullError, find_image


def _is_known(text: str) -> bool:
    try:
        find_image(text)
    except PullError:
        return False
    return True


sys.stdout.write(json.dumps([text for text in sys.argv[1:] if not _is_known(text)]) + "\n")
