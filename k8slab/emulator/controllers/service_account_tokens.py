"""Secrets of type kubernetes.io/service-account-token: filled for their account, gone with it.

Source: pkg/controller/serviceaccount/tokens_controller.go.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from k8slab.emulator.api import DeleteOptions, Preconditions
from k8slab.emulator.machinery.controller import DONE, Desk, ObjectKey, Result, Route, Watch
from k8slab.emulator.machinery.informer import Informer
from k8slab.kube.objects import Obj, annotations_of, is_deleting, key_of, name_of, namespace_of, uid_of
from k8slab.kube.resources import SECRETS, SERVICE_ACCOUNTS

KIND = "kubernetes.io/service-account-token"
_NAME, _UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
# The longest life that a token can have: these tokens end with their Secret.
_SECONDS = 1 << 32


class TokenController:
    """Keeps token, certificate authority and namespace in each such Secret."""

    name = "serviceaccount-token-controller"
    workers = 1

    def __init__(self, desk: Desk, root_ca: str) -> None:
        self._api = desk.api
        self._root_ca = root_ca
        self._secrets = desk.informer(SECRETS)
        self._accounts = desk.informer(SERVICE_ACCOUNTS)

    def watches(self) -> Sequence[Watch]:
        """React to such Secrets and to their accounts."""
        return (Watch(SECRETS, _token_secret), Watch(SERVICE_ACCOUNTS, _secrets_of_account(self._secrets)))

    async def sync(self, key: ObjectKey) -> Result:
        """Fill one Secret, or delete it when its account is gone or another one."""
        secret = self._secrets.get(key.namespace, key.name)
        if secret is None or is_deleting(secret) or secret.get("type") != KIND:
            return DONE
        notes = annotations_of(secret)
        account = self._accounts.get(key.namespace, notes.get(_NAME, ""))
        if account is None or notes.get(_UID, uid_of(account)) != uid_of(account):
            options = DeleteOptions(preconditions=Preconditions(uid_of(secret)))
            await self._api.delete(SECRETS, key.namespace, key.name, options)
        elif not _is_filled(secret):
            await self._fill(secret, account)
        return DONE

    async def _fill(self, secret: Obj, account: Obj) -> None:
        bound = {"kind": "Secret", "apiVersion": "v1", "name": name_of(secret), "uid": uid_of(secret)}
        request = {
            "metadata": {"namespace": namespace_of(account)},
            "spec": {"boundObjectRef": bound, "expirationSeconds": _SECONDS},
        }
        made = await self._api.create(SERVICE_ACCOUNTS, request, subresource="token", name=name_of(account))
        texts = {"ca.crt": self._root_ca, "namespace": namespace_of(account), "token": made["status"]["token"]}
        data = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
        notes = {**annotations_of(secret), _UID: uid_of(account)}
        meta = {**secret["metadata"], "annotations": notes}
        await self._api.update(SECRETS, {**secret, "metadata": meta, "data": {**(secret.get("data") or {}), **data}})


def _is_filled(secret: Obj) -> bool:
    return {"ca.crt", "namespace", "token"} <= set(secret.get("data") or {}) and _UID in annotations_of(secret)


def _token_secret(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:  # noqa: ARG001 - a Route
    if after is not None and after.get("type") == KIND:
        yield key_of(after)


def _secrets_of_account(secrets: Informer) -> Route:
    def route(before: Obj | None, after: Obj | None) -> Iterable[ObjectKey]:
        for account in (before, after):
            for secret in secrets.objects() if account is not None else ():
                named = annotations_of(secret).get(_NAME)
                if account and secret.get("type") == KIND and namespace_of(secret) == namespace_of(account):
                    yield from (key_of(secret),) if named == name_of(account) else ()

    return route
