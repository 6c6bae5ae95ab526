#!/usr/bin/env python3
"""Write binder/requirements.txt: everything that k8slab needs, in one version each, with its hash.

Run it with the Python of binder/runtime.txt on Linux x86-64, where Binder builds; it asks the package index.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
HEAD = "# Made by scripts/update_binder.py. hatchling builds k8slab itself in postBuild, without asking an index.\n"


def main() -> int:
    """Resolve and write."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run([*command, "--report", str(report), f"{ROOT}[lab,cel]", "hatchling"], check=True)
        text = requirements(json.loads(report.read_text(encoding="utf-8")))
    (ROOT / "binder/requirements.txt").write_text(text, encoding="utf-8")
    print(f"{text.count('==')} packages pinned")
    return 0


def requirements(report: dict[str, Any]) -> str:
    """Return the file's text for a report of pip; k8slab itself is left out, as it is built from the checkout."""
    rows = {}
    for entry in report["install"]:
        name, version = entry["metadata"]["name"], entry["metadata"]["version"]
        hashes = entry["download_info"].get("archive_info", {}).get("hashes", {})
        if name != "k8slab":
            rows[name.lower()] = f"{name}=={version} --hash=sha256:{hashes['sha256']}\n"
    return HEAD + "".join(rows[name] for name in sorted(rows))


if __name__ == "__main__":
    sys.exit(main())
