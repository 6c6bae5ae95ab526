"""The files of binder/ follow repo2docker's rules; scripts/try_binder.sh builds with them."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
BINDER = ROOT / "binder"
ROWS = [row for row in (BINDER / "requirements.txt").read_text().splitlines() if row and not row.startswith("#")]


def test_every_package_has_one_version_and_a_hash():
    assert len(ROWS) > 50
    assert not [row for row in ROWS if not re.fullmatch(r"[\w.-]+==\S+ --hash=sha256:[0-9a-f]{64}", row)]


def test_the_pins_satisfy_what_k8slab_asks_for():
    pinned = {canonicalize_name(row.split("==")[0]): row.split()[0].split("==")[1] for row in ROWS}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["lab"], "hatchling>=1.26"]
    for one in map(Requirement, wanted):
        if one.marker is None or one.marker.evaluate({"sys_platform": "linux", "platform_machine": "x86_64"}):
            assert one.specifier.contains(pinned[canonicalize_name(one.name)], prereleases=True), one.name


def test_the_python_is_one_that_k8slab_runs_on():
    name = (BINDER / "runtime.txt").read_text().strip()
    match = re.fullmatch(r"python-3\.(\d+)", name)
    assert match
    assert int(match[1]) >= 11


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_be_executed_and_parsed(name: str):
    script = BINDER / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!")
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_start_becomes_the_server_and_nothing_asks_for_root():
    assert (BINDER / "start").read_text().rstrip().endswith('exec "$@"')
    words = " ".join((BINDER / name).read_text() for name in ("postBuild", "start"))
    assert not re.search(r"\b(sudo|docker|apt-get)\b", words)


def test_the_badge_opens_a_lesson_that_post_build_makes():
    opened = re.search(r"urlpath=lab/tree/course/(\S+)\.ipynb", (ROOT / "README.md").read_text())
    assert opened
    assert (ROOT / "lessons" / opened[1] / "lesson.yaml").exists()
