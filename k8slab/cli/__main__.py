"""``python -m k8slab.cli``: the same as the command ``k8slab``."""

from __future__ import annotations

from k8slab.cli import main

main()
