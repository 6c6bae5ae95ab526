"""The whole way of a body through the API server, held against the answers of kube-apiserver v1.34.4."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.api import Caller
from k8slab.emulator.apiserver.app import build_app
from k8slab.emulator.apiserver.authentication import Authenticator
from k8slab.emulator.apiserver.authorization.authorizer import Authorizer
from k8slab.emulator.apiserver.authorization.rules import Rules
from k8slab.emulator.apiserver.services import Services
from k8slab.emulator.registry.registry import Registry
from k8slab.emulator.store import Store
from k8slab.kube.resources import SERVICE_ACCOUNTS, Catalog
from k8slab.kube.schema import Schema

sys.path.insert(0, str(Path(__file__).parent))
from decoding import GOLDEN, PRESENT, shown

CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text())
ADMIN = Caller("admin", ("system:masters", "system:authenticated"))


@pytest.fixture
async def client() -> Any:
    store, catalog, schema, clock = Store(), Catalog(), Schema.load(), ManualClock()
    registry = Registry(store, catalog, schema, clock, Entropy(1))
    services = Services(registry, catalog, schema, clock, Authenticator({"secret": ADMIN}), Authorizer(Rules(registry)))
    async with TestClient(TestServer(build_app(services))) as made:
        for path, obj in PRESENT:
            await made.post(path, json=obj, headers={"Authorization": "Bearer secret", "User-Agent": "probe/1"})
            if path.endswith("/namespaces"):
                await registry.create(SERVICE_ACCOUNTS, "fv", {"metadata": {"name": "default"}})
        yield made


async def ask(client: Any, case: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": case["type"], "User-Agent": "probe/1", "Authorization": "Bearer secret"}
    data = None if case["body"] is None else case["body"].encode()
    async with client.request(case["method"], case["path"], data=data, headers=headers) as response:
        return shown(response.status, response.headers.getall("Warning", []), await response.json())


async def test_wrong_bodies_are_answered_as_by_the_real_api_server(client: Any):
    differences = []
    for case in CASES:
        found = await ask(client, case)
        if found != case["answer"]:
            differences.append({**case, "found": found})
    assert len(CASES) > 580
    assert not differences, json.dumps(differences[:3], indent=1)
