"""``kubectl --as``: asking in somebody else's name (k8s.io/apiserver/pkg/endpoints/filters/impersonation.go)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from multidict import CIMultiDictProxy

from k8slab.emulator.api import Caller
from k8slab.emulator.apiserver.authentication import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer
from k8slab.kube.rbac import Attributes
from k8slab.kube.status import failure

Headers = CIMultiDictProxy[str]
_EXTRA = "impersonate-extra-"
_ACCOUNT = "system:serviceaccount:"
_AUTHENTICATION = "authentication.k8s.io"


def impersonated(authorizer: Authorizer, caller: Caller, headers: Headers, path: str) -> Caller:
    """Return the user that the headers name, or the caller; raises ``ApiError`` when the caller may not be them."""
    user, groups = headers.get("Impersonate-User", ""), headers.getall("Impersonate-Group", [])
    uid, extra = headers.get("Impersonate-Uid", ""), _extra(headers)
    if not user:
        if groups or uid or extra:
            asked = " ".join(_references(groups, uid, extra))
            text = f'Internal Server Error: "{path}": requested [{asked}] without impersonating a user'
            raise failure(500, "InternalError", text)
        return caller
    for wanted in _wanted(user, groups, uid, extra):
        authorizer.demand(caller, wanted)
    return Caller(user, _all_groups(user, tuple(groups)), uid, extra)


def _references(groups: list[str], uid: str, extra: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield what Go prints of each v1.ObjectReference that stands for a header."""
    yield from (f"{{Group  {group}    }}" for group in groups)
    for key, values in extra.items():
        yield from (f"{{UserExtra  {value}  {_AUTHENTICATION}/v1  {key}}}" for value in values)
    if uid:
        yield f"{{UID  {uid}  {_AUTHENTICATION}/v1  }}"


def _extra(headers: Headers) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in headers.items():
        if name.lower().startswith(_EXTRA):
            key = unquote(name.lower().removeprefix(_EXTRA))
            found[key] = (*found.get(key, ()), value)
    return found


def _account(user: str) -> tuple[str, str] | None:
    namespace, colon, name = user.removeprefix(_ACCOUNT).partition(":")
    return (namespace, name) if user.startswith(_ACCOUNT) and colon and namespace and name else None


def _wanted(user: str, groups: list[str], uid: str, extra: Mapping[str, tuple[str, ...]]) -> Iterator[Attributes]:
    account = _account(user)
    if account:
        yield Attributes("impersonate", resource="serviceaccounts", namespace=account[0], name=account[1])
    else:
        yield Attributes("impersonate", resource="users", name=user)
    for group in groups:
        yield Attributes("impersonate", resource="groups", name=group)
    for key, values in extra.items():
        for value in values:
            yield Attributes("impersonate", _AUTHENTICATION, "userextras", key, name=value)
    if uid:
        yield Attributes("impersonate", _AUTHENTICATION, "uids", name=uid)


def _all_groups(user: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    account = _account(user)
    if account and not groups:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{account[0]}")
    if user == ANONYMOUS:
        return groups if UNAUTHENTICATED in groups else (*groups, UNAUTHENTICATED)
    return groups if {AUTHENTICATED, UNAUTHENTICATED} & set(groups) else (*groups, AUTHENTICATED)
