"""What README and docs tell people to type, typed: on one embedded cluster, each page in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.lessons.kernels import OwnKernelManager
from k8slab.lessons.load import load_lesson
from k8slab.lessons.runner import own_home
from tests.docs.blocks import (
    GENERATED,
    LANGUAGES,
    NOT_RUN,
    Block,
    blocks,
    cells,
    commands,
    pages,
    reason_not_to_run,
)

BLOCKS = [block for page in pages() for block in blocks(page)]
_SECONDS = 240


def pages_with(language: str) -> list[str]:
    found = {block.page for block in BLOCKS if block.language == language and block.page not in GENERATED}
    if language == "bash":
        found = {page for page in found if any(not reason_not_to_run(one) for one in _typed(page))}
    return sorted(found)


def _typed(page: str) -> list[str]:
    return [one for block in BLOCKS if (block.page, block.language) == (page, "bash") for one in commands(block)]


def test_every_block_says_its_language():
    unknown = [f"{block.page}:{block.line}: {block.language!r}" for block in BLOCKS if block.language not in LANGUAGES]
    assert not unknown


@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if one.language == "python"], ids=lambda one: f"{one.page}:{one.line}"
)
def test_python_of_pages_compiles(block: Block):
    compile(block.text, block.page, "exec")


def test_there_are_blocks_to_run():
    assert {"README.md", "docs/start.md"} <= {block.page for block in BLOCKS if block.language == "ipython"}


def test_every_row_of_what_is_not_run_is_needed():
    typed = [one for page in {block.page for block in BLOCKS} for one in _typed(page)]
    assert not [row for row in NOT_RUN if not any(one.startswith(row) for one in typed)]


@pytest.fixture(scope="module")
def provider() -> Iterator[EmbeddedProvider]:
    with own_home() as home:
        provider = EmbeddedProvider(root=home)
        provider.start(silent)
        yield provider
        provider.delete(silent)


@pytest.mark.cluster
@pytest.mark.leaves_to_session
@pytest.mark.timeout(_SECONDS + 60)
@pytest.mark.parametrize("page", pages_with("ipython"))
def test_cells_of(page: str, provider: EmbeddedProvider, tmp_path: Path):
    provider.start(silent)
    found = [cell for block in BLOCKS if (block.page, block.language) == (page, "ipython") for cell in cells(block)]
    if "%load_ext k8slab" not in found:
        found.insert(0, "%load_ext k8slab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in found])
    client = NotebookClient(
        notebook,
        timeout=_SECONDS,
        kernel_manager_class=OwnKernelManager,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    said = [output for cell in notebook.cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert not said


@pytest.mark.cluster
@pytest.mark.leaves_to_session
@pytest.mark.timeout(_SECONDS + 60)
@pytest.mark.parametrize("page", pages_with("bash"))
def test_commands_of(page: str, provider: EmbeddedProvider, tmp_path: Path):
    provider.start(silent)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "kubectl").symlink_to(find_kubectl())
    typed = [one for one in _typed(page) if not reason_not_to_run(one)]
    script = "\n".join(["set -euo pipefail", *(f"printf '%s\\n' {_quoted(one)} >&2\n{one}" for one in typed)])
    path = f"{Path(sys.executable).parent}{os.pathsep}{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=os.environ | {"PATH": path, "COLUMNS": "100"}, text=True,
        capture_output=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@pytest.mark.cluster
@pytest.mark.leaves_to_session
@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if one.language == "yaml"], ids=lambda one: f"{one.page}:{one.line}"
)
def test_yaml_of(block: Block, provider: EmbeddedProvider, tmp_path: Path):
    read = list(yaml.safe_load_all(block.text))
    if all("apiVersion" in one for one in read):
        provider.start(silent)
        file = tmp_path / "manifest.yaml"
        file.write_text(block.text)
        Kubectl(provider.kubeconfig(), find_kubectl()).run(["apply", "--dry-run=server", "-f", str(file)], 30)
        return
    (tmp_path / "lesson.yaml").write_text(block.text)
    assert load_lesson(tmp_path).steps
