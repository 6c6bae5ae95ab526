#!/usr/bin/env python3
"""Write the fields of Kubernetes' internal PodSpec, whose order and names its update errors show.

Sources: ``pkg/apis/core/types.go`` of the module k8s.io/kubernetes and ``core/v1/types.go`` of k8s.io/api (downloaded
by ``go mod download``). Facts only: names, types and order.

    scripts/update_internal_fields.py            write k8slab/kube/schema/pod_spec.json
    scripts/update_internal_fields.py --verify   exit 1 when the file differs from the sources
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "k8slab" / "kube" / "schema" / "pod_spec.json"
STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
ALIAS = re.compile(r"^type (\w+) (string|int32|map\[\S+\S+)$", re.MULTILINE)
MEMBER = re.compile(r"^\t(\w+)(?:[ \t]+([^\s`]+))?[ \t]*(?:`json:\"([^\",]*)[^`]*`)?[ \t]*(?://.*)?$", re.MULTILINE)


def source(module: str, version: str, path: str) -> str:
    """Return a file of a Go module."""
    command = ["go", "mod", "download", "-json", f"k8s.io/{module}@{version}"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return (Path(answer["Dir"]) / path).read_text()


def structs(text: str) -> dict[str, list[tuple[str, str, str]]]:
    """Return ``{type: [(name, Go type, JSON name)]}``; an embedded type has no Go type."""
    return {
        found[1]: [(member[1], member[2] or "", member[3] or "") for member in MEMBER.finditer(found[2])]
        for found in STRUCT.finditer(text)
    }


def build() -> str:
    """Return the table as JSON."""
    internal = source("kubernetes", "v1.34.4", "pkg/apis/core/types.go")
    versioned = structs(source("api", "v0.34.4", "core/v1/types.go"))
    aliases = dict(ALIAS.findall(internal))
    known, table, waiting = structs(internal), {}, ["PodSpec"]
    while waiting:
        name = waiting.pop()
        if name in table or name not in known:
            continue
        table[name] = [entry for member in known[name] for entry in fields(name, member, known, versioned, aliases)]
        waiting += [re.sub(r"[*\[\]]|map\[string\]", "", kind) for _, _, kind in table[name]]
    return json.dumps(dict(sorted(table.items())), indent=None, separators=(",", ":")).replace("]],", "]],\n") + "\n"


def fields(owner, member, known, versioned, aliases):  # noqa: ANN001, ANN201 - one row of the table
    """Yield ``[name, JSON name, type]``, with embedded types in place."""
    name, kind, _ = member
    if not kind:
        for inner in known[name]:
            yield from fields(name, inner, known, versioned, aliases)
        return
    tags = {field: tag for field, _, tag in versioned.get(owner, [])}
    plain = re.sub(r"\w+$", lambda found: aliases.get(found[0], found[0]), kind)
    yield [name, tags.get(name) or name[0].lower() + name[1:], plain]


def main() -> int:
    """Write or verify."""
    text = build()
    if "--verify" in sys.argv[1:]:
        same = TARGET.exists() and TARGET.read_text() == text
        print("the fields are what the sources say" if same else "the fields differ: run this script")
        return 0 if same else 1
    TARGET.write_text(text)
    print(f"wrote {TARGET.name}: {len(text):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
