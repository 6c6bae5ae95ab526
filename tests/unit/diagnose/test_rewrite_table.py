from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8slab.diagnose.rewrite_table import rewrite_table
from k8slab.emulator.nginx.process import nginx_binary

RULES = [
    ("/nginx(/|$)(.*)", "/$2"),
    ("/something/?(.*)", "/$1"),
    ("/api", "/"),
    ("/v[12]/(.*)", "/new/$1"),
    ("/a.b(.*)", "$1"),
]
PATHS = ["/nginx", "/nginx/", "/nginx/a", "/NGINX/A/b", "/nginxa", "/somethingelse", "/something//x", "/api/users", "/apix",
         "/x/api", "/v1/list", "/v3/list", "/aXb/c", "/nginx/a%20b", "/nginx/../v2/x"]  # fmt: skip


def test_the_table_of_the_course():
    shown = str(rewrite_table("/nginx(/|$)(.*)", "/$2", ["/nginx", "/nginx/a?x=1", "/nginxa"]))
    assert shown.splitlines()[2:] == [
        "/nginx        yes      $1='' $2=''    /",
        "/nginx/a?x=1  yes      $1='/' $2='a'  /a?x=1",
        "/nginxa       no                      404: the default backend",
    ]


def test_a_lost_group_and_a_broken_expression_are_told():
    assert rewrite_table("/nginx(/|$)(.*)", "/$1", ["/nginx/a"]).rows[0].note == "a group is lost"
    assert "nginx refuses" in rewrite_table("/a(", "/", ["/a"]).problem
    assert rewrite_table("/a", "/", ["/%zz"]).rows[0].note.startswith("400")


def test_html_is_escaped():
    assert "<b>" not in rewrite_table("/<b>", "/$1", ["/<b>x"])._repr_html_()


@pytest.fixture(scope="module")
def nginx_says() -> Iterator[dict[tuple[str, str, str], str]]:
    """Return what a real nginx makes of every path at every rule: the new path, or its status."""
    with tempfile.TemporaryDirectory() as folder:
        yield answers_of_nginx(Path(folder))


def answers_of_nginx(folder: Path) -> dict[tuple[str, str, str], str]:
    servers = "".join(
        f'server {{ listen unix:{folder}/{number}.sock; location ~* "^{path}" {{ rewrite "(?i){path}" {target} break; '
        'echo_duplicate 1 "$uri"; } location / { return 404; } }\n'
        for number, (path, target) in enumerate(RULES)
    )
    text = (
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ access_log off; {servers} }}"
    )
    (folder / "nginx.conf").write_text(text)
    with subprocess.Popen(
        [nginx_binary(), "-p", str(folder), "-c", "nginx.conf"], stderr=subprocess.DEVNULL
    ) as process:
        try:
            return {(*rule, path): asked(folder, number, path) for number, rule in enumerate(RULES) for path in PATHS}
        finally:
            process.terminate()


def asked(folder: Path, number: int, path: str) -> str:
    import socket
    import time

    for _ in range(200):
        with socket.socket(socket.AF_UNIX) as sock:
            try:
                sock.connect(f"{folder}/{number}.sock")
            except OSError:
                time.sleep(0.02)  # nginx is not up yet
                continue
            sock.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            answer = b"".join(iter(lambda: sock.recv(4096), b"")).decode()
            head, _, body = answer.partition("\r\n\r\n")
            return body if " 200 " in head else head.split()[1]
    raise AssertionError("nginx did not start")


def test_a_real_nginx_agrees(nginx_says: dict[tuple[str, str, str], str]):
    from urllib.parse import unquote

    for (rule, target, path), said in nginx_says.items():
        row = rewrite_table(rule, target, [path]).rows[0]
        expected = unquote(row.upstream) if row.matched and row.upstream else row.note[:3]
        assert expected == said, f"{rule} {target} {path}"
