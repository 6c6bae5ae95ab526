"""The PATCH verb: four formats, with admission in between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import yaml
from aiohttp import web

from k8slab.emulator.api import PatchType
from k8slab.emulator.apiserver import parameters
from k8slab.emulator.apiserver.admitted import admitted
from k8slab.emulator.apiserver.bodies import Decoder, check_place, duplicate_keys, expected_kind, is_custom, read_bytes
from k8slab.emulator.apiserver.object_answers import object_answer
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.registry.options import WriteOptions
from k8slab.emulator.store import Entry
from k8slab.kube.objects import Obj
from k8slab.kube.status import bad_request, unsupported_media_type

PATCH_TYPES: Mapping[str, PatchType] = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}


async def patch(services: Services, request: web.Request, target: Target) -> web.StreamResponse:
    """PATCH of an object or its part; an apply creates what is not there."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip()
    patch_type = PATCH_TYPES.get(content_type)
    if patch_type is None or (patch_type == "strategic" and is_custom(target)):
        # Custom objects have no merge keys.
        offered = [name for name, kind in PATCH_TYPES.items() if not is_custom(target) or kind != "strategic"]
        raise unsupported_media_type(tuple(offered))
    applying = patch_type == "apply"
    options = parameters.write_options("PATCH", request.query, request.headers.get("User-Agent", ""), applying=applying)
    decoder = Decoder(services.schema, parameters.field_validation(request.query, "PatchOptions"))
    warnings: list[str] = []
    data = await read_bytes(request)
    body = _configuration(data, target, decoder, warnings) if applying else patch_body(data, patch_type)
    creating = applying and not target.subresource and not _exists(services, target)
    write = _PatchWrite(services, target, body, patch_type, options, decoder, warnings, creating=creating)
    entry = await admitted(services, request, target, "CREATE" if creating else "UPDATE", write, warnings)
    warnings = list(dict.fromkeys(warnings))
    return object_answer(services, request, target, entry.data, code=201 if creating else 200, warnings=warnings)


@dataclass(frozen=True, slots=True)
class _PatchWrite:
    """Writes the patched object, or the one that webhooks made of it."""

    services: Services
    target: Target
    body: Any
    patch_type: PatchType
    options: WriteOptions
    decoder: Decoder
    warnings: list[str]
    creating: bool

    async def __call__(self, changed: Obj | None, dry: bool) -> Entry:
        registry, target = self.services.registry, self.target
        options = replace(self.options, dry_run=dry)
        if changed is None:
            return await registry.patch(
                target.resource, target.namespace, target.name, self.body, self.patch_type,
                subresource=target.subresource, options=options,
                conform=self._conformed,
            )  # fmt: skip
        options = replace(options, managers_given=True)
        if self.creating:
            return await registry.create(target.resource, target.namespace, changed, options=options)
        return await registry.update(
            target.resource, target.namespace, target.name, changed, subresource=target.subresource, options=options
        )

    def _conformed(self, obj: Obj) -> Obj:
        if self.patch_type != "apply":
            return self.decoder.patched(obj, self.target, self.warnings)
        return self.decoder.merged(obj, self.target, self.warnings)


def _exists(services: Services, target: Target) -> bool:
    return services.registry.exists(target.resource, target.namespace, target.name)


def _configuration(data: bytes, target: Target, decoder: Decoder, warnings: list[str]) -> Obj:
    """Return the applied configuration; raises ``ApiError`` (endpoints/handlers/patch.go, applyPatcher)."""
    try:
        found = json.loads(json.dumps(yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))))  # noqa: S506 - both are safe
    except (yaml.YAMLError, TypeError, RecursionError, UnicodeDecodeError) as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    if not isinstance(found, dict):
        raise bad_request("error decoding YAML: the configuration is not an object")
    _check_kind(found, target)
    repeated = duplicate_keys(data)
    if repeated and decoder.field_validation == "Strict":
        raise bad_request(f"error strict decoding YAML: {repeated[0]}")
    if repeated and decoder.field_validation == "Warn":
        warnings += repeated
    check_place(found, target)
    return found


def _check_kind(config: Obj, target: Target) -> None:
    api_version, kind = expected_kind(target)
    if (config.get("apiVersion"), config.get("kind")) != (api_version, kind):
        version = str(config.get("apiVersion") or "")
        shown = version if "/" in version else f"/{version}"
        raise bad_request(f"invalid object type: {shown}, Kind={config.get('kind') or ''}")
    if (config.get("metadata") or {}).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")


def patch_body(data: bytes, patch_type: PatchType) -> Any:
    """Return the patch of a body; raises ``ApiError`` 400."""
    try:
        found = orjson.loads(data)
    except ValueError as error:
        found = _lenient(data, error)
    wanted, go_type = (list, "[]handlers.jsonPatchOp") if patch_type == "json" else (dict, "map[string]interface {}")
    if not isinstance(found, wanted):
        shown = {list: "array", dict: "object", str: "string", bool: "bool"}.get(type(found), "number")
        raise bad_request(f"error decoding patch: json: cannot unmarshal {shown} into Go value of type {go_type}")
    return found


def _lenient(data: bytes, cause: ValueError) -> Any:
    # The API server takes a patch in YAML too.
    try:
        return json.loads(json.dumps(yaml.safe_load(data)))
    except (yaml.YAMLError, TypeError, RecursionError, UnicodeDecodeError) as error:
        raise bad_request(f"error decoding patch: {cause}") from error
