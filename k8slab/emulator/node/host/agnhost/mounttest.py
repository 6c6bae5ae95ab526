"""agnhost mounttest: looks at files of mounts (test/images/agnhost/mounttest)."""

from __future__ import annotations

import asyncio
import json
import stat
import time
from collections.abc import Mapping

from k8slab.emulator.node.host.agnhost.flags import Flags
from k8slab.emulator.node.host.agnhost.running import Running

_NEW = "mount-tester new file\n"
_MODES = (0o644, 0o666, 0o660, 0o777)
_DEFAULTS: Mapping[str, str | int | bool] = {
    "fs_type": "", "file_mode": "", "file_perm": "", "file_owner": "", "file_content": "", "file_content_in_loop": "",
    "retry_time": 180, "break_on_expected_content": True, **{f"new_file_0{mode:o}": "" for mode in _MODES},
}  # fmt: skip


async def mounttest(run: Running) -> int:
    """Do what the flags ask for, in a fixed order; 1 when something failed."""
    return await _MountTest(run, Flags(run.words, _DEFAULTS, {})).run()


def _go_mode(mode: int) -> str:
    kind = "d" if stat.S_ISDIR(mode) else "-"
    sticky = "t" if mode & stat.S_ISVTX else ""
    return f"{sticky}{kind if kind == 'd' or not sticky else ''}{stat.filemode(mode & 0o777)[1:]}"


class _MountTest:
    def __init__(self, run: Running, flags: Flags) -> None:
        self._run = run
        self._flags = flags
        self._failed = False

    async def run(self) -> int:
        self._run.unasked()
        if path := self._flags.text("fs_type"):
            await self._run.say(f"mount type of {json.dumps(path)}: tmpfs")
        for mode in _MODES:
            if path := self._flags.text(f"new_file_0{mode:o}"):
                await self._write(path, mode)
        await self._stats()
        if path := self._flags.text("file_content"):
            await self._content(path)
        if path := self._flags.text("file_content_in_loop"):
            await self._loop(path)
        return int(self._failed)

    async def _stats(self) -> None:
        for flag, words in (("file_mode", "mode of file"), ("file_perm", "perms of file")):
            path = self._flags.text(flag)
            if not path:
                continue
            mode = await self._mode(path)
            if mode is not None:
                shown = _go_mode(mode) if flag == "file_mode" else f"-{stat.filemode(mode)[1:].replace('t', 'x')}"
                await self._run.say(f"{words} {json.dumps(path)}: {shown}")
        if path := self._flags.text("file_owner"):
            owner = self._run.context.facts.get("fs_group", 0)
            await self._run.say(f"owner UID of {json.dumps(path)}: 0\nowner GID of {json.dumps(path)}: {owner}")

    async def _mode(self, path: str) -> int | None:
        try:
            return self._run.shell.tree.entry(path).mode
        except OSError:
            self._failed = True
            await self._run.say(f"error from Stat({json.dumps(path)}): lstat {path}: no such file or directory")
            return None

    async def _write(self, path: str, mode: int) -> None:
        try:
            place = self._run.shell.tree.writable(path)
            place.write_text(_NEW)
            place.chmod(mode)
        except OSError as error:
            self._failed = True
            words = (error.strerror or "").lower()
            await self._run.say(f"error writing new file {json.dumps(path)}: open {path}: {words}")
            return
        await self._content(path)

    async def _content(self, path: str) -> None:
        try:
            text = self._run.shell.tree.read(path).decode(errors="replace")
        except OSError as error:
            self._failed = True
            words = (error.strerror or "").lower()
            await self._run.say(f"error reading file content for {json.dumps(path)}: open {path}: {words}")
            return
        await self._run.say(f"content of file {json.dumps(path)}: {text}")

    async def _loop(self, path: str) -> None:
        until = time.monotonic() + self._flags.number("retry_time")
        while time.monotonic() < until:
            try:
                text = self._run.shell.tree.read(path).decode(errors="replace")
                self._failed = False
                await self._run.say(f"content of file {json.dumps(path)}: {text}")
                if self._flags.on("break_on_expected_content"):
                    if text == _NEW:
                        return
                    await self._run.say(f"Unexpected content. Expected: {_NEW}. Retrying")
            except OSError as error:
                self._failed = True
                words = (error.strerror or "").lower()
                await self._run.say(f"Error reading file {path}: open {path}: {words}, retrying")
            await asyncio.sleep(2)
