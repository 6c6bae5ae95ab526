from __future__ import annotations

from pathlib import Path

from k8slab.lessons.progress import Progress


def test_steps_are_kept_in_order_and_once(tmp_path: Path):
    kept = Progress(tmp_path / "new")
    assert kept.passed("a") == ()
    for step in ("two", "one", "two"):
        kept.mark("a", step)
    kept.mark("b", "x")
    assert Progress(tmp_path / "new").passed("a") == ("two", "one")
    kept.forget("a")
    assert (kept.passed("a"), kept.passed("b")) == ((), ("x",))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["progress.json"]


def test_a_damaged_file_counts_as_empty(tmp_path: Path):
    (tmp_path / "progress.json").write_text('{"a": 5')
    kept = Progress(tmp_path)
    assert kept.passed("a") == ()
    kept.mark("a", "one")
    assert kept.passed("a") == ("one",)
