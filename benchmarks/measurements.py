"""One function a row; each returns seconds or megabytes, measured on a cluster in a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import ingress
from k8slab.checks.run import run_checks
from k8slab.checks.spec import Ready
from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.runner import own_home
from k8slab.session import LabSession

_LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
began = time.perf_counter()
shell.run_line_magic("load_ext", "k8slab")
print(time.perf_counter() - began)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One goal."""

    name: str
    goal: float
    unit: str
    measure: Callable[[], float]


@contextmanager
def _cluster() -> Iterator[tuple[EmbeddedProvider, Kubectl]]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        try:
            yield provider, Kubectl(provider.kubeconfig(), find_kubectl())
        finally:
            provider.delete(silent)


def api_ready() -> float:
    """Time ``k8slab cluster start``, the command's own start included."""
    with own_home():
        command = [sys.executable, "-m", "k8slab.cli", "cluster"]
        _run([*command, "start"])
        _run([*command, "stop"])
        began = time.perf_counter()
        _run([*command, "start"])
        taken = time.perf_counter() - began
        _run([*command, "delete"])
    return taken


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))


def deployment_in_endpoints() -> float:
    """Time from the creation of a Deployment of three nginx to three ready endpoints, as a watch sees it."""
    with _cluster() as (provider, kubectl):
        kubectl.run(["create", "service", "clusterip", "web", "--tcp=80:80"])
        session = LabSession(silent, provider)
        session.snapshot()
        began = time.perf_counter()
        kubectl.run(["create", "deployment", "web", "--image=nginx", "--replicas=3"])
        from k8slab.checks.spec import Endpoints  # noqa: PLC0415

        report = run_checks("endpoints", [Endpoints("web", 3)], session, "default", 10)
        taken = time.perf_counter() - began
        session.close()
    return taken if report.passed else float("inf")


def load_extension() -> float:
    """Time ``%load_ext k8slab`` in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", _LOAD], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def passing_check() -> float:
    """Time one check that holds, with the cache filled."""
    with _cluster() as (provider, kubectl):
        kubectl.run(["create", "deployment", "web", "--image=nginx", "--replicas=1"])
        session = LabSession(silent, provider)
        checks = [Ready("Deployment", "web", 1)]
        run_checks("first", checks, session, "default", 10)
        began = time.perf_counter()
        run_checks("second", checks, session, "default", 10)
        taken = time.perf_counter() - began
        session.close()
    return taken


def memory_of_ten_pods() -> float:
    """Sum the proportional set sizes of the cluster's processes with ten nginx pods, in MB."""
    with _cluster() as (provider, kubectl):
        kubectl.run(["create", "deployment", "web", "--image=nginx", "--replicas=10"])
        kubectl.run(["rollout", "status", "deployment/web"])
        root = psutil.Process(provider.status().pid)
        processes = [root, *root.children(recursive=True)]
        return sum(_pss(process.pid) for process in processes) / 1e6


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0.0


def lessons_headless() -> float:
    """Time ``k8slab run``."""
    began = time.perf_counter()
    _run([sys.executable, "-m", "k8slab.cli", "run"])
    return time.perf_counter() - began


ROWS = (
    Row("API ready after `k8slab cluster start`", 0.8, "s", api_ready),
    Row("Deployment of 3 nginx ready and in endpoints", 0.5, "s", deployment_in_endpoints),
    Row("%load_ext k8slab", 0.1, "s", load_extension),
    Row("a passing check", 0.05, "s", passing_check),
    Row("cluster with 10 pods, all processes (PSS)", 150, "MB", memory_of_ten_pods),
    Row("all lessons headless", 20, "s", lessons_headless),
    Row("controller's manifest to the first routed answer", 3, "s", ingress.first_answer),
    Row("an Ingress change is visible", 0.2, "s", ingress.change_visible),
    Row("a request through the ingress / through a static nginx", 1.67, "times", ingress.cost_over_static),
    Row("requests lost in a rolling update at 500 a second", 0, "", ingress.lost_in_rolling_update),
)
