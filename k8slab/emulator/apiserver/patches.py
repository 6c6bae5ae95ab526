"""The PATCH verb: four formats, with admission in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import yaml
from aiohttp import web

from k8slab.emulator.api import PatchType
from k8slab.emulator.apiserver import parameters
from k8slab.emulator.apiserver.admitted import admitted
from k8slab.emulator.apiserver.bodies import (
    WARNINGS,
    Decoder,
    adder,
    duplicate_keys,
    expected_kind,
    is_custom,
    load_yaml,
    named,
    read_bytes,
    repeated_keys,
)
from k8slab.emulator.apiserver.object_answers import object_answer
from k8slab.emulator.apiserver.patched import Patch, read_patch, typed_patched
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.apiserver.undecodable import json_name, yaml_problem
from k8slab.emulator.registry.options import WriteOptions
from k8slab.emulator.store import Entry
from k8slab.kube.objects import Obj
from k8slab.kube.status import bad_request, failure

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
        raise failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
    applying = patch_type == "apply"
    options = parameters.write_options("PATCH", request.query, request.headers.get("User-Agent", ""), applying=applying)
    decoder = Decoder(services.schema, parameters.field_validation(request.query, "PatchOptions"))
    warnings = request[WARNINGS] = []
    data = await read_bytes(request)
    body = _configuration(data, target, decoder, warnings) if applying else read_patch(data, patch_type)
    creating = applying and not target.subresource and not _exists(services, target)
    write = _PatchWrite(services, target, body, options, decoder, warnings, creating=creating)
    entry = await admitted(services, request, target, "CREATE" if creating else "UPDATE", write, warnings)
    return object_answer(services, request, target, entry.data, code=201 if creating else 200, warnings=warnings)


@dataclass(frozen=True, slots=True)
class _PatchWrite:
    """Writes the patched object, or the one that webhooks made of it; ``body`` is the configuration of an apply."""

    services: Services
    target: Target
    body: Patch | Obj
    options: WriteOptions
    decoder: Decoder
    warnings: list[str]
    creating: bool

    async def __call__(self, changed: Obj | None, dry: bool) -> Entry:
        registry, target = self.services.registry, self.target
        body = self.body
        options = replace(self.options, dry_run=dry, warn=adder(self.warnings))
        if changed is None:
            return await registry.patch(
                target.resource, target.namespace, target.name, body.body if isinstance(body, Patch) else body,
                body.type if isinstance(body, Patch) else "apply",
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
        if isinstance(self.body, Patch):
            return typed_patched(self.decoder, obj, self.body, self.target, self.warnings)
        return named(self.decoder.merged(obj, self.target), self.target)


def _exists(services: Services, target: Target) -> bool:
    return services.registry.exists(target.resource, target.namespace, target.name)


def _configuration(data: bytes, target: Target, decoder: Decoder, warnings: list[str]) -> Obj:
    """Return the applied configuration; raises ``ApiError`` (endpoints/handlers/patch.go, applyPatcher)."""
    try:
        found = load_yaml(data)
    except (ValueError, TypeError, yaml.YAMLError, RecursionError) as error:
        raise bad_request(f"error decoding YAML: error converting YAML to JSON: {yaml_problem(error)}") from error
    found = {} if found is None else found
    if not isinstance(found, dict):
        cause = f"json: cannot unmarshal {json_name(found)} into Go value of type map[string]interface {{}}"
        raise bad_request(f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {cause}")
    _check_kind(found, target)
    lines = duplicate_keys(data) if decoder.field_validation != "Ignore" else []
    cause = f"error strict decoding YAML: error converting YAML to JSON: {repeated_keys(lines)}"
    decoder.report(lines, warnings, lambda: bad_request(cause))
    return found


def _check_kind(config: Obj, target: Target) -> None:
    api_version, kind = expected_kind(target)
    if (config.get("apiVersion"), config.get("kind")) != (api_version, kind):
        version = str(config.get("apiVersion") or "")
        shown = version if "/" in version else f"/{version}"
        raise bad_request(f"invalid object type: {shown}, Kind={config.get('kind') or ''}")
    meta = config.get("metadata")
    if isinstance(meta, dict) and meta.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
