"""Helm installs, tests, upgrades, rolls back and uninstalls an ordinary chart."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.installing.conftest import Lab

CHART = str(Path(__file__).parent / "chart")
# Helm is a Go program that no Python package carries; K8SLAB_TEST_HELM names one that is not in the path.
HELM = os.environ.get("K8SLAB_TEST_HELM") or shutil.which("helm")
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(HELM is None, reason="no helm: put one into the path, or name it in K8SLAB_TEST_HELM"),
]


def helm(lab: Lab, *words: str) -> str:
    found = lab.run(str(HELM), *words, limit=60)
    assert found.returncode == 0, found.stderr + found.stdout
    return found.stdout


def test_a_release_lives_its_life(lab: Lab):
    out = helm(lab, "install", "shop", CHART, "--wait", "--timeout", "30s", "--create-namespace", "-n", "market")
    assert "STATUS: deployed" in out
    assert "shop answers at http://shop.market" in out
    assert lab.get("deploy", "-n", "market", "shop")["status"]["readyReplicas"] == 1
    config = lab.get("configmap", "-n", "market", "shop")["data"]
    assert config == {"greeting": "hello", "version": "v1.34.4", "crons": "true"}
    assert lab.kubectl("get", "job", "-n", "market", "shop-prepare").returncode == 1, "the hook is removed"
    assert "Phase:          Succeeded" in helm(lab, "test", "shop", "-n", "market", "--timeout", "30s")

    helm(
        lab, "upgrade", "shop", CHART, "--set", "replicas=2,greeting=bye", "--wait", "--timeout", "30s", "-n", "market"
    )
    assert lab.get("deploy", "-n", "market", "shop")["status"]["readyReplicas"] == 2
    assert lab.get("configmap", "-n", "market", "shop")["data"]["greeting"] == "bye"
    history = json.loads(helm(lab, "history", "shop", "-n", "market", "-o", "json"))
    assert [(entry["revision"], entry["status"]) for entry in history] == [(1, "superseded"), (2, "deployed")]

    helm(lab, "rollback", "shop", "1", "--wait", "--timeout", "30s", "-n", "market")
    assert lab.get("configmap", "-n", "market", "shop")["data"]["greeting"] == "hello"
    listed = json.loads(helm(lab, "list", "-A", "-o", "json"))
    assert [(entry["name"], entry["revision"], entry["status"]) for entry in listed] == [("shop", "3", "deployed")]

    assert 'release "shop" uninstalled' in helm(lab, "uninstall", "shop", "-n", "market", "--wait", "--timeout", "30s")
    left = lab.done("get", "deploy,service,configmap,secret", "-n", "market", "-o", "name").split()
    assert left == ["configmap/kube-root-ca.crt"]


def test_a_release_that_cannot_become_ready_fails_in_time(lab: Lab):
    found = lab.run(
        str(HELM), "install", "bad", CHART, "--set", "image.tag=v9.99", "--wait", "--timeout", "3s", limit=30
    )
    assert found.returncode == 1
    assert "context deadline exceeded" in found.stderr or "timed out" in found.stderr.lower()
    helm(lab, "uninstall", "bad")
