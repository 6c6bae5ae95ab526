"""Bodies of requests: JSON, YAML and protobuf become objects of known types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import yaml
from aiohttp import web

from k8slab.emulator.apiserver.negotiation import JSON, PROTOBUF, YAML
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.registry.managing import kind_text, object_text
from k8slab.kube import protobuf
from k8slab.kube.conform import DecodeError, conform, shape
from k8slab.kube.custom.shaping import prune
from k8slab.kube.objects import Obj, dig
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError, bad_request, failure, invalid_patched, unsupported_media_type
from k8slab.kube.subresources import subresource_of

# k8s.io/apiserver/pkg/server/config.go: MaxRequestBodyBytes
LIMIT_BYTES = 3 * 1024 * 1024
_METADATA = "apimachinery.pkg.apis.meta.v1.ObjectMeta"


async def read_bytes(request: web.Request) -> bytes:
    """Return the body; raises ``ApiError`` 413 beyond 3 MiB and 400 when the client stopped half way."""
    try:
        data = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        message = f"Request entity too large: limit is {LIMIT_BYTES}"
        raise failure(413, "RequestEntityTooLarge", message) from error
    return data


def _parse_yaml(data: bytes) -> Any:
    return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders


def duplicate_keys(data: bytes) -> list[str]:
    """Return what a strict YAML reader says of keys that stand twice in one mapping."""
    try:
        root = yaml.compose(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return []
    found = list(_repeated(root))
    return ["yaml: unmarshal errors:\n" + "\n".join(f"  {text}" for text in found)] if found else []


def _repeated(node: yaml.Node | None) -> Iterator[str]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield f'line {key.start_mark.line + 1}: key "{key.value}" already set in map'
            seen.add(key.value)
            yield from _repeated(value)


@dataclass(frozen=True, slots=True)
class Decoder:
    """Turns bodies into typed objects; unknown fields go where ``fieldValidation`` says."""

    schema: Schema
    field_validation: str = "Warn"

    def raw(self, data: bytes, content_type: str) -> Obj:
        """Return the object as it was sent; raises ``ApiError``."""
        media_type = content_type.partition(";")[0].strip() or JSON
        parsers: Mapping[str, Callable[[bytes], Any]] = {
            JSON: orjson.loads,
            YAML: _parse_yaml,
            PROTOBUF: lambda body: protobuf.decode(self.schema, body),
        }
        if media_type not in parsers:
            raise unsupported_media_type((JSON, YAML, PROTOBUF))
        try:
            obj = parsers[media_type](data)
        except (ValueError, yaml.YAMLError, RecursionError) as error:
            raise bad_request(f"the object provided is unrecognized (must be of type {media_type}): {error}") from error
        if not isinstance(obj, dict):
            raise bad_request("couldn't get version/kind; json parse error: json: cannot unmarshal "
                              f"{type(obj).__name__} into Go value of type struct")  # fmt: skip
        return obj

    def typed(self, obj: Obj, target: Target, warnings: list[str]) -> Obj:
        """Return the object with known fields only; raises ``ApiError`` 400."""
        api_version, kind = expected_kind(target)
        self._check_kind(obj, api_version, kind)
        if is_custom(target):
            return self._custom(obj, target, warnings, lambda text: _not_handled(api_version, kind, text))
        try:
            conformed = conform(self.schema, api_version, kind, {"apiVersion": api_version, "kind": kind, **obj})
        except DecodeError as error:
            raise _not_handled(api_version, kind, str(error)) from error
        self._report(conformed.unknown, warnings, lambda text: _not_handled(api_version, kind, text))
        return conformed.obj

    def patched(self, obj: Obj, target: Target, warnings: list[str]) -> Obj:
        """Return a patched object with known fields only; raises ``ApiError`` 422 or 400."""
        api_version, kind = expected_kind(target)
        if is_custom(target):
            return self._custom(obj, target, warnings, lambda text: invalid_patched(orjson.dumps(obj).decode(), text))
        try:
            conformed = conform(self.schema, api_version, kind, obj)
        except DecodeError as error:
            raise invalid_patched(orjson.dumps(obj).decode(), str(error)) from error
        self._report(conformed.unknown, warnings, bad_request)
        return conformed.obj

    def _custom(self, obj: Obj, target: Target, warnings: list[str], refuse: Callable[[str], ApiError]) -> Obj:
        """Shape a custom object by its schema, and its metadata as that of any object."""
        custom = target.resource.custom
        if custom is None:
            raise bad_request(f"{target.resource.kind} is not a custom kind")
        if custom.warning:
            warnings.append(custom.warning)
        shaped, unknown = (obj, []) if custom.preserve else prune(obj, custom.schema)
        try:
            meta, odd = shape(self.schema, _METADATA, shaped.get("metadata") or {}, "metadata")
        except DecodeError as error:
            raise refuse(str(error)) from error
        self._report((*odd, *unknown), warnings, refuse)
        return {**shaped, "apiVersion": target.resource.api_version, "kind": target.resource.kind, "metadata": meta}

    def merged(self, obj: Obj, target: Target, warnings: list[str]) -> Obj:
        """Return an object after a server-side apply in the shape of its type; raises ``ApiError`` 500."""
        if is_custom(target):
            return self._custom(obj, target, warnings, bad_request)
        api_version, kind = expected_kind(target)
        try:
            return conform(self.schema, api_version, kind, obj).obj
        except DecodeError as error:
            message = (
                f"failed to convert new object ({object_text(obj)}) to proper version: "
                f"unable to convert unstructured object to {kind_text(obj)}: {error}"
            )
            raise failure(500, "", message) from error

    def _check_kind(self, obj: Obj, api_version: str, kind: str) -> None:
        sent_version, sent_kind = obj.get("apiVersion") or api_version, obj.get("kind") or kind
        if sent_version != api_version:
            raise bad_request(
                f"the API version in the data ({sent_version}) does not match the expected API version ({api_version})"
            )
        if sent_kind != kind:
            message = f'{sent_kind} in version "{_version(api_version)}" cannot be handled as a {kind}: '
            raise bad_request(message + f"converting to {kind} failed: the kind in the data is {sent_kind}")

    def _report(self, unknown: tuple[str, ...], warnings: list[str], refuse: Callable[[str], ApiError]) -> None:
        texts = [f'unknown field "{path}"' for path in unknown]
        if texts and self.field_validation == "Strict":
            raise refuse(f"strict decoding error: {', '.join(texts)}")
        if self.field_validation != "Ignore":
            warnings += texts


def is_custom(target: Target) -> bool:
    """Tell whether the body is an object of a kind that a user defined (its scale is not)."""
    return target.resource.custom is not None and target.subresource != "scale"


def expected_kind(target: Target) -> tuple[str, str]:
    """Return the ``apiVersion`` and kind of the body that a target takes."""
    resource = target.resource
    if target.subresource:
        row = subresource_of(resource, target.subresource)
        if row.kind:
            return (f"{row.group}/{row.version}" if row.group else "v1"), row.kind
    return resource.api_version, resource.kind


def _version(api_version: str) -> str:
    return api_version.rpartition("/")[2]


def _not_handled(api_version: str, kind: str, cause: str) -> ApiError:
    return bad_request(f'{kind} in version "{_version(api_version)}" cannot be handled as a {kind}: {cause}')


def check_place(obj: Obj, target: Target) -> None:
    """Hold a body against the URL it was sent to; fills in namespace and name. Raises ``ApiError`` 400."""
    metadata = obj.setdefault("metadata", {})
    if target.resource.namespaced:
        if metadata.get("namespace", target.namespace) != target.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        metadata["namespace"] = target.namespace
    else:
        metadata.pop("namespace", None)
    sent = dig(obj, "metadata", "name", default="")
    if target.name and sent and sent != target.name:
        raise bad_request(f"the name of the object ({sent}) does not match the name on the URL ({target.name})")
    if target.name:
        metadata["name"] = target.name
