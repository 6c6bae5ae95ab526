"""OpenAPI v3 documents made from the schema tables and the catalogue.

They hold what clients read: types, required fields, enums, list and patch rules, the kinds of bodies, and
``fieldValidation`` on writes (kubectl asks for it before it sends). Descriptive text is not part of the tables: whoever
asks for a document brings it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from k8slab.kube.descriptions import Description
from k8slab.kube.discovery import group_versions
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Catalog, CustomVersion, Resource
from k8slab.kube.schema import Field, Schema

_SCALARS: Mapping[str, Obj] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "uint32": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microTime": {"type": "string", "format": "date-time"},
    "duration": {"type": "string"},
    "any": {},
}
# Types with a schema of their own, which JSON does not write as objects with fields.
_NAMED: Mapping[str, tuple[str, Obj]] = {
    "quantity": ("apimachinery.pkg.api.resource.Quantity", {"oneOf": [{"type": "string"}, {"type": "number"}]}),
    "intOrString": (
        "apimachinery.pkg.util.intstr.IntOrString",
        {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    ),
    "fieldsV1": ("apimachinery.pkg.apis.meta.v1.FieldsV1", {"type": "object"}),
    "raw": ("apimachinery.pkg.runtime.RawExtension", {"type": "object"}),
}
_EXTENSIONS = {
    "merge": "x-kubernetes-patch-merge-key",
    "strategy": "x-kubernetes-patch-strategy",
    "list": "x-kubernetes-list-type",
    "keys": "x-kubernetes-list-map-keys",
    "map": "x-kubernetes-map-type",
    "enum": "enum",
    "format": "format",
    "default": "default",
}
# A gnostic Document (openapiv2/OpenAPIv2.proto): swagger "2.0", info {title, version}.
SWAGGER_PROTOBUF = b"\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.34.4"
_WRITES = {"post": "create", "put": "update", "patch": "patch"}
_PATCHES = ("apply-patch+yaml", "json-patch+json", "merge-patch+json", "strategic-merge-patch+json")
_METADATA = "apimachinery.pkg.apis.meta.v1.ObjectMeta"
_PATCH_TYPE = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"


Describe = Callable[[str], Description]


def _undescribed(_type_name: str) -> Description:
    return Description()


def index(catalog: Catalog, texts: str = "") -> Obj:
    """Return the answer of ``/openapi/v3``; the hash lets clients keep what they have.

    ``texts`` names the version of the descriptions.
    """
    paths = {}
    for group, version in group_versions(catalog):
        path = f"apis/{group}/{version}" if group else f"api/{version}"
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest(catalog, group, version, texts)}"}
    return {"paths": paths}


def digest(catalog: Catalog, group: str, version: str, texts: str = "") -> str:
    """Return the hash of a group version's document."""
    served = [entry for entry in catalog if (entry.group, entry.version) == (group, version)]
    seed = "".join(f"{entry.qualified_name}{entry.custom or ''}" for entry in served)
    return hashlib.sha256(f"v1.34.4 {texts} {seed}".encode()).hexdigest().upper()


def document(
    schema: Schema, catalog: Catalog, group: str, version: str, describe: Describe = _undescribed
) -> Obj | None:
    """Return the document of a group version, or None when nothing of it is served."""
    served = [entry for entry in catalog if (entry.group, entry.version) == (group, version)]
    if not served:
        return None
    paths: Obj = {}
    for resource in served:
        paths |= _paths(schema, resource)
    components = _Components(schema, describe)
    for resource in served:
        components.add_kind(resource)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.34.4"},
        "paths": paths,
        "components": {"schemas": components.schemas},
    }


def _paths(schema: Schema, resource: Resource) -> Obj:
    collection = resource.path("{namespace}") if resource.namespaced else resource.path()
    return {
        collection: {"get": _read(resource, "list"), "post": _write(schema, resource, "post")},
        f"{collection}/{{name}}": {
            "get": _read(resource, "get"),
            "put": _write(schema, resource, "put"),
            "patch": _write(schema, resource, "patch"),
            "delete": _read(resource, "delete"),
        },
    }


def _kind(resource: Resource) -> Obj:
    return {"group": resource.group, "kind": resource.kind, "version": resource.version}


def _read(resource: Resource, action: str) -> Obj:
    return {
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _kind(resource),
    }


def _write(schema: Schema, resource: Resource, method: str) -> Obj:
    names = ("dryRun", "fieldManager", "fieldValidation", *(("force",) if method == "patch" else ()))
    parameters = [{"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}} for name in names]
    known = component_of(resource) if resource.custom else _full(schema.kind(resource.api_version, resource.kind) or "")
    body = _PATCH_TYPE if method == "patch" else known
    content = {"schema": {"$ref": f"#/components/schemas/{body}"}}
    patches = _PATCHES if resource.custom is None else _PATCHES[:3]
    types = [f"application/{name}" for name in patches] if method == "patch" else ["*/*"]
    return {
        "parameters": parameters,
        "requestBody": {"content": dict.fromkeys(types, content), "required": True},
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": _WRITES[method],
        "x-kubernetes-group-version-kind": _kind(resource),
    }


def component_of(resource: Resource) -> str:
    """Return the name of a custom kind's schema: ``com.example.stable.v1.CronTab``."""
    return ".".join((*reversed(resource.group.split(".")), resource.version, resource.kind))


def _full(name: str) -> str:
    return f"io.k8s.{name}" if name.startswith("api") else name


def _described(text: str) -> Obj:
    return {"description": text} if text else {}


class _Components:
    """The schemas of a document: the kinds and every type that they use."""

    def __init__(self, schema: Schema, describe: Describe) -> None:
        self._schema = schema
        self._describe = describe
        self.schemas: Obj = {_PATCH_TYPE: {"type": "object"}}

    def add_kind(self, resource: Resource) -> None:
        name = self._schema.kind(resource.api_version, resource.kind)
        if resource.custom is not None:
            name = component_of(resource)
            self.schemas[name] = self._custom(resource.custom)
        elif name is not None:
            self._add(name)
        if name is not None:
            self.schemas[_full(name)]["x-kubernetes-group-version-kind"] = [_kind(resource)]

    def _custom(self, custom: CustomVersion) -> Obj:
        """Return a definition's schema with the fields that every object has."""
        self._add(_METADATA)
        own = dict(custom.schema)
        meta = {"allOf": [{"$ref": f"#/components/schemas/{_full(_METADATA)}"}]}
        fields = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": meta}
        return {**own, "type": "object", "properties": {**(own.get("properties") or {}), **fields}}

    def _add(self, name: str) -> None:
        if _full(name) in self.schemas:
            return
        fields = [field for field in self._schema.fields(name).values() if not field.inline]
        description = self._describe(name)
        made: Obj = {**_described(description.text), "type": "object"}
        self.schemas[_full(name)] = made
        made["properties"] = {
            field.name: {**_described(self._text(description, field)), **self._property(field)} for field in fields
        }
        required = sorted(field.name for field in fields if field.required)
        if required:
            made["required"] = required

    def _text(self, description: Description, field: Field) -> str:
        # Models say nothing of fields that are objects: the object's own text stands in.
        own = description.fields.get(field.name, "")
        return own or (self._describe(field.element).text if self._schema.has(field.element) else "")

    def _property(self, field: Field) -> Obj:
        rules = {_EXTENSIONS[key]: value for key, value in field.constraints.items() if key in _EXTENSIONS}
        if field.is_list:
            return {"type": "array", "items": self._type(field.element), **rules}
        if field.is_map:
            return {"type": "object", "additionalProperties": self._type(field.element), **rules}
        plain = self._type(field.type)
        return {"allOf": [plain], **rules} if "$ref" in plain else {**plain, **rules}

    def _type(self, name: str) -> Obj:
        if name in _SCALARS:
            return dict(_SCALARS[name])
        if name in _NAMED:
            full = _full(_NAMED[name][0])
            self.schemas[full] = dict(_NAMED[name][1])
            return {"$ref": f"#/components/schemas/{full}"}
        if not self._schema.has(name) or set(self._schema.fields(name)) == {"items"}:
            return {"type": "array", "items": {"type": "string"}}
        self._add(name)
        return {"$ref": f"#/components/schemas/{_full(name)}"}
