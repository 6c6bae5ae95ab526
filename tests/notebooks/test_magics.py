"""The magics in a real kernel, as a learner's notebook runs them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.kernels import OwnKernelManager
from k8slab.lessons.runner import own_home

# The cluster and its pods belong to the module; each kernel is ended by nbclient.
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.timeout(120),
    pytest.mark.leaves_to_session,
    pytest.mark.usefixtures("provider"),
]


@pytest.fixture(scope="module")
def provider() -> Iterator[EmbeddedProvider]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        yield provider
        provider.delete(silent)


def run(folder: Path, *cells: str) -> list[Any]:
    """Execute cells in a fresh kernel (an error does not stop it); return the cells with their outputs."""
    v4 = nbformat.v4
    notebook = v4.new_notebook(cells=[v4.new_code_cell(text) for text in ("%load_ext k8slab\n%lab start", *cells)])
    client = NotebookClient(
        notebook, timeout=60, allow_errors=True, kernel_manager_class=OwnKernelManager,
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    client.execute()
    return list(notebook.cells[1:])


def text(cell: Any, stream: str = "stdout") -> str:
    return "".join(output["text"] for output in cell.outputs if output.get("name") == stream)


def error(cell: Any) -> Any:
    return next((output for output in cell.outputs if output.output_type == "error"), None)


def result(cell: Any, form: str = "text/plain") -> str:
    return "".join(output["data"][form] for output in cell.outputs if output.output_type == "execute_result")


def test_commands_arrive_as_they_were_typed(tmp_path: Path):
    cells = run(
        tmp_path,
        "items = ['wrong']\n%kubectl get namespaces -o jsonpath={.items[0].metadata.name}",
        "%kubectl create configmap odd --from-literal=target=/$2 --from-literal=pid=$$ --from-literal='two words=x'",
        "%kubectl create configmap odd --from-literal=target=/$2 --from-literal=pid=$$",
        "%kubectl get configmap odd -o jsonpath={.data}",
        "%%kubectl\nget configmap odd -o name\n# a comment\nget namespace default \\\n  -o name",
    )
    assert text(cells[0]) == "default"
    assert error(cells[1]).ename == "CommandError"
    assert text(cells[3]) == '{"pid":"$$","target":"/$2"}'
    assert text(cells[4]) == "configmap/odd\nnamespace/default\n"
    shown = [output["data"]["text/plain"] for output in cells[0].outputs if output.output_type == "display_data"]
    assert shown == ["[embedded cluster k8slab · namespace default]"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%kubectl get nods", "the server doesn't have a resource type"),
        ("%kubectl get pods --wat", "unknown flag: --wat"),
        ("%kubectl get 'pods", "A quote is opened and not closed"),
        ("%kubectl get pods | grep x", "no shell is involved here"),
        ("%kubectl get pods --context kind-other", "names a cluster that this lab did not start"),
        ("%kubectl --kubeconfig=/etc/other get pods", "names a cluster that this lab did not start"),
        (
            "%%apply\napiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x",
            "line 4: a tab stands where YAML wants spaces",
        ),
        ("%%apply\napiVersion: v1\nkind: Zebra\nmetadata:\n  name: x", 'no matches for kind "Zebra"'),
        ("%%apply\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata: 5", "cannot unmarshal number"),
        ("%curl http://127.0.0.1:31999", "No Service has the NodePort 31999"),
        ("%curl", "%curl needs a URL"),
        ("%lab begin", "%lab does not know 'begin'"),
        ("%lab start --lesson deploments", "Did you mean 01-deployments"),
        ("%check", "No lesson is open"),
    ],
)
def test_a_failure_is_a_real_error_in_plain_words(tmp_path: Path, cell: str, said: str):
    failed = run(tmp_path, cell)[0]
    shown = error(failed)
    assert shown is not None
    assert said in shown.evalue + text(failed, "stderr")
    rendered = "\n".join(shown.traceback)
    assert "Traceback" not in rendered
    assert ".py" not in rendered


def test_requests_from_inside_and_the_picture(tmp_path: Path):
    cells = run(
        tmp_path,
        "%kubectl create deployment web --image=nginx --replicas=2",
        "%kubectl expose deployment web --port=8000 --target-port=80 --type=NodePort",
        "%kubectl rollout status deployment/web",
        "%curl --from inside -i http://web:8000/",
        "%topology",
        "%lab status",
    )
    assert [error(cell) for cell in cells] == [None] * 6
    assert text(cells[3]).startswith("HTTP/1.1 200 OK")
    drawn = result(cells[4])
    assert "Deployment web  2/2 ready" in drawn
    assert "Service web  8000 -> 80" in drawn
    assert result(cells[4], "image/svg+xml").startswith("<svg")
    assert "running at https://127.0.0.1:" in result(cells[5])


def test_hints_come_one_by_one_and_the_solution_when_asked(tmp_path: Path):
    cells = run(tmp_path, "%lab start --lesson 00-welcome", "%hint namespace", "%hint namespace", "%solution namespace")
    assert result(cells[1]).startswith("Hint 1 of 2")
    assert result(cells[2]).startswith("Hint 2 of 2")
    assert result(cells[3]) == "%kubectl create namespace hello"


def test_a_killed_cluster_is_told_and_comes_back(provider: EmbeddedProvider, tmp_path: Path):
    run(tmp_path, "%kubectl create configmap kept --from-literal=a=b")
    os.kill(provider.status().pid, signal.SIGKILL)
    until = time.monotonic() + 5.0
    while (status := provider.status()).state == "running" and time.monotonic() < until:
        time.sleep(0.02)  # a killed process takes a moment to be gone
    assert status.state == "died"
    assert "%lab start" in status.detail
    cells = run(tmp_path, "%kubectl get configmap kept -o name")
    assert text(cells[0]) == "configmap/kept\n"
