"""Asks the webhooks about a write: first those that change it, then those that judge it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from k8slab.clock import Entropy
from k8slab.emulator.api import Caller, Dialer, NoSuchHostError
from k8slab.emulator.apiserver.webhooks.calling import WebhookCallError, call
from k8slab.emulator.apiserver.webhooks.matching import Attempt, concerns, review_of
from k8slab.emulator.registry.registry import Registry
from k8slab.kube.objects import Obj, dig, labels_of, name_of
from k8slab.kube.patch.json_patch import json_patch
from k8slab.kube.resources import MUTATING_WEBHOOKS, NAMESPACES, VALIDATING_WEBHOOKS, Resource
from k8slab.kube.status import failure, internal_error

_OURS = frozenset({MUTATING_WEBHOOKS.qualified_name, VALIDATING_WEBHOOKS.qualified_name})


class WebhookAdmission:
    """Raises ``ApiError`` for what a webhook denies or, with failurePolicy Fail, does not answer."""

    def __init__(self, registry: Registry, dialer: Dialer, entropy: Entropy) -> None:
        self._registry = registry
        self._dialer = dialer
        self._entropy = entropy

    def wanted(self, resource: Resource) -> bool:
        """Tell whether there is any webhook at all; configurations of webhooks themselves are never shown to one."""
        return resource.qualified_name not in _OURS and any(True for kind in _KINDS for _ in self._webhooks(kind))

    def _webhooks(self, kind: Resource) -> Iterator[Obj]:
        for entry in sorted((entry.decode() for entry in self._registry.list(kind).entries), key=name_of):
            yield from entry.get("webhooks") or []

    async def mutate(self, attempt: Attempt, caller: Caller, warnings: list[str]) -> Attempt:
        """Return the attempt as the mutating webhooks changed it."""
        for webhook in self._concerned(MUTATING_WEBHOOKS, attempt):
            response = await self._ask(webhook, attempt, caller, warnings)
            if response.get("patch") and attempt.new is not None:
                patch = json.loads(base64.b64decode(response["patch"]))
                changed: Any = json_patch(attempt.new, patch)
                attempt = replace(attempt, new=changed)
        return attempt

    async def validate(self, attempt: Attempt, caller: Caller, warnings: list[str]) -> None:
        """Ask the validating webhooks."""
        for webhook in self._concerned(VALIDATING_WEBHOOKS, attempt):
            await self._ask(webhook, attempt, caller, warnings)

    def _concerned(self, kind: Resource, attempt: Attempt) -> list[Obj]:
        labels = None
        if attempt.resource.namespaced or attempt.resource == NAMESPACES:
            name = attempt.namespace if attempt.resource.namespaced else attempt.name
            labels = labels_of(self._registry.lookup("Namespace", "", name) or {"metadata": {}})
        return [webhook for webhook in self._webhooks(kind) if concerns(webhook, attempt, labels)]

    async def _ask(self, webhook: Obj, attempt: Attempt, caller: Caller, warnings: list[str]) -> Obj:
        name = webhook["name"]
        if attempt.dry_run and webhook.get("sideEffects") not in ("None", "NoneOnDryRun"):
            raise failure(400, "BadRequest", f'admission webhook "{name}" does not support dry run')
        review = review_of(attempt, self._entropy.uid(), caller.name, caller.groups)
        try:
            response = await self._called(webhook, review)
        except WebhookCallError as error:
            if webhook.get("failurePolicy") == "Ignore":
                return {}
            raise internal_error(f'failed calling webhook "{name}": failed to call webhook: {error}') from error
        warnings += [str(text) for text in response.get("warnings") or []]
        if not response.get("allowed"):
            raise _denied(name, response.get("status") or {})
        return response

    async def _called(self, webhook: Obj, review: Obj) -> Obj:
        service = dig(webhook, "clientConfig", "service")
        address = ""
        if service is not None:
            found = self._registry.lookup("Service", service["namespace"], service["name"])
            if found is None:
                raise WebhookCallError(f'service "{service["name"]}" not found')
            address = f"{dig(found, 'spec', 'clusterIP')}:{service.get('port', 443)}"
        try:
            return await call(self._dialer, webhook, address, review)
        except NoSuchHostError as error:
            raise WebhookCallError(str(error)) from error


_KINDS = (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS)


def _denied(name: str, status: Obj) -> Exception:
    told = f'admission webhook "{name}" denied the request'
    reason = str(status.get("message") or status.get("reason") or "")
    text = f"{told}: {reason}" if reason else f"{told} without explanation"
    code = int(status.get("code") or 400)
    return failure(code, str(status.get("reason") or ("Forbidden" if code == 403 else "BadRequest")), text)  # noqa: PLR2004
