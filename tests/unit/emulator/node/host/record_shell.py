"""Records what a real busybox answers: ``python record_shell.py CONTAINER`` (a running Docker container of busybox)."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE / "shell_golden.json"


def main() -> None:
    spec = importlib.util.spec_from_file_location("shell_cases", HERE / "shell_cases.py")
    if spec is None or spec.loader is None:
        raise SystemExit("shell_cases.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answers = {}
    for text in module.cases():
        done = subprocess.run(
            ["docker", "exec", "-e", "HOME=/root", sys.argv[1], "sh", "-c", module.PREFIX + text],
            capture_output=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        answers[text] = [done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode]
    GOLDEN.write_text(json.dumps(answers, indent=0, sort_keys=True) + "\n")
    print(len(answers), "recorded")


main()
