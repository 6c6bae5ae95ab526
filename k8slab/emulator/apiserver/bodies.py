"""Bodies of requests: JSON, YAML and protobuf become objects of known types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson
import yaml
from aiohttp import web

from k8slab.emulator.apiserver.negotiation import JSON, PROTOBUF, YAML
from k8slab.emulator.apiserver.paths import Target
from k8slab.emulator.apiserver.undecodable import json_cause, kind_problem, type_cause, unrecognized, yaml_problem
from k8slab.emulator.registry.managing import kind_text, object_text
from k8slab.kube import protobuf
from k8slab.kube.conform import Conformed, DecodeError, conform, shape
from k8slab.kube.custom.shaping import prune
from k8slab.kube.objects import Obj, dig
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError, bad_request, failure, unsupported_media_type
from k8slab.kube.strict import has_duplicates, problems
from k8slab.kube.subresources import subresource_of

# k8s.io/apiserver/pkg/server/config.go: MaxRequestBodyBytes
LIMIT_BYTES = 3 * 1024 * 1024
# Where a request keeps what its client is warned of, so that a refusal carries it too.
WARNINGS: web.RequestKey[list[str]] = web.RequestKey("warnings", list)
METADATA = "apimachinery.pkg.apis.meta.v1.ObjectMeta"


async def read_bytes(request: web.Request) -> bytes:
    """Return the body; raises ``ApiError`` 413 beyond 3 MiB and 400 when the client stopped half way."""
    try:
        data = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        message = f"Request entity too large: limit is {LIMIT_BYTES}"
        raise failure(413, "RequestEntityTooLarge", message) from error
    return data


_SAFE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Yaml(_SAFE):  # type: ignore[valid-type, misc]
    """Reads scalars as go-yaml does: ``y`` and ``n`` are booleans too, and no text is a time."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
        for first, known in _SAFE.yaml_implicit_resolvers.items()
    }
    bool_values: ClassVar[dict[str, bool]] = {**_SAFE.bool_values, "y": True, "n": False}


_Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), list("yYnN"))


def load_yaml(data: bytes) -> Any:
    """Return a YAML document as the API server makes JSON of it: keys are texts, and sorted."""
    found = yaml.load(data, Loader=_Yaml)  # noqa: S506 - a safe loader
    return orjson.loads(orjson.dumps(found, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS))


def duplicate_keys(data: bytes) -> list[str]:
    """Return what a strict YAML reader says of keys that stand twice in one mapping, by lines."""
    try:
        root = yaml.compose(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return []
    return list(_repeated(root))


def repeated_keys(lines: list[str]) -> str:
    """Return the error of a strict YAML reader for what ``duplicate_keys`` found."""
    return "yaml: unmarshal errors:\n" + "\n".join(f"  {line}" for line in lines)


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


def adder(warnings: list[str]) -> Callable[[str], None]:
    """Return what adds a warning once: writes are tried again when webhooks change them."""

    def add(text: str) -> None:
        if text not in warnings:
            warnings.append(text)

    return add


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was read. ``data`` is its JSON when keys stand twice; ``yaml_problems`` name those of YAML."""

    obj: Obj
    data: bytes
    yaml_problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoder:
    """Turns bodies into typed objects; unknown fields and repeated keys go where ``fieldValidation`` says."""

    schema: Schema
    field_validation: str = "Warn"

    def raw(self, data: bytes, content_type: str, kind: str = "DeleteOptions") -> Body:
        """Return the object as it was sent; raises ``ApiError``."""
        media_type = content_type.partition(";")[0].strip() or JSON
        readers: Mapping[str, Callable[[bytes, str], Body]] = {
            JSON: self._json,
            YAML: self._yaml,
            PROTOBUF: self._protobuf,
        }
        if media_type not in readers:
            raise unsupported_media_type((JSON, YAML, PROTOBUF))
        return readers[media_type](data, kind)

    def _json(self, data: bytes, kind: str) -> Body:
        try:
            found = orjson.loads(data)
        except ValueError as error:
            raise unrecognized(kind, json_cause(data), data) from error
        obj = _as_object(found, kind, data)
        twice = self.field_validation != "Ignore" and has_duplicates(data, obj)
        return Body(obj, data if twice else b"")

    def _yaml(self, data: bytes, kind: str) -> Body:
        try:
            found = load_yaml(data)
        except (ValueError, TypeError, yaml.YAMLError, RecursionError) as error:
            raise unrecognized(kind, yaml_problem(error), data) from error
        lines = duplicate_keys(data) if self.field_validation != "Ignore" else []
        return Body(_as_object(found, kind, data), b"", yaml_problems=tuple(lines))

    def _protobuf(self, data: bytes, kind: str) -> Body:
        try:
            return Body(_as_object(protobuf.decode(self.schema, data), kind, data), b"")
        except ValueError as error:
            raise unrecognized(kind, str(error), data) from error

    def typed(self, body: Body, target: Target, warnings: list[str]) -> Obj:
        """Return the object with known fields only; raises ``ApiError`` 400."""
        api_version, kind = expected_kind(target)
        problem = self._kind_problem(body.obj, target)
        if problem:
            sent = body.obj.get("kind") or kind, str(body.obj.get("apiVersion") or api_version)
            raise bad_request(f'{sent[0]} in version "{_version(sent[1])}" cannot be handled as a {kind}: {problem}')
        if is_custom(target):
            return self._custom(body, target, warnings)
        try:
            conformed = conform(self.schema, api_version, kind, {"apiVersion": api_version, "kind": kind, **body.obj})
        except DecodeError as error:
            raise _not_handled(api_version, kind, str(error)) from error
        texts = unknown_fields(conformed)
        if body.data:
            texts = problems(body.data, self.schema, self.schema.kind(api_version, kind) or "")
        whole = [repeated_keys(list(body.yaml_problems))] if body.yaml_problems else []
        self.report(
            [*body.yaml_problems, *texts], warnings,
            lambda: _not_handled(api_version, kind, strict_error([*whole, *texts])),
        )  # fmt: skip
        return conformed.obj

    def report(self, texts: list[str], warnings: list[str], refusal: Callable[[], ApiError]) -> None:
        """Refuse or warn, as the client wants; raises ``ApiError``."""
        if texts and self.field_validation == "Strict":
            raise refusal()
        if self.field_validation != "Ignore":
            add = adder(warnings)
            for text in texts:
                add(text)

    def _kind_problem(self, obj: Obj, target: Target) -> str:
        """Return why the object is not of the target's kind; empty when it is."""
        api_version, kind = expected_kind(target)
        return kind_problem(self.schema, obj, api_version, kind)

    def _custom(self, body: Body, target: Target, warnings: list[str]) -> Obj:
        """Shape a custom object by its schema, and its metadata as that of any object; raises ``ApiError`` 400."""
        api_version, kind = expected_kind(target)
        try:
            made, unknown = self.shaped(body.obj, target)
        except DecodeError as error:
            raise _not_handled(api_version, kind, str(error)) from error
        texts = [*(problems(body.data) if body.data else ()), *(f'unknown field "{path}"' for path in unknown)]
        self.report(texts, warnings, lambda: _not_handled(api_version, kind, strict_error(texts)))
        return made

    def shaped(self, obj: Obj, target: Target) -> tuple[Obj, list[str]]:
        """Return an object as its type has it, and the paths that it does not know; raises ``DecodeError``."""
        api_version, kind = expected_kind(target)
        custom = target.resource.custom if is_custom(target) else None
        if custom is None:
            conformed = conform(self.schema, api_version, kind, obj)
            return conformed.obj, list(conformed.unknown)
        pruned, unknown = (obj, []) if custom.preserve else prune(obj, custom.schema)
        meta, odd = shape(self.schema, METADATA, pruned.get("metadata") or {}, "metadata")
        return {**pruned, "apiVersion": api_version, "kind": kind, "metadata": meta}, [*odd, *unknown]

    def merged(self, obj: Obj, target: Target) -> Obj:
        """Return an object after a server-side apply in the shape of its type; raises ``ApiError`` 500."""
        try:
            return self.shaped(obj, target)[0]
        except DecodeError as error:
            message = (
                f"failed to convert new object ({object_text(obj)}) to proper version: "
                f"unable to convert unstructured object to {kind_text(obj)}: {error}"
            )
            raise failure(500, "", message) from error


def strict_error(texts: list[str]) -> str:
    """Return the message of the strict decoder."""
    return f"strict decoding error: {', '.join(texts)}"


def unknown_fields(conformed: Conformed) -> list[str]:
    """Return what the strict decoder says of the fields that were dropped."""
    return [f'unknown field "{path}"' for path in conformed.unknown]


def _as_object(found: Any, kind: str, data: bytes) -> Obj:
    found = {} if found is None else found
    cause = type_cause(found)
    if cause:
        raise unrecognized(kind, cause, data)
    obj: Obj = found
    return obj


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


def named(obj: Obj, target: Target) -> Obj:
    """Hold a changed object against the URL; raises ``ApiError`` 400 (endpoints/handlers/rest.go)."""
    check_place(obj, target, fill=False)
    if not dig(obj, "metadata", "name"):
        cause = "name must be provided"
        raise bad_request(f"the name of the object ({target.name} based on URL) was undeterminable: {cause}")
    return obj


def check_place(obj: Obj, target: Target, *, fill: bool = True) -> None:
    """Hold a body against the URL it was sent to; fills in the namespace, and the name with ``fill``.

    Raises ``ApiError`` 400.
    """
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
    if target.name and fill:
        metadata["name"] = target.name
