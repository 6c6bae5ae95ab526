from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from k8slab.cli import main
from k8slab.doctor.bug_report import bug_report, without_places
from k8slab.doctor.findings import Finding


def test_versions_findings_and_the_end_of_each_log():
    log = "\n".join(f"line {number}" for number in range(100))
    text = bug_report({"k8slab": "1.2"}, [Finding("nginx", "gap", "not found", "install it")], {"lab": log})
    assert "k8slab 1.2" in text
    assert "MISSING: nginx: not found" in text
    assert "line 99" in text
    assert "line 59\n" not in text


def test_names_and_addresses_are_taken_out_and_those_of_the_lab_stay():
    text = "ada at ada-pc: /srv/ada/x 192.168.1.7 127.0.0.1 10.244.0.3 10.96.0.1 nginx 1.31.3 canada"
    assert without_places(text, "ada", "ada-pc") == (
        "[user] at [host]: /srv/[user]/x [address] 127.0.0.1 10.244.0.3 10.96.0.1 nginx 1.31.3 canada"
    )
    assert without_places("x 8.8.8.8", "", "") == "x [address]"


def test_the_command_prints_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K8SLAB_HOME", str(tmp_path))
    folder = tmp_path / "clusters" / "k8slab"
    folder.mkdir(parents=True)
    (folder / "log").write_text("password: hunter2\nthe last line\n")
    done = CliRunner().invoke(main, ["bug-report"])
    assert done.exit_code == 0, done.output
    assert "the last line" in done.output
    assert "hunter2" not in done.output
    assert "k8slab 0." in done.output
