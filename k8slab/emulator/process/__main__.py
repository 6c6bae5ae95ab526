"""Entry point of the child process."""

from __future__ import annotations

import sys

from k8slab.emulator.process.run import main

if __name__ == "__main__":
    sys.exit(main())
