"""Who asks: a client certificate of the cluster's own CA, a bearer token, or nobody in particular."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from k8slab.emulator.api import Caller
from k8slab.kube.status import unauthorized

AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
ANONYMOUS = "system:anonymous"
_CREDENTIAL = "authentication.kubernetes.io/credential-id"


class Authenticator:
    """Knows bearer tokens, and through ``of_account`` those of ServiceAccounts; TLS has verified certificates."""

    def __init__(
        self, tokens: Mapping[str, Caller], of_account: Callable[[str], Caller | None] = lambda _token: None
    ) -> None:
        self._tokens = dict(tokens)
        self._of_account = of_account

    def caller(self, request: web.Request) -> Caller:
        """Return who sent the request; without credentials the anonymous user. Raises ``ApiError`` 401 for wrong ones.

        A certificate goes before a token, as in the order of k8s.io/apiserver's authenticators.
        """
        certified = _of_certificate(request)
        if certified is not None:
            return certified
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return Caller(ANONYMOUS, (UNAUTHENTICATED,))
        found = self.of_token(token.strip())
        if found is None:
            raise unauthorized()
        return found

    def of_token(self, token: str) -> Caller | None:
        """Return whose token it is, or None."""
        for known, caller in self._tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return caller
        return self._of_account(token)


def _of_certificate(request: web.Request) -> Caller | None:
    transport = request.transport
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object") if transport else None
    certificate = connection.getpeercert() if connection else None
    if not certificate:
        return None
    # k8s.io/apiserver/pkg/authentication/request/x509: the common name is the user, organizations are groups.
    subject = [pair for part in _parts(certificate) for pair in part]
    name = next((value for key, value in subject if key == "commonName"), "")
    groups = tuple(value for key, value in subject if key == "organizationName")
    der = connection.getpeercert(binary_form=True) if connection else None
    extra = {_CREDENTIAL: (f"X509SHA256={hashlib.sha256(der or b'').hexdigest()}",)}
    return Caller(name, (*groups, AUTHENTICATED), extra=extra) if name else None


def _parts(certificate: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    found: tuple[tuple[tuple[str, str], ...], ...] = certificate.get("subject", ())
    return found
