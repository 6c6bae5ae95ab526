"""``Status`` errors in Kubernetes' own words (k8s.io/apimachinery/pkg/api/errors)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from k8slab.errors import K8slabError
from k8slab.kube.objects import Obj


class ApiError(K8slabError):
    """An answer of the API that is not a success; ``status`` is the ``Status`` object it carries."""

    def __init__(self, status: Obj) -> None:
        super().__init__(str(status.get("message", "")))
        self.status = status

    @property
    def code(self) -> int:
        """Return the HTTP status code."""
        return int(self.status.get("code", 500))

    @property
    def reason(self) -> str:
        """Return the machine-readable reason, such as ``NotFound``."""
        return str(self.status.get("reason", ""))


# The value of an error that shows none (field.OmitValueType).
OMITTED = object()


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field (k8s.io/apimachinery/pkg/util/validation/field.Error).

    ``kind`` is the text that stands after the path: ``Required value``, ``Invalid value``, ...
    ``value`` is shown as Go prints it; ``detail`` explains.
    """

    kind: str
    path: str
    value: Any = None
    detail: str = ""

    @property
    def reason(self) -> str:
        """Return the cause's reason, such as ``FieldValueInvalid``."""
        return _CAUSES[self.kind]

    @property
    def body(self) -> str:
        """Return the message without the path (what ``details.causes`` carries)."""
        bare = self.kind in _WITHOUT_VALUE or self._is_uncounted or self.value is OMITTED
        shown = self.kind if bare else f"{self.kind}: {go_value(self.value)}"
        return f"{shown}: {self.detail}" if self.detail else shown

    @property
    def _is_uncounted(self) -> bool:
        return self.kind == TOO_MANY and self.value is None

    def __str__(self) -> str:
        return f"{self.path}: {self.body}"


REQUIRED = "Required value"
INVALID = "Invalid value"
NOT_SUPPORTED = "Unsupported value"
DUPLICATE = "Duplicate value"
FORBIDDEN = "Forbidden"
TOO_LONG = "Too long"
TOO_MANY = "Too many"
NOT_FOUND = "Not found"
TYPE_INVALID = "Invalid value type"
INTERNAL = "Internal error"

_WITHOUT_VALUE = frozenset({REQUIRED, FORBIDDEN, TOO_LONG, INTERNAL})
_CAUSES = {
    REQUIRED: "FieldValueRequired",
    INVALID: "FieldValueInvalid",
    NOT_SUPPORTED: "FieldValueNotSupported",
    DUPLICATE: "FieldValueDuplicate",
    FORBIDDEN: "FieldValueForbidden",
    TOO_LONG: "FieldValueTooLong",
    TOO_MANY: "FieldValueTooMany",
    NOT_FOUND: "FieldValueNotFound",
    TYPE_INVALID: "FieldValueTypeInvalid",
    INTERNAL: "InternalError",
}


def go_value(value: Any) -> str:
    """Return a value as field errors print it: texts quoted, objects as JSON."""
    if value is None:
        return "null"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def failure(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> ApiError:
    """Return an error with a ``Status`` of that code, reason and message."""
    status: Obj = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details,
        "code": code,
    }
    return ApiError({key: value for key, value in status.items() if value is not None and value != ""})


def _details(group: str, kind: str, name: str) -> dict[str, Any]:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", kind)) if value}


def _qualified(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural


def not_found(group: str, plural: str, name: str) -> ApiError:
    """404: the object does not exist."""
    message = f'{_qualified(group, plural)} "{name}" not found'
    return failure(404, "NotFound", message, _details(group, plural, name))


def already_exists(group: str, plural: str, name: str) -> ApiError:
    """409: an object of that name exists."""
    message = f'{_qualified(group, plural)} "{name}" already exists'
    return failure(409, "AlreadyExists", message, _details(group, plural, name))


def conflict(group: str, plural: str, name: str, cause: str) -> ApiError:
    """409: the object changed since it was read, or a precondition failed."""
    message = f'Operation cannot be fulfilled on {_qualified(group, plural)} "{name}": {cause}'
    return failure(409, "Conflict", message, _details(group, plural, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def invalid(group: str, kind: str, name: str, errors: Sequence[FieldError]) -> ApiError:
    """422: fields are wrong; one cause for each, the message lists them all."""
    texts = list(dict.fromkeys(str(error) for error in errors))
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    qualified = f"{kind}.{group}" if group else kind
    details = _details(group, kind, name)
    details["causes"] = [{"reason": error.reason, "message": error.body, "field": error.path} for error in errors]
    return failure(422, "Invalid", f'{qualified} "{name}" is invalid: {listed}', details)


def invalid_patched(patched: str, cause: str) -> ApiError:
    """422: a patch makes an object that its type does not allow; ``patched`` is its JSON."""
    error = FieldError(INVALID, "patch", patched, cause)
    return failure(422, "Invalid", f' "" is invalid: {error}', {"causes": [
        {"reason": error.reason, "message": error.body, "field": error.path}
    ]})  # fmt: skip


def bad_request(message: str) -> ApiError:
    """400: the request cannot be understood."""
    return failure(400, "BadRequest", message)


def forbidden(group: str, plural: str, name: str, cause: str) -> ApiError:
    """403: the user may not do this, or admission says no."""
    subject = f'{_qualified(group, plural)} "{name}"' if name else _qualified(group, plural)
    return failure(403, "Forbidden", f"{subject} is forbidden: {cause}", _details(group, plural, name))


def unauthorized() -> ApiError:
    """401: no valid credentials."""
    return failure(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    """405: the resource does not know this verb."""
    message = "the server does not allow this method on the requested resource"
    return failure(405, "MethodNotAllowed", message, {})


def gone(message: str) -> ApiError:
    """410: the revision is older than the log."""
    return failure(410, "Expired", message)


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """415: the body has a type that this verb does not take."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return failure(415, "UnsupportedMediaType", message)


def internal_error(message: str) -> ApiError:
    """500: the server failed."""
    details = {"causes": [{"message": message}]}
    return failure(500, "InternalError", f"Internal error occurred: {message}", details)
