"""ServiceAccount tokens: signed by the cluster's own key, bound to the account and, where asked, to a pod or secret.

Claims: k8s.io/kubernetes/pkg/serviceaccount; limits: pkg/registry/core/serviceaccount/storage/token.go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from k8slab.clock import Clock, Entropy, timestamp
from k8slab.emulator.api import Caller
from k8slab.kube.objects import Obj, dig, name_of, namespace_of, uid_of
from k8slab.kube.status import INVALID, ApiError, FieldError, invalid

ISSUER = "https://kubernetes.default.svc.cluster.local"
_ALGORITHM = "ES256"
_SHORTEST, _LONGEST, _USUAL = 600, 1 << 32, 3600
_CLAIM = "kubernetes.io"
_EXTRA = "authentication.kubernetes.io/"

# Returns an object by (kind, namespace, name), or None.
Lookup = Callable[[str, str, str], Obj | None]


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Signs and reads tokens. ``key`` returns the private key as PEM (made when it is first asked for)."""

    key: Callable[[], bytes]
    clock: Clock
    entropy: Entropy

    def issue(self, account: Obj, request: Obj, lookup: Lookup) -> Obj:
        """Return the TokenRequest with its token; raises ``ApiError`` 422."""
        import jwt  # noqa: PLC0415 - with cryptography behind it, 60 ms that only a token needs

        spec = request.get("spec") or {}
        seconds = _checked_seconds(spec)
        audiences = list(spec.get("audiences") or [ISSUER])
        now = self.clock.now()
        expires = now + dt.timedelta(seconds=seconds)
        claims = {
            "aud": audiences, "exp": int(expires.timestamp()), "iat": int(now.timestamp()), "iss": ISSUER,
            "jti": self.entropy.uid(), _CLAIM: _private_claims(account, spec.get("boundObjectRef"), lookup),
            "nbf": int(now.timestamp()), "sub": f"system:serviceaccount:{namespace_of(account)}:{name_of(account)}",
        }  # fmt: skip
        token = jwt.encode(claims, self.key(), algorithm=_ALGORITHM)
        filled = {**spec, "audiences": audiences, "expirationSeconds": seconds}
        filled.setdefault("boundObjectRef", None)
        return {
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": name_of(account), "namespace": namespace_of(account),
                         "uid": self.entropy.uid(), "creationTimestamp": timestamp(now)},
            "spec": filled, "status": {"token": token, "expirationTimestamp": timestamp(expires)},
        }  # fmt: skip

    def caller(self, token: str, lookup: Lookup) -> Caller | None:
        """Return whose token this is; None when it is not ours, is over, or its account or pod is gone."""
        import jwt  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

        public: Any = load_pem_private_key(self.key(), None).public_key()
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims = jwt.decode(token, public, [_ALGORITHM], options=options, audience=ISSUER, issuer=ISSUER)
        except jwt.InvalidTokenError:
            return None
        now = self.clock.now().timestamp()
        private = claims.get(_CLAIM) or {}
        if not claims["nbf"] <= now < claims["exp"] or not _still_there(private, lookup):
            return None
        return _caller(private, str(claims.get("jti", "")))


def _checked_seconds(spec: Obj) -> int:
    seconds = int(spec["expirationSeconds"]) if spec.get("expirationSeconds") is not None else _USUAL
    path = "spec.expirationSeconds"
    if seconds < _SHORTEST:
        raise _invalid(path, seconds, "may not specify a duration less than 10 minutes")
    if seconds > _LONGEST:
        raise _invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")
    return seconds


def _invalid(path: str, value: int, text: str) -> ApiError:
    return invalid("authentication.k8s.io", "TokenRequest", "", [FieldError(INVALID, path, value, text)])


def _private_claims(account: Obj, reference: Obj | None, lookup: Lookup) -> Obj:
    claims: Obj = {"namespace": namespace_of(account)}
    if reference:
        kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
        bound = lookup(kind, namespace_of(account), name)
        if bound is not None:
            claims[kind.lower()] = {"name": name, "uid": uid_of(bound)}
            node = dig(bound, "spec", "nodeName") if kind == "Pod" else None
            found = lookup("Node", "", node) if node else None
            if found is not None:
                claims["node"] = {"name": node, "uid": uid_of(found)}
    return {**claims, "serviceaccount": {"name": name_of(account), "uid": uid_of(account)}}


def _still_there(private: Obj, lookup: Lookup) -> bool:
    namespace = str(private.get("namespace", ""))
    for claim, kind in (("serviceaccount", "ServiceAccount"), ("pod", "Pod"), ("secret", "Secret")):
        named = private.get(claim)
        found = lookup(kind, namespace, str(named.get("name", ""))) if named else None
        if named and (found is None or uid_of(found) != named.get("uid")):
            return False
    return "serviceaccount" in private


def account_caller(namespace: str, name: str, uid: str, extra: Mapping[str, tuple[str, ...]]) -> Caller:
    """Return a ServiceAccount as a user."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return Caller(f"system:serviceaccount:{namespace}:{name}", groups, uid, extra)


def _caller(private: Obj, token_id: str) -> Caller:
    account = private["serviceaccount"]
    extra = {f"{_EXTRA}credential-id": (f"JTI={token_id}",)}
    for claim in ("node", "pod"):
        bound = private.get(claim)
        if bound:
            extra |= {f"{_EXTRA}{claim}-{field}": (str(bound[field]),) for field in ("name", "uid")}
    return account_caller(private["namespace"], account["name"], str(account.get("uid", "")), extra)
