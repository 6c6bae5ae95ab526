"""Which form of an answer a client accepts (k8s.io/apiserver/pkg/endpoints/handlers/negotiation)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from k8slab.kube.status import ApiError, failure

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
_TYPES: Mapping[str, str] = {
    "*/*": JSON,
    "application/*": JSON,
    "application/json": JSON,
    "application/yaml": YAML,
    PROTOBUF: PROTOBUF,
}
_TRANSFORMS = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class Form:
    """A media type, and what the objects are turned into (``Table``, ``PartialObjectMetadata`` or nothing)."""

    media_type: str = JSON
    transform: str = ""
    stream: bool = False


def forms(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the clauses of an Accept header in the client's order: media type and parameters."""
    for clause in (accept or "*/*").split(","):
        media_type, *parameters = (part.strip() for part in clause.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        yield media_type, {key.strip(): value.strip() for key, _, value in pairs}


def negotiate(accept: str, *, transforms: bool = True, protobuf: bool = True) -> Form:
    """Return the first form that can be served; raises ``ApiError`` 406 when there is none."""
    for media_type, parameters in forms(accept):
        found = _TYPES.get(media_type)
        transform = parameters.get("as", "")
        if found is None or (transform and not (transforms and _known(transform, parameters))):
            continue
        if found == PROTOBUF and (transform or not protobuf):
            continue
        return Form(found, transform, parameters.get("stream") == "watch")
    raise not_acceptable((JSON, YAML, PROTOBUF))


def _known(transform: str, parameters: dict[str, str]) -> bool:
    return transform in _TRANSFORMS and parameters.get("g") == "meta.k8s.io" and parameters.get("v") == "v1"


def not_acceptable(offered: tuple[str, ...]) -> ApiError:
    """406: none of the accepted types is served."""
    listed = ", ".join(offered)
    message = f"only the following media types are accepted: {listed}"
    return failure(406, "NotAcceptable", message, {})
