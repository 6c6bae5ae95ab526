"""Ask a real cluster what it says to the bodies of ``golden/decoding/answers.json``, and write its answers there.

``kubectl proxy --port 8009 &``, then run this file. Makes the namespace ``fv``, and leaves it.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from decoding import GOLDEN, PRESENT, shown

SERVER = "http://127.0.0.1:8009"


def send(case: dict[str, Any]) -> dict[str, Any]:
    data = None if case["body"] is None else case["body"].encode()
    headers = {"Content-Type": case["type"], "User-Agent": "probe/1"}
    request = urllib.request.Request(SERVER + case["path"], data, headers, method=case["method"])
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return shown(answer.status, answer.headers.get_all("Warning") or [], json.load(answer))
    except urllib.error.HTTPError as error:
        return shown(error.code, error.headers.get_all("Warning") or [], json.load(error))


def main() -> None:
    for path, obj in PRESENT:
        send({"method": "POST", "path": path, "type": "application/json", "body": json.dumps(obj)})
    cases = json.loads(GOLDEN.read_text())
    for case in cases:
        case["answer"] = send(case)
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(f"asked {len(cases)} times")


if __name__ == "__main__":
    main()
