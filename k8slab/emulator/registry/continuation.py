"""Continue tokens: where a paginated list goes on (k8s.io/apiserver/pkg/storage/continue.go)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import orjson

from k8slab.kube.status import ApiError, bad_request, failure

_INVALID = "continue key is not valid"
_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Continuation:
    """The revision a list is read at (-1: whatever is newest) and the key of the last object it gave."""

    revision: int
    after: str

    def encode(self) -> str:
        """Return the token of ``metadata.continue``."""
        body = {"v": "meta.k8s.io/v1", "rv": self.revision, "start": self.after}
        return base64.urlsafe_b64encode(orjson.dumps(body)).rstrip(b"=").decode()


def decode_continuation(token: str) -> Continuation:
    """Read a token; raises ``ApiError`` (400)."""
    try:
        padded = token + "=" * (-len(token) % 4)
        body = orjson.loads(base64.urlsafe_b64decode(padded))
        return Continuation(int(body["rv"]), str(body["start"]))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise bad_request(f"{_INVALID}: {error}") from error


def continuation_expired(after: str) -> ApiError:
    """410: the log no longer reaches back; the token inside goes on without consistency."""
    error = failure(410, "Expired", _EXPIRED)
    error.status["metadata"] = {"continue": Continuation(-1, after).encode()}
    return error
