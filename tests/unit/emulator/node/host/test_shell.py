from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
GOLDEN = json.loads((_HERE / "shell_golden.json").read_text())


def _prefix() -> str:
    spec = importlib.util.spec_from_file_location("shell_cases", _HERE / "shell_cases.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert set(module.cases()) == set(GOLDEN), "record again: record_shell.py"
    return module.PREFIX


PREFIX = _prefix()


@pytest.mark.parametrize("text", sorted(GOLDEN))
async def test_answers_as_busybox(pod: Any, text: str):
    ran = await pod.sh(PREFIX + text)
    assert [ran.out, ran.err, ran.code] == GOLDEN[text]
