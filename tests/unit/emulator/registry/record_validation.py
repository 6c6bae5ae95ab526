"""Ask a real cluster what it says to ``validation_cases.py``: ``kubectl proxy --port 8009 &``, then run this file.

Needs a namespace ``h2`` with nothing but what it comes with; leaves the same behind.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from kind_cases import KIND_ACCEPTED, KIND_BASES, KIND_REFUSED, KIND_UPDATES
from validation_cases import ACCEPTED, BASES, FORBIDDEN_UPDATES, REFUSED, _set, changed

HERE = Path(__file__).parents[3] / "golden" / "validation"
SERVER = "http://127.0.0.1:8009"
CLUSTER_SCOPED = ("namespaces", "nodes", "persistentvolumes", "storageclasses", "priorityclasses")
BASES.update(KIND_BASES)


def url(plural: str, name: str = "") -> str:
    version = BASES[plural]["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = "" if plural in CLUSTER_SCOPED else "/namespaces/h2"
    return f"{SERVER}{root}{scope}/{plural}{'/' + name if name else ''}"


def send(method: str, address: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def put_changed(plural: str, changes: dict[str, Any]) -> Any:
    name = BASES[plural]["metadata"]["name"]
    current = send("GET", url(plural, name))
    wanted = changed(plural, changes)
    merged = {**current, **{key: value for key, value in wanted.items() if key not in ("metadata", "spec")}}
    merged["metadata"] = {**current["metadata"], **wanted["metadata"]}
    merged["metadata"].pop("managedFields", None)
    if not any("resourceVersion" in path for path in changes):
        merged["metadata"].pop("resourceVersion", None)
    if "spec" in wanted:
        merged["spec"] = {**current.get("spec", {}), **wanted["spec"]}
        for path, value in changes.items():
            if value is None:
                merged["spec"].pop(path.split(".")[1], None)
    if "spec" in merged and "containers" in merged["spec"]:
        merged["spec"]["containers"] = over(current["spec"]["containers"], merged["spec"]["containers"])
    return merged, send("PUT", url(plural, name) + "?dryRun=All", merged)


def over(present: list[Any], wanted: list[Any]) -> list[Any]:
    return [{**(present[index] if index < len(present) else {}), **entry} for index, entry in enumerate(wanted)]


def kept(name: str, found: list[Any]) -> None:
    (HERE / name).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def create(plural: str, changes: dict[str, Any]) -> Any:
    """Create and delete again: a dry run asks the allocators of Services nothing."""
    if plural != "services":
        return send("POST", url(plural) + "?dryRun=All", changed(plural, changes))
    made = send("POST", url(plural), changed(plural, changes))
    if made.get("kind") != "Status":
        send("DELETE", url(plural, made["metadata"]["name"]))
    return made


def refused(cases: Any = REFUSED, name: str = "refused.json") -> None:
    found = []
    for plural, changes in cases:
        status = create(plural, changes)
        if status.get("kind") != "Status":
            print("accepted:", plural, changes)
            continue
        found.append([plural, changes if len(str(changes)) < 5000 else list(changes), shortened(status)])
    kept(name, found)


def shortened(status: Any) -> Any:
    if len(status["message"]) > 5000:
        return {"code": status["code"], "reason": status["reason"], "message": status["message"][:200]}
    return {key: status.get(key) for key in ("code", "reason", "message", "details")}


def accepted(cases: Any = ACCEPTED, name: str = "accepted.json") -> None:
    found = []
    for plural, changes in cases:
        made = create(plural, changes)
        if made.get("kind") == "Status":
            print("refused:", plural, changes, made["message"])
            continue
        made["metadata"].pop("managedFields", None)
        found.append([plural, changes, made])
    kept(name, found)


def updates() -> None:
    found = []
    for plural in dict.fromkeys(plural for plural, _ in FORBIDDEN_UPDATES):
        made = send("POST", url(plural), BASES[plural])
        print(plural, made.get("message", "created"))
    for plural, changes in FORBIDDEN_UPDATES:
        body, status = put_changed(plural, changes)
        current = send("GET", url(plural, BASES[plural]["metadata"]["name"]))
        if status.get("kind") != "Status":
            print("accepted:", plural, changes)
            continue
        current["metadata"].pop("managedFields", None)
        found.append([plural, changes, current, body, shortened(status)])
    for plural in dict.fromkeys(plural for plural, _ in FORBIDDEN_UPDATES):
        send("DELETE", url(plural, BASES[plural]["metadata"]["name"]) + "?gracePeriodSeconds=0")
    kept("updates.json", found)


def kind_updates() -> None:
    """Change one object of each kind; pods of it stay pending, so that their controllers leave it alone."""
    found = []
    plurals = list(dict.fromkeys(plural for plural, _ in KIND_UPDATES))
    for plural in plurals:
        base = changed(plural, {"metadata.name": "kinds-x"})
        if plural in ("daemonsets", "statefulsets"):
            base["spec"]["template"]["spec"]["nodeSelector"] = {"no": "where"}
        print(plural, send("POST", url(plural), base).get("message", "created"))
    for plural, changes in KIND_UPDATES:
        current = send("GET", url(plural, "kinds-x"))
        current["metadata"].pop("managedFields", None)
        body = json.loads(json.dumps(current))
        body["metadata"].pop("resourceVersion", None)
        for path, value in changes.items():
            _set(body, [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)], value)
        found.append([plural, changes, current, body, shortened(send("PUT", url(plural, "kinds-x"), body))])
    for plural in plurals:
        send("DELETE", url(plural, "kinds-x"))
    kept("updates_kinds.json", found)


def kinds() -> None:
    """Record the cases of ``kind_cases.py``."""
    refused(KIND_REFUSED, "refused_kinds.json")
    accepted(KIND_ACCEPTED, "accepted_kinds.json")
    kind_updates()


if __name__ == "__main__":
    if "kinds" in sys.argv[1:]:
        kinds()
        sys.exit()
    refused()
    accepted()
    updates()
