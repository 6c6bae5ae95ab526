"""Asks the webhooks about a write: first those that change it, then those that judge it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from k8slab.clock import Entropy
from k8slab.emulator.api import Caller, Dialer
from k8slab.emulator.apiserver.callers import user_info
from k8slab.emulator.apiserver.webhooks.calling import NoServiceError, WebhookCallError, call
from k8slab.emulator.apiserver.webhooks.conditions import meets_conditions
from k8slab.emulator.apiserver.webhooks.matching import Attempt, concerns, review_of
from k8slab.emulator.registry.registry import Registry
from k8slab.kube.objects import Obj, dig, labels_of, name_of
from k8slab.kube.patch import PatchError
from k8slab.kube.patch.json_patch import json_patch
from k8slab.kube.resources import MUTATING_WEBHOOKS, NAMESPACES, VALIDATING_WEBHOOKS, Resource
from k8slab.kube.status import ApiError, failure, internal_error

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
        """Return the attempt as the mutating webhooks changed it.

        A webhook with reinvocationPolicy IfNeeded is asked once more when a later one changed the object.
        """
        again: list[Obj] = []
        asked: list[Obj] = []
        for webhook in self._webhooks(MUTATING_WEBHOOKS):
            if not self._concerns(webhook, attempt, caller):
                continue
            changed = await self._changed(webhook, attempt, caller, warnings)
            if changed is not attempt:
                again += [one for one in asked if one not in again]
            if webhook.get("reinvocationPolicy") == "IfNeeded":
                asked.append(webhook)
            attempt = changed
        for webhook in again:
            if self._concerns(webhook, attempt, caller):
                attempt = await self._changed(webhook, attempt, caller, warnings)
        return attempt

    async def _changed(self, webhook: Obj, attempt: Attempt, caller: Caller, warnings: list[str]) -> Attempt:
        response = await self._ask(webhook, attempt, caller, warnings, mutating=True)
        if not response.get("patch"):
            return attempt
        name = webhook["name"]
        if attempt.new is None:
            text = (
                f'admission webhook "{name}" attempted to modify the object, which is not supported for this operation'
            )
            raise internal_error(text)
        try:
            patch = json.loads(base64.b64decode(response["patch"]))
            made: Any = json_patch(attempt.new, patch)
        except PatchError as error:
            raise internal_error(str(error)) from error
        except ValueError as error:
            text = f'failed calling webhook "{name}": received undecodable patch in webhook response: {error}'
            raise internal_error(text) from error
        return attempt if made == attempt.new else replace(attempt, new=made)

    async def validate(self, attempt: Attempt, caller: Caller, warnings: list[str]) -> None:
        """Ask the validating webhooks, all at once; the first refusal counts."""
        known = self._webhooks(VALIDATING_WEBHOOKS)
        concerned = [webhook for webhook in known if self._concerns(webhook, attempt, caller)]
        told: list[list[str]] = [[] for _ in concerned]
        asked = [
            self._ask(webhook, attempt, caller, texts, mutating=False)
            for webhook, texts in zip(concerned, told, strict=True)
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        warnings += [text for texts in told for text in texts]
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    def _concerns(self, webhook: Obj, attempt: Attempt, caller: Caller) -> bool:
        labels = None
        if attempt.resource.namespaced or attempt.resource == NAMESPACES:
            name = attempt.namespace if attempt.resource.namespaced else attempt.name
            found = self._registry.lookup("Namespace", "", name)
            own = attempt.new if attempt.resource == NAMESPACES else None
            labels = labels_of(found or own or {"metadata": {}})
        return concerns(webhook, attempt, labels) and meets_conditions(webhook, attempt, user_info(caller))

    async def _ask(self, webhook: Obj, attempt: Attempt, caller: Caller, warnings: list[str], *, mutating: bool) -> Obj:
        name = webhook["name"]
        if attempt.dry_run and webhook.get("sideEffects") not in ("None", "NoneOnDryRun"):
            raise failure(400, "BadRequest", f'admission webhook "{name}" does not support dry run')
        review = review_of(attempt, self._entropy.uid(), user_info(caller))
        try:
            response = await call(self._dialer, webhook, self._locate, review, mutating=mutating)
        except WebhookCallError as error:
            if webhook.get("failurePolicy") == "Ignore":
                return {}
            raise internal_error(f'failed calling webhook "{name}": {error}') from error
        warnings += [str(text) for text in response.get("warnings") or []]
        if not response.get("allowed"):
            raise _denied(name, response.get("status") or {})
        return response

    def _locate(self, service: Obj) -> str:
        """Return the address of a webhook's Service (k8s.io/apiserver/pkg/util/webhook/serviceresolver)."""
        name, port = service["name"], service.get("port", 443)
        found = self._registry.lookup("Service", service["namespace"], name)
        if found is None:
            raise NoServiceError(f'service "{name}" not found')
        if not any(entry.get("port") == port for entry in dig(found, "spec", "ports", default=[])):
            raise NoServiceError(f'no service port {port} found for service "{name}"')
        return f"{dig(found, 'spec', 'clusterIP')}:{port}"


_KINDS = (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS)


def _denied(name: str, status: Obj) -> ApiError:
    """Return a refusal: the webhook's own Status, with its name before its words (webhook/errors/statuserror.go)."""
    told = f'admission webhook "{name}" denied the request'
    reason = str(status.get("message") or status.get("reason") or "")
    found: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, **status, "status": "Failure"}
    found["message"] = f"{told}: {reason}" if reason else f"{told} without explanation"
    found["code"] = max(int(status.get("code") or 0), 400)
    return ApiError(found)
