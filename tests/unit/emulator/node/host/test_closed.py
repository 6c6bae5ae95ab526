from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    "script",
    [
        "cat ../../../../../../../../etc/passwd", "ln -s /etc/passwd l; cat l", "ln -s ../../../../../../../etc/passwd l; cat l",
        "mkdir -p a/b/c; ln -s ../../../../../../../../etc/passwd a/b/c/l; mv a/b/c/l /l; cat /l", "cat < /../../etc/passwd",
        "cd ../../../..; cat etc/passwd", "tar cf - /etc/passwd | tar xOf -", "find / -name passwd -exec cat {} \\;", "grep -r root /etc",
        ". /etc/passwd", "sed -n p /etc/passwd", "awk 1 /etc/passwd", "cp /etc/passwd x; cat x", "read x < /etc/passwd; echo $x",
        "ln -s / r; cat r/etc/passwd", "printf '/etc/passwd' | xargs cat", "head -c 100 /proc/self/root/etc/passwd",
    ],
)  # fmt: skip
async def test_no_path_leads_to_the_machine_s_files(pod: Any, script: str):
    ran = await pod.sh(f"cd /tmp; {script}")
    assert "root:" not in ran.out


async def test_a_planted_link_is_not_followed(pod: Any):
    (pod.root / "tmp" / "l").symlink_to("/etc/passwd")
    ran = await pod.sh("cat /tmp/l; echo x > /tmp/l; head -n1 /tmp/l; wc -c /tmp/l; cp /tmp/l /tmp/m")
    assert "root:" not in ran.out
    assert "Permission denied" in ran.err


async def test_an_archive_cannot_leave_the_tree(pod: Any, tmp_path: Any):
    import io
    import tarfile

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, target in (("../../../evil", ""), ("l", "/etc"), ("l/passwd", "")):
            info = tarfile.TarInfo(name)
            if target:
                info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    before = Path("/etc/passwd").stat().st_mtime_ns
    await pod.run("tar", "xf", "-", "-C", "/tmp", stdin=data.getvalue())
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path.parent / "evil").exists()
    assert Path("/etc/passwd").stat().st_mtime_ns == before


async def test_no_variable_of_the_machine_reaches_a_pod(pod: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_OF_THE_HOST", "s3cret")
    for script in ("env", "set", "cat /proc/self/environ", "export", "awk 'BEGIN{for(k in ENVIRON) print ENVIRON[k]}'"):
        assert "s3cret" not in (await pod.sh(script)).out


async def test_a_read_only_mount_refuses_every_way_of_writing(pod: Any):
    (pod.root / "conf").mkdir()
    (pod.root / "conf" / "f").write_text("old\n")
    pod.read_only = ("/conf",)
    for script in ("echo x > f", "touch g", "rm f", "sed -i s/old/new/ f", "mv f g", "cp f g", "ln -s f g", "tee f < /dev/null",
                   "mkdir d", "chmod 777 f", "gzip f", "truncate -s 0 f"):  # fmt: skip
        ran = await pod.sh(f"cd /conf; {script}")
        assert ran.code != 0, script
        assert "Read-only file system" in ran.err, script
    assert (pod.root / "conf" / "f").read_text() == "old\n"


async def test_another_user_than_root_writes_only_where_all_may(pod: Any):
    pod.facts = {"uid": 1000, "gid": 1000, "groups": [1000]}
    ran = await pod.sh("echo x > /etc/f; echo y > /tmp/f && cat /tmp/f; id; whoami")
    assert ran.out == "y\nuid=1000 gid=1000 groups=1000\n"
    assert ran.err == "sh: can't create /etc/f: Permission denied\nwhoami: unknown uid 1000\n"


@pytest.mark.parametrize(
    "script", ["while :; do :; done", "yes > /dev/null", "cat /dev/zero | wc -c; while true; do echo; done"]
)
async def test_a_program_that_never_ends_lets_others_run(pod: Any, script: str):
    import asyncio

    process, work, _, _ = pod.begin(["sh", "-c", script])
    task = asyncio.ensure_future(work())
    await asyncio.sleep(0.05)
    assert not task.done()
    process.deliver(9)
    assert await asyncio.wait_for(task, 2) == 137


async def test_the_first_process_ignores_what_it_did_not_ask_for(pod: Any):
    import asyncio

    process, work, _, _ = pod.begin(["sleep", "60"])
    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    process.deliver(15)
    await asyncio.sleep(0.02)
    assert not task.done()
    process.deliver(9)
    assert await task == 137


async def test_devices_take_output_and_stay(pod: Any):
    ran = await pod.sh(
        "echo x | tee /dev/null; echo y > /tmp/a; cp /tmp/a /dev/null; rm -f /dev/null; ls /dev/null; mv /tmp/a /dev/null; ls /tmp/a"
    )
    assert ran.out == "x\n/dev/null\n/tmp/a\n"
    assert Path("/dev/null").is_char_device()
