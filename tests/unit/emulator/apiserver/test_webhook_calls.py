"""Webhooks answer over real TLS; what comes of their answers is worded as the API server does."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.api import Caller, Dialer
from k8slab.emulator.apiserver.webhooks.admission import WebhookAdmission
from k8slab.emulator.apiserver.webhooks.matching import Attempt
from k8slab.emulator.ingress.certgen import _certificates
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store
from k8slab.kube.resources import (
    CONFIG_MAPS,
    MUTATING_WEBHOOKS,
    NAMESPACES,
    SERVICES,
    VALIDATING_WEBHOOKS,
    Catalog,
    Resource,
)
from k8slab.kube.schema import Schema
from k8slab.kube.status import ApiError

Obj = dict[str, Any]
JANE = Caller("jane", ("devs",), extra={"a": ("b",)})
RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}


class NoDialer:
    async def route(self, *_parts: object) -> None:
        raise AssertionError("no Service is called here")


class Hook:
    """A webhook on loopback: ``answers`` maps a path to (status, body of the request's review)."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Obj], tuple[int, Any]]] = {}
        self.asked: list[Obj] = []
        self.url = ""
        self.bundle = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")
        )
        review = json.loads(await reader.readexactly(length))
        self.asked.append(review["request"])
        status, body = self.answers[head.split(" ")[1].partition("?")[0]](review)
        data = json.dumps(body).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
        writer.close()


@pytest.fixture
async def hook(tmp_path: Path) -> AsyncIterator[Hook]:
    made = Hook()
    parts = _certificates(["localhost"], dt.datetime.now(dt.UTC))
    (tmp_path / "both.pem").write_bytes(parts["cert"] + parts["key"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "both.pem")
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    made.bundle = base64.b64encode(parts["ca"]).decode()
    yield made
    server.close()


@pytest.fixture
async def registry() -> Registry:
    made = Registry(Store(), Catalog(), Schema.load(), ManualClock(), Entropy(1))
    await made.create(NAMESPACES, "", {"metadata": {"name": "shop"}})
    ports = [{"name": "a", "port": 443, "protocol": "TCP", "targetPort": 443}]
    await made.create(
        SERVICES, "shop", {"metadata": {"name": "hook"}, "spec": {"ports": ports, "clusterIP": "10.96.0.9"}}
    )
    return made


def admission(registry: Registry) -> WebhookAdmission:
    dialer: Any = NoDialer()
    found: Dialer = dialer
    return WebhookAdmission(registry, found, Entropy(2))


async def configure(registry: Registry, resource: Resource, *webhooks: Obj) -> None:
    usual = {"admissionReviewVersions": ["v1"], "sideEffects": "None", "rules": [RULE]}
    entries = [usual | {"name": f"w{number}.example.com"} | webhook for number, webhook in enumerate(webhooks)]
    await registry.create(resource, "", {"metadata": {"name": "hooks"}, "webhooks": entries})


def attempt(**changes: Any) -> Attempt:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}, "data": {}}
    return Attempt(CONFIG_MAPS, "shop", "a", "", "CREATE", obj, None, dry_run=changes.get("dry_run", False))


def answer(**response: Any) -> Callable[[Obj], tuple[int, Obj]]:
    def made(review: Obj) -> tuple[int, Obj]:
        found = {"uid": review["request"]["uid"], **response}
        return 200, {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": found}

    return made


def patching(key: str) -> Callable[[Obj], tuple[int, Obj]]:
    patch = base64.b64encode(json.dumps([{"op": "add", "path": f"/data/{key}", "value": "x"}]).encode()).decode()
    return answer(allowed=True, patchType="JSONPatch", patch=patch)


async def test_an_allowed_write_goes_on_and_hears_the_warnings(hook: Hook, registry: Registry):
    hook.answers["/ok"] = answer(allowed=True, warnings=["careful"])
    await configure(registry, VALIDATING_WEBHOOKS, {"clientConfig": {"url": f"{hook.url}/ok", "caBundle": hook.bundle}})
    warnings: list[str] = []
    await admission(registry).validate(attempt(), JANE, warnings)
    assert warnings == ["careful"]
    assert hook.asked[0]["userInfo"] == {"username": "jane", "groups": ["devs"], "extra": {"a": ["b"]}}
    assert hook.asked[0]["options"] == {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}


@pytest.mark.parametrize(
    ("made", "code", "message"),
    [
        (answer(allowed=False), 400, 'admission webhook "w0.example.com" denied the request without explanation'),
        (
            answer(allowed=False, status={"code": 403, "reason": "Forbidden", "message": "never"}),
            403,
            'admission webhook "w0.example.com" denied the request: never',
        ),
        (
            lambda _review: (404, {}),
            500,
            (
                'Internal error occurred: failed calling webhook "w0.example.com": failed to call webhook: '
                "the server could not find the requested resource"
            ),
        ),
        (
            lambda _review: (200, {"kind": "AdmissionReview"}),
            500,
            (
                'Internal error occurred: failed calling webhook "w0.example.com": received invalid webhook response: '
                "webhook response was absent"
            ),
        ),
        (
            answer(allowed=True, patch="e30=", patchType="JSONPatch"),
            500,
            (
                'Internal error occurred: failed calling webhook "w0.example.com": received invalid webhook response: '
                "validating webhook may not return response.patch"
            ),
        ),
    ],
)
async def test_what_a_webhook_says_is_told(hook: Hook, registry: Registry, made: Any, code: int, message: str):
    hook.answers["/x"] = made
    await configure(registry, VALIDATING_WEBHOOKS, {"clientConfig": {"url": f"{hook.url}/x", "caBundle": hook.bundle}})
    with pytest.raises(ApiError) as caught:
        await admission(registry).validate(attempt(), JANE, [])
    assert (caught.value.code, caught.value.status["message"]) == (code, message)


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        (
            {"url": "https://127.0.0.1:1/x"},
            'Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
        ),
        (
            {"service": {"namespace": "shop", "name": "nosuch", "path": "/a"}},
            'Post "https://nosuch.shop.svc:443/a?timeout=10s": service "nosuch" not found',
        ),
        (
            {"service": {"namespace": "shop", "name": "hook", "port": 77}},
            'Post "https://hook.shop.svc:77/?timeout=10s": no service port 77 found for service "hook"',
        ),
    ],
)
async def test_a_webhook_that_cannot_be_called_fails_the_write_or_not(registry: Registry, config: Obj, cause: str):
    await configure(registry, VALIDATING_WEBHOOKS, {"clientConfig": config, "failurePolicy": "Fail"})
    with pytest.raises(ApiError) as caught:
        await admission(registry).validate(attempt(), JANE, [])
    told = 'Internal error occurred: failed calling webhook "w0.example.com": failed to call webhook: '
    assert caught.value.status["message"] == told + cause
    found = registry.get(VALIDATING_WEBHOOKS, "", "hooks").decode()
    found["webhooks"][0]["failurePolicy"] = "Ignore"
    await registry.update(VALIDATING_WEBHOOKS, "", "hooks", found)
    await admission(registry).validate(attempt(), JANE, [])


async def test_an_unknown_authority_is_not_believed(hook: Hook, registry: Registry):
    await configure(registry, VALIDATING_WEBHOOKS, {"clientConfig": {"url": f"{hook.url}/x"}})
    with pytest.raises(
        ApiError, match="tls: failed to verify certificate: x509: certificate signed by unknown authority"
    ):
        await admission(registry).validate(attempt(), JANE, [])


async def test_changes_add_up_and_an_earlier_webhook_sees_them_again_if_it_wants(hook: Hook, registry: Registry):
    hook.answers |= {"/a": patching("a"), "/b": patching("b")}
    first = {"clientConfig": {"url": f"{hook.url}/a", "caBundle": hook.bundle}, "reinvocationPolicy": "IfNeeded"}
    second = {"clientConfig": {"url": f"{hook.url}/b", "caBundle": hook.bundle}}
    await configure(registry, MUTATING_WEBHOOKS, first, second)
    changed = await admission(registry).mutate(attempt(), JANE, [])
    assert changed.new is not None
    assert changed.new["data"] == {"a": "x", "b": "x"}
    assert [request["object"]["data"] for request in hook.asked] == [{}, {"a": "x"}, {"a": "x", "b": "x"}]


async def test_a_webhook_with_side_effects_stops_a_dry_run(registry: Registry):
    entry = {"clientConfig": {"url": "https://127.0.0.1:1/x"}, "sideEffects": "NoneOnDryRun"}
    await configure(registry, VALIDATING_WEBHOOKS, entry)
    with pytest.raises(ApiError, match="connection refused"):
        await admission(registry).validate(attempt(dry_run=True), JANE, [])


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("object.metadata.name == 'a'", True),
        ("object.metadata.name == 'b'", False),
        ("request.userInfo.username != 'jane'", False),
    ],
)
async def test_a_condition_spares_the_question(registry: Registry, expression: str, asked: bool):
    pytest.importorskip("cel_expr_python", reason="conditions in CEL need the extra: pip install 'k8slab[cel]'")
    condition = {"name": "c", "expression": expression}
    await configure(
        registry,
        VALIDATING_WEBHOOKS,
        {"clientConfig": {"url": "https://127.0.0.1:1/x"}, "matchConditions": [condition]},
    )
    if not asked:
        await admission(registry).validate(attempt(), JANE, [])
        return
    with pytest.raises(ApiError, match="connection refused"):
        await admission(registry).validate(attempt(), JANE, [])


async def test_a_condition_that_cannot_be_evaluated_stops_the_write_or_not(registry: Registry):
    pytest.importorskip("cel_expr_python", reason="conditions in CEL need the extra: pip install 'k8slab[cel]'")
    condition = {"name": "c", "expression": "object.spec.x == 1"}
    entry = {"clientConfig": {"url": "https://127.0.0.1:1/x"}, "matchConditions": [condition]}
    await configure(registry, VALIDATING_WEBHOOKS, entry)
    with pytest.raises(
        ApiError,
        match="no such key: spec",
    ):
        await admission(registry).validate(attempt(), JANE, [])
    found = registry.get(VALIDATING_WEBHOOKS, "", "hooks").decode()
    found["webhooks"][0]["failurePolicy"] = "Ignore"
    await registry.update(VALIDATING_WEBHOOKS, "", "hooks", found)
    await admission(registry).validate(attempt(), JANE, [])
