"""Pages say what the code says: generated ones are fresh, named things exist, links lead somewhere."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from k8slab.lessons.load import find_lesson
from tests.docs.blocks import ROOT, pages

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def test_generated_pages_are_fresh():
    spec = importlib.util.spec_from_file_location("update_docs", ROOT / "scripts/update_docs.py")
    assert spec is not None and spec.loader is not None  # noqa: PT018
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    stale = [str(path) for path, text in script.pages().items() if not script._is(ROOT / path, text)]
    assert not stale, "run scripts/update_docs.py"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    targets = [target.partition("#")[0] for target in _LINK.findall(page.read_text(encoding="utf-8"))]
    assert not [one for one in targets if one and "://" not in one and not (page.parent / one).exists()]


def test_every_dependency_is_justified():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.match(r"[\w-]+", one)[0] for one in wanted}  # type: ignore[index]
    rows = re.findall(r"^\| ([\w-]+) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    assert names == {row for row in rows if row != "Package"} - {"---"}


def test_options_of_magics_are_described():
    described = (ROOT / "docs/magics.md").read_text()
    missing = []
    for path in sorted((ROOT / "k8slab/magics").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "").startswith("take_"):
                words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                missing += [word for word in words if word.startswith("-") and word not in described]
    assert not missing, "name them in the magic's docstring and run scripts/update_docs.py"


def _texts() -> str:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "k8slab").rglob("*.py")))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return "\n".join(one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_troubleshooting_names_messages_as_they_are():
    texts = _texts()
    heads = re.findall(r"^## `(.+)`$", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    assert len(heads) > 8
    parts = [part for head in heads for part in head.split("...") if len(part.strip(" .")) > 1]
    assert not [part for part in parts if part not in texts]


def test_the_course_map_names_steps_that_exist():
    rows = re.findall(
        r"^\| [^|]+ \| (\d\d[-\w]*) \| ([^|]+) \|$", (ROOT / "docs/course-map.md").read_text(), re.MULTILINE
    )
    assert len(rows) > 10
    for lesson, steps in rows:
        known = {step.name for step in find_lesson(lesson, ROOT / "lessons").steps}
        assert set(steps.strip().split(", ")) <= known, lesson


def test_the_site_leads_to_every_page():
    nav = (ROOT / "mkdocs.yml").read_text().partition("nav:")[2]
    assert not [page.name for page in (ROOT / "docs").glob("*.md") if f"- {page.name}\n" not in f"{nav}\n"]
