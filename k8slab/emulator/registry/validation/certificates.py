"""Rules of CertificateSigningRequests (pkg/apis/certificates/validation)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from k8slab.emulator.registry.validation.values import one_of
from k8slab.kube.objects import Obj, dig
from k8slab.kube.status import DUPLICATE, FORBIDDEN, INVALID, REQUIRED, FieldError

_USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip
_SHORTEST = 600
_DECIDED = ("Approved", "Denied")
_LEGACY = "kubernetes.io/legacy-unknown"


def validate_signing_request(obj: Obj) -> Iterator[FieldError]:
    """Yield what is wrong with a request."""
    spec = obj.get("spec") or {}
    problem = _request_problem(str(spec.get("request") or ""))
    if problem:
        yield FieldError(INVALID, "spec.request", spec.get("request"), problem)
    usages = spec.get("usages") or []
    if not usages:
        yield FieldError(REQUIRED, "spec.usages")
    for index, usage in enumerate(usages):
        yield from one_of(f"spec.usages[{index}]", usage, _USAGES)
        if usage in usages[:index]:
            yield FieldError(DUPLICATE, f"spec.usages[{index}]", usage)
    yield from _signer(str(spec.get("signerName") or ""))
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < _SHORTEST:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        yield FieldError(INVALID, "spec.expirationSeconds", seconds, detail)
    yield from _conditions(dig(obj, "status", "conditions", default=[]))


def _request_problem(text: str) -> str:
    """Return why a text is no signed request in PEM; empty when it is one."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        data = b""
    if b"-----BEGIN CERTIFICATE REQUEST-----" not in data and b"-----BEGIN NEW CERTIFICATE REQUEST-----" not in data:
        return "PEM block type must be CERTIFICATE REQUEST"
    from cryptography import x509  # noqa: PLC0415 - 60 ms that a start need not wait for

    try:
        request = x509.load_pem_x509_csr(data)
    except ValueError as error:
        return str(error)
    return "" if request.is_signature_valid else "x509: signature algorithm or signature of the request is wrong"


def _signer(name: str) -> Iterator[FieldError]:
    path = "spec.signerName"
    if not name:
        yield FieldError(REQUIRED, path)
    elif name == _LEGACY:
        yield FieldError(INVALID, path, name, "the legacy signerName is not allowed via this API version")
    elif not re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", name):
        yield FieldError(
            INVALID, path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        )


def _conditions(conditions: list[Obj]) -> Iterator[FieldError]:
    kinds = [str(entry.get("type", "")) for entry in conditions]
    for index, entry in enumerate(conditions):
        path = f"status.conditions[{index}]"
        if not kinds[index]:
            yield FieldError(REQUIRED, f"{path}.type")
        allowed = ("True",) if kinds[index] in (*_DECIDED, "Failed") else ("False", "True", "Unknown")
        if not entry.get("status"):
            yield FieldError(REQUIRED, f"{path}.status")
        else:
            yield from one_of(f"{path}.status", entry["status"], allowed)
        if kinds[index] in _DECIDED and set(_DECIDED) <= set(kinds[: index + 1]):
            detail = "Approved and Denied conditions are mutually exclusive"
            yield FieldError(INVALID, "status.conditions", kinds[index], detail)
        if kinds[index] in kinds[:index]:
            yield FieldError(DUPLICATE, f"{path}.type", kinds[index])


def keep_request(new: Obj, old: Obj) -> None:
    """Leave the request as it was: only its subresources change it."""
    new["spec"] = old["spec"]


def decided(old: Obj, new: Obj) -> Obj:
    """Return a request with the conditions of another version of it."""
    conditions = [
        {**entry, "lastTransitionTime": entry.get("lastTransitionTime") or entry.get("lastUpdateTime")}
        for entry in dig(new, "status", "conditions", default=[])
    ]
    return {**old, "status": {**(old.get("status") or {}), "conditions": conditions}}


def validate_decision(new: Obj, old: Obj) -> Iterator[FieldError]:
    """Yield errors for an answer that is taken back."""
    kinds = {str(entry.get("type")) for entry in dig(new, "status", "conditions", default=[])}
    for entry in dig(old, "status", "conditions", default=[]):
        if entry.get("type") not in kinds:
            detail = f'updates may not remove a condition of type "{entry.get("type")}"'
            yield FieldError(FORBIDDEN, "status.conditions", detail=detail)
