from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest

from k8slab.clock import Entropy, ManualClock
from k8slab.emulator.apiserver.pki import signing_key
from k8slab.emulator.registry.tokens import ISSUER, TokenIssuer
from k8slab.kube.status import ApiError

Obj = dict[str, Any]
ACCOUNT = {"metadata": {"name": "robot", "namespace": "n", "uid": "u1"}}
POD = {"metadata": {"name": "p", "namespace": "n", "uid": "u2"}, "spec": {"nodeName": "node"}}


class World(dict[tuple[str, str, str], Obj]):
    def __call__(self, kind: str, namespace: str, name: str) -> Obj | None:
        return self.get((kind, namespace, name))


@pytest.fixture
def world() -> World:
    node = {"metadata": {"name": "node", "uid": "u3"}}
    return World({("ServiceAccount", "n", "robot"): ACCOUNT, ("Pod", "n", "p"): POD, ("Node", "", "node"): node})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def issuer(tmp_path: Path, clock: ManualClock) -> TokenIssuer:
    return TokenIssuer(lambda: signing_key(tmp_path), clock, Entropy(1))


def token_of(issuer: TokenIssuer, world: World, **spec: Any) -> str:
    return str(issuer.issue(ACCOUNT, {"spec": spec}, world)["status"]["token"])


def test_a_token_names_its_account_and_what_it_is_bound_to(issuer: TokenIssuer, world: World):
    bound = {"kind": "Pod", "name": "p", "uid": "u2"}
    claims = jwt.decode(token_of(issuer, world, boundObjectRef=bound), options={"verify_signature": False})
    assert claims["sub"] == "system:serviceaccount:n:robot"
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == (ISSUER, [ISSUER], 3600)
    assert claims["kubernetes.io"] == {
        "namespace": "n",
        "node": {"name": "node", "uid": "u3"},
        "pod": {"name": "p", "uid": "u2"},
        "serviceaccount": {"name": "robot", "uid": "u1"},
    }


def test_a_token_lets_its_account_in(issuer: TokenIssuer, world: World):
    caller = issuer.caller(token_of(issuer, world), world)
    assert caller is not None
    assert caller.name == "system:serviceaccount:n:robot"
    assert caller.groups == ("system:serviceaccounts", "system:serviceaccounts:n", "system:authenticated")


async def test_a_token_ends(issuer: TokenIssuer, world: World, clock: ManualClock):
    token = token_of(issuer, world, expirationSeconds=600)
    await clock.advance(599)
    assert issuer.caller(token, world) is not None
    await clock.advance(1)
    assert issuer.caller(token, world) is None


@pytest.mark.parametrize("gone", [("ServiceAccount", "n", "robot"), ("Pod", "n", "p")])
def test_a_token_ends_with_its_account_or_pod(gone: tuple[str, str, str], issuer: TokenIssuer, world: World):
    token = token_of(issuer, world, boundObjectRef={"kind": "Pod", "name": "p"})
    world[gone] = {"metadata": {"name": gone[2], "uid": "another"}}
    assert issuer.caller(token, world) is None
    del world[gone]
    assert issuer.caller(token, world) is None


def test_other_tokens_are_no_tokens(issuer: TokenIssuer, world: World, clock: ManualClock, tmp_path: Path):
    other = TokenIssuer(lambda: signing_key(tmp_path / "other"), clock, Entropy(2))
    (tmp_path / "other").mkdir()
    assert issuer.caller(token_of(other, world), world) is None
    assert issuer.caller(token_of(issuer, world, audiences=["vault"]), world) is None
    assert issuer.caller("x.y.z", world) is None


def test_a_token_lives_at_least_ten_minutes(issuer: TokenIssuer, world: World):
    with pytest.raises(ApiError) as refusal:
        token_of(issuer, world, expirationSeconds=599)
    assert "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes" in str(
        refusal.value
    )
