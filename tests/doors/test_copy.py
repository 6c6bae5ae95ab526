from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Kubectl = Any


@pytest.mark.parametrize("container", ["web", "side"])
def test_files_go_in_and_out(kubectl: Kubectl, tmp_path: Path, container: str) -> None:
    source = tmp_path / "tree"
    (source / "deep" / "er").mkdir(parents=True)
    (source / "a.txt").write_text("one\n")
    (source / "deep" / "er" / "b.bin").write_bytes(bytes(range(256)) * 1000)
    done = kubectl("cp", str(source), "two:/tmp/there", "-c", container)
    assert (done.returncode, done.stderr) == (0, "")
    assert kubectl("exec", "two", "-c", container, "--", "cat", "/tmp/there/a.txt").stdout == "one\n"
    done = kubectl("cp", "two:/tmp/there", str(tmp_path / "back"), "-c", container)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "back" / "deep" / "er" / "b.bin").read_bytes() == bytes(range(256)) * 1000


def test_a_page_of_nginx_is_replaced(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("copied\n")
    assert kubectl("cp", str(tmp_path / "index.html"), "two:/usr/share/nginx/html/index.html").returncode == 0
    assert kubectl("get", "--raw", "/api/v1/namespaces/default/pods/two/proxy/").stdout == "copied\n"


def test_errors(kubectl: Kubectl, tmp_path: Path) -> None:
    done = kubectl("cp", "who:/x", str(tmp_path / "x"))
    assert 'exec: "tar": executable file not found in $PATH: unknown' in done.stderr
    done = kubectl("cp", "nope:/x", str(tmp_path / "x"))
    assert (done.returncode, done.stderr) == (1, 'Error from server (NotFound): pods "nope" not found\n')
    done = kubectl("cp", "two:/etc/nosuch", str(tmp_path / "x"))
    assert "tar: /etc/nosuch: " in done.stdout + done.stderr
