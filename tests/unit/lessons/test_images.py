from __future__ import annotations

from pathlib import Path

from k8slab.lessons.images import images_of
from k8slab.lessons.load import find_lessons, load_lesson

COURSE = Path(__file__).parents[3] / "lessons"


def test_images_come_from_cells_and_manifests_but_not_from_mistakes(tmp_path: Path):
    (tmp_path / "lesson.yaml").write_text("""
title: A
goal: B
steps:
  - name: one
    title: One
    text: Text
    given: ["%kubectl run a --image 'registry.example:5000/a:1'"]
    solution: ["%kubectl create deployment a --image=nginx:1.29 --replicas=3"]
    mistakes: [{cells: ["%kubectl create deployment a --image=nginx:nonsense"], advice: x}]
""")
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "a.yaml").write_text("containers:\n  - image: traefik/whoami:v1.11.0  # small\n")
    (tmp_path / "manifests" / "b-2021.yaml").write_text("image: k8s.gcr.io/old:1\n")
    assert images_of([load_lesson(tmp_path)]) == [
        "curlimages/curl", "nginx:1.29", "registry.example:5000/a:1", "traefik/whoami:v1.11.0",
    ]  # fmt: skip


def test_the_course_names_its_ingress_controller():
    assert any("ingress-nginx/controller" in image for image in images_of(find_lessons(COURSE)))
