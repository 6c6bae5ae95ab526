#!/usr/bin/env python3
"""Write the schema tables of the emulated Kubernetes version, or check that they are what the sources say.

Sources: the OpenAPI v3 documents of a running cluster (the current kubeconfig) and the ``.proto`` files of the k8s.io
Go modules (downloaded by ``go mod download``). Facts only: names, types, numbers and constraints, no descriptive text.

    scripts/update_schema.py            write k8slab/kube/schema/tables.json
    scripts/update_schema.py --verify   exit 1 when the file differs from the sources
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULE_VERSION = "v0.34.4"
MODULES = ("api", "apimachinery", "kube-aggregator", "apiextensions-apiserver")
TARGET = Path(__file__).parent.parent / "k8slab" / "kube" / "schema" / "tables.json"

# Messages that JSON does not write as objects.
SPECIAL = {
    "apimachinery.pkg.api.resource.Quantity": "quantity",
    "apimachinery.pkg.util.intstr.IntOrString": "intOrString",
    "apimachinery.pkg.apis.meta.v1.Time": "time",
    "apimachinery.pkg.apis.meta.v1.MicroTime": "microTime",
    "apimachinery.pkg.apis.meta.v1.Duration": "duration",
    "apimachinery.pkg.apis.meta.v1.FieldsV1": "fieldsV1",
    "apimachinery.pkg.runtime.RawExtension": "raw",
    "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "raw",
}
SUBRESOURCE_KINDS = ("Scale", "TokenRequest", "Eviction")
SCALARS = {"string", "bool", "int32", "int64", "double", "bytes", "uint32"}
FIELD = re.compile(r"^\s*(?:optional |repeated |required )?(map<string, ?[\w.]+>|[\w.]+) (\w+) = (\d+)")


def run(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def short(name: str) -> str:
    """Return a type's name without the part that all names share."""
    return name.removeprefix(".").removeprefix("io.").removeprefix("k8s.").removeprefix("io.").removeprefix("k8s.")


STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(r'^\s+\w+\s+(\S+)\s+`json:"([^",]+)([^"]*)"[^`]*protobuf', re.MULTILINE)


def go_facts() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what only Go's types say of ``(type, field)``.

    ``zero``: JSON shows the zero value, since Go has a pointer there or no ``omitempty``. ``go``: the name of a type
    that stands for a text or number, as decode errors name it. ``shown``: what JSON shows of an empty map, list or
    struct that Go does not leave out (``null`` or ``{}``); managed fields do not count it as set.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for module in MODULES:
        root = Path(json.loads(run("go", "mod", "download", "-json", f"k8s.io/{module}@{MODULE_VERSION}"))["Dir"])
        for path in sorted(root.rglob("types*.go")):
            package = ".".join((module, *path.parent.relative_to(root).parts))
            for struct in STRUCT.finditer(path.read_text()):
                for member in MEMBER.finditer(struct[2]):
                    facts: dict[str, Any] = {}
                    if member[1].startswith("*") or "omitempty" not in member[3]:
                        facts["zero"] = True
                    if re.fullmatch(r"\*?(\[\])?(v1\.)?[A-Z]\w+", member[1]):
                        facts["go"] = member[1].lstrip("*[]").rpartition(".")[2]
                    if "omitempty" not in member[3] and member[1].startswith(("*", "[]", "map[")):
                        facts["shown"] = "null"
                    elif member[1][0] not in "*[m" and "omitzero" not in member[3]:
                        facts["shown"] = "{}"
                    found[f"{package}.{struct[1]}", member[2]] = facts
    return found


def messages() -> dict[str, dict[str, tuple[str, int]]]:
    """Return ``{type: {field: (type, number)}}`` from the .proto files."""
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for module in MODULES:
        answer = json.loads(run("go", "mod", "download", "-json", f"k8s.io/{module}@{MODULE_VERSION}"))
        for path in sorted(Path(answer["Dir"]).rglob("generated.proto")):
            found |= parse_proto(path.read_text())
    return found


def parse_proto(text: str) -> dict[str, dict[str, tuple[str, int]]]:
    """Return the messages of one .proto file."""
    package = short(re.search(r"^package ([\w.]+);", text, re.MULTILINE).group(1))
    package = package.replace("kube_aggregator", "kube-aggregator").replace(
        "apiextensions_apiserver", "apiextensions-apiserver"
    )
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for block in re.finditer(r"^message (\w+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        fields: dict[str, tuple[str, int]] = {}
        for line in block[2].splitlines():
            match = FIELD.match(line)
            if match and not line.strip().startswith("//"):
                repeated = "[]" if line.strip().startswith("repeated ") else ""
                fields[match[2]] = (repeated + qualify(match[1], package), int(match[3]))
        found[f"{package}.{block[1]}"] = fields
    return found


def qualify(written: str, package: str) -> str:
    """Return the type of a field as the tables write it."""
    mapped = re.fullmatch(r"map<string, ?([\w.]+)>", written)
    if mapped:
        return "{}" + qualify(mapped[1], package)
    if written in SCALARS:
        return written
    name = short(written) if "." in written else f"{package}.{written}"
    name = name.replace("apiextensions_apiserver", "apiextensions-apiserver")
    return SPECIAL.get(name, name)


def openapi() -> tuple[dict[str, Any], dict[str, str]]:
    """Return the component schemas and ``{apiVersion/kind: type}`` of the running cluster."""
    index = json.loads(run("kubectl", "get", "--raw", "/openapi/v3"))["paths"]
    schemas: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for path in sorted(index):
        if not re.fullmatch(r"api/v1|apis/[\w.-]+/v\d+", path):
            continue
        document = json.loads(run("kubectl", "get", "--raw", f"/openapi/v3/{path}"))
        group_version = path.removeprefix("apis/").removeprefix("api/")
        for name, schema in document["components"]["schemas"].items():
            schemas[short(name)] = schema
            for kind in schema.get("x-kubernetes-group-version-kind", []):
                own = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
                # Kinds of subresources stand in the documents of their resources' groups, under their own group.
                if own == group_version or kind["kind"] in SUBRESOURCE_KINDS:
                    kinds[f"{own}/{kind['kind']}"] = short(name)
    return schemas, kinds


def json_type(schema: dict[str, Any]) -> str:
    """Return the type of a property that only JSON has."""
    if "$ref" in schema:
        name = short(schema["$ref"].rpartition("/")[2])
        return SPECIAL.get(name, name)
    if len(schema.get("allOf", [])) == 1:
        return json_type(schema["allOf"][0])
    if schema.get("type") == "array":
        return "[]" + json_type(schema["items"])
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return "{}" + json_type(schema["additionalProperties"])
    by_type = {"boolean": "bool", "integer": schema.get("format", "int64"), "number": "double", "string": "string"}
    return by_type.get(schema.get("type", ""), "any")


def constraints(name: str, schema: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Return what a property says beyond its type."""
    keys = {
        "merge": schema.get("x-kubernetes-patch-merge-key"),
        "strategy": schema.get("x-kubernetes-patch-strategy"),
        "list": schema.get("x-kubernetes-list-type"),
        "keys": schema.get("x-kubernetes-list-map-keys"),
        "map": schema.get("x-kubernetes-map-type"),
        "enum": schema.get("enum"),
        "format": schema.get("format") if schema.get("type") == "string" else None,
        "default": schema.get("default") if schema.get("default") not in ({}, "") else None,
        "required": True if name in required else None,
    }
    return {key: value for key, value in keys.items() if value is not None}


def table(schema: dict[str, Any], message: dict[str, tuple[str, int]]) -> dict[str, Any]:
    """Return the row of one type: ``{field: [type, protobuf number, constraints]}``."""
    properties = schema.get("properties", {})
    message = json_names(properties, message)
    rows: dict[str, Any] = {}
    for field, (written, number) in message.items():
        if field in properties:
            extra = constraints(field, properties[field], schema.get("required", []))
            rows[field] = [written, number, extra] if extra else [written, number]
        elif properties or not schema:
            # A message that JSON does not show is embedded: its fields stand in the parent's object.
            rows[field] = [written, number, {"inline": True}] if schema and "." in written else [written, number]
    for field in sorted(set(properties) - set(message)):
        extra = constraints(field, properties[field], schema.get("required", []))
        rows[field] = [json_type(properties[field]), 0, extra] if extra else [json_type(properties[field]), 0]
    return rows


def json_names(properties: dict[str, Any], message: dict[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    """Return the message with the few fields renamed that JSON spells in another way (``xKubernetesListType``)."""
    spelt = {plain(name): name for name in properties}
    return {spelt.get(plain(name), name): row for name, row in message.items()}


def plain(name: str) -> str:
    """Return a field's name without case, dashes and dollar signs."""
    return name.lower().replace("-", "").replace("$", "")


def reachable(kinds: dict[str, str], tables: dict[str, Any]) -> set[str]:
    """Return the types that the kinds use, directly or not."""
    wanted, seen = [*kinds.values(), *EXTRA], set()
    while wanted:
        name = wanted.pop()
        if name in seen or name not in tables:
            continue
        seen.add(name)
        wanted += [row[0].replace("[]", "").replace("{}", "") for row in tables[name].values()]
    return seen


META = "apimachinery.pkg.apis.meta.v1."
EXTRA = [META + name for name in (
    "Status", "DeleteOptions", "ListMeta", "ObjectMeta", "LabelSelector", "CreateOptions", "PatchOptions",
    "UpdateOptions", "ListOptions", "PartialObjectMetadata", "PartialObjectMetadataList", "WatchEvent",
)] + ["apimachinery.pkg.runtime.Unknown", "apimachinery.pkg.runtime.TypeMeta"]  # fmt: skip


def kept_facts(written: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that say something of a field of that type."""
    scalar, several = written.strip("[]{}") in SCALARS, written[0] in "[{"
    wanted = {"zero", "go"} if scalar else {"zero"} if several else {"shown"}
    if several and facts.get("shown") == "null":
        wanted.add("shown")
    return {key: value for key, value in facts.items() if key in wanted}


def build() -> str:
    """Return the text of the tables."""
    schemas, kinds = openapi()
    protos = messages()
    names = set(schemas) | set(protos)
    facts = go_facts()
    tables = {name: table(schemas.get(name, {}), protos.get(name, {})) for name in sorted(names)}
    for name, rows in tables.items():
        for field, row in rows.items():
            known = kept_facts(row[0], facts.get((name, field), {}))
            if known:
                row[2:] = [{**dict(*row[2:]), **known}]
    used = reachable(kinds, tables)
    rows = [f"{json.dumps(name)}:{json.dumps(tables[name], separators=(',', ':'))}" for name in sorted(used)]
    head = json.dumps(dict(sorted(kinds.items())), separators=(",", ":"))
    atomic = sorted(name for name in used if schemas.get(name, {}).get("x-kubernetes-map-type") == "atomic")
    parts = {"kinds": head, "atomic": json.dumps(atomic, separators=(",", ":"))}
    listed = "".join(f'"{key}":{text},\n' for key, text in parts.items())
    return '{"version":"v1.34.4",\n' + listed + '"types":{\n' + ",\n".join(rows) + "\n}}\n"


def main() -> int:
    """Write or verify."""
    text = build()
    if "--verify" in sys.argv[1:]:
        same = TARGET.exists() and TARGET.read_text() == text
        print("the tables are what the sources say" if same else "the tables differ: run scripts/update_schema.py")
        return 0 if same else 1
    TARGET.write_text(text)
    print(f"wrote {TARGET.name}: {len(text):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
