"""Run a scenario against a cluster and return its transcript."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from k8slab.client.kubectl import find_kubectl
from tests.parity.normalise import Facts, normalise, sort_rows, typed_numbers
from tests.parity.scenario import Scenario, Step
from tests.parity.transcript import Line, Transcript

# Seconds: for one command, and for a state that a scenario waits for.
COMMAND_SECONDS = 90.0
UNTIL_SECONDS = 60.0
_PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster: its kubeconfig as data, and its own words with the tokens that stand for them."""

    config: Mapping[str, Any]
    names: Mapping[str, str]


def target(kubeconfig: Path) -> Target:
    """Look at a cluster: how it is reached, and what its one node is called."""
    config = _renamed(yaml.safe_load(kubeconfig.read_text(encoding="utf-8")))
    with _room(Target(config, {}), "default") as room:
        answer = _execute("kubectl get nodes -o json", room)
    if answer.returncode:
        raise RuntimeError(f"the cluster of {kubeconfig} does not answer: {answer.stderr}")
    node = json.loads(answer.stdout)["items"][0]
    info = node["status"]["nodeInfo"]
    facts = ("osImage", "kernelVersion", "containerRuntimeVersion", "machineID", "systemUUID", "bootID")
    names = {info[fact]: f"<{fact}>" for fact in facts if info.get(fact)}
    address = next(entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP")
    return Target(config, {**names, node["metadata"]["name"]: "<node>", address: "<node-ip>"})


def _renamed(config: Any) -> dict[str, Any]:
    """Return the kubeconfig's current context alone, with names that are the same for every cluster."""
    current = next(entry for entry in config["contexts"] if entry["name"] == config["current-context"])["context"]
    cluster = next(entry for entry in config["clusters"] if entry["name"] == current["cluster"])["cluster"]
    user = next(entry for entry in config["users"] if entry["name"] == current["user"])["user"]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "lab", "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
    }


@dataclass(frozen=True, slots=True)
class Room:
    """The folder that a scenario's commands run in, and their environment."""

    folder: Path
    env: Mapping[str, str]
    namespace: str


@contextmanager
def _room(cluster: Target, namespace: str) -> Iterator[Room]:
    config = json.loads(json.dumps(cluster.config))
    config["contexts"][0]["context"]["namespace"] = namespace
    folder = Path(tempfile.mkdtemp(prefix="parity-"))
    work = folder / "work"
    work.mkdir()
    path = folder / "config"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    path.chmod(0o600)
    kubectl = str(Path(find_kubectl()).parent)
    env = {
        "PATH": f"{kubectl}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "KUBECONFIG": str(path),
        "NS": namespace,
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
    try:
        yield Room(work, env, namespace)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _execute(command: str, room: Room, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=room.folder,
            env={**room.env, **(env or {})},
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess([command], 124, "", f"no end after {COMMAND_SECONDS:.0f} s")


def run(scenario: Scenario, cluster: Target, namespace: str) -> Transcript:
    """Run all steps in a new namespace, up to a wait that fails; return the normalised answers."""
    lines: list[Line] = []
    with _room(cluster, namespace) as room:
        names = {**cluster.names, str(room.folder.parent): "<folder>"}
        facts = Facts(names, typed_numbers(scenario.source), namespace)
        try:
            _until(f"kubectl create namespace {namespace}", room)
            _until("kubectl get serviceaccount default && kubectl get configmap kube-root-ca.crt", room)
            for step in scenario.steps:
                lines += _perform(step, room, facts)
        except RuntimeError as error:
            return Transcript(tuple(lines), str(error))
        finally:
            _execute(f"kubectl delete namespace {namespace} --wait=false --ignore-not-found", room)
    return Transcript(tuple(lines))


def _perform(step: Step, room: Room, facts: Facts) -> Iterator[Line]:
    if step.kind == "file":
        (room.folder / step.path).parent.mkdir(parents=True, exist_ok=True)
        (room.folder / step.path).write_text(step.text.replace("$NS", room.namespace), encoding="utf-8")
    elif step.kind == "until":
        _until(step.text, room)
    elif step.kind == "quiet":
        answer = _execute(step.text, room, step.env)
        if answer.returncode:
            raise RuntimeError(f"{step.text}: exit status {answer.returncode}: {answer.stderr}{answer.stdout}")
    else:
        answer = _execute(step.text, room, step.env)
        stdout, stderr = (_clean(text, facts, step) for text in (answer.stdout, answer.stderr))
        yield Line(step.text, stdout, stderr, answer.returncode)


def _clean(text: str, facts: Facts, step: Step) -> str:
    text = normalise(text, facts).rstrip("\n")
    return sort_rows(text) if step.unordered else text


def _until(command: str, room: Room) -> None:
    deadline = time.monotonic() + UNTIL_SECONDS
    while (answer := _execute(command, room)).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{command}: not true after {UNTIL_SECONDS:.0f} s: {answer.stderr}{answer.stdout}")
        time.sleep(_PAUSE)
