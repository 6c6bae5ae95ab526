"""nginx and its configuration: tested first, taken over in one step, and kept when the new one is refused."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from k8slab.emulator.ingress.log import ControllerLog
from k8slab.emulator.nginx.process import NginxProcess


class Reports(Protocol):
    """Tells the world what became of a configuration."""

    async def reloaded(self) -> None:
        """Tell that nginx serves a new one."""
        ...

    async def reload_failed(self, output: str) -> None:
        """Tell what nginx said of one that it refused."""
        ...


class Server:
    """Keeps ``nginx.conf`` below ``scratch``; the container shows a copy at ``/etc/nginx/nginx.conf``."""

    def __init__(self, nginx: NginxProcess, scratch: Path, root: Path, log: ControllerLog, reports: Reports) -> None:
        self._nginx = nginx
        self._file = scratch / "nginx.conf"
        self._shown = root / "etc/nginx/nginx.conf"
        self._log = log
        self._reports = reports
        self._text = ""
        self._refused = ""

    async def begin(self, text: str, unknown: Sequence[str]) -> None:
        """Write the first configuration; routes that nginx refuses are left out until somebody changes them."""
        self._write(self._file, text)
        problem = await self._problem(self._file, text, unknown)
        if problem:
            await self._refuse(problem, text)
        self._text = text
        self._show()

    async def serve(self, text: str, unknown: Sequence[str]) -> bool:
        """Let nginx serve a configuration; tell whether it does."""
        if text == self._text:
            return True
        if text == self._refused:
            return False
        fresh = self._file.with_name("nginx.conf.new")
        self._write(fresh, text)
        problem = await self._problem(fresh, text, unknown)
        if problem:
            await self._refuse(problem, text)
            return False
        fresh.replace(self._file)
        self._text, self._refused = text, ""
        self._nginx.signal(signal.SIGHUP)
        self._log.line("I", "controller.go:228", '"Backend successfully reloaded"')
        await self._reports.reloaded()
        await asyncio.to_thread(self._show)
        return True

    async def _problem(self, file: Path, text: str, unknown: Sequence[str]) -> str:
        if unknown:
            line = next((number for number, entry in enumerate(text.split("\n"), 1) if unknown[0] in entry), 1)
            where = f"/etc/nginx/nginx.conf:{line}"
            return f'nginx: [emerg] host not found in upstream "{unknown[0]}" in {where}'
        code, output = await self._nginx.test(str(file))
        return output.decode(errors="replace").replace("nginx.conf.new", "nginx.conf").strip() if code else ""

    async def _refuse(self, problem: str, text: str) -> None:
        self._refused = text
        self._log.line("E", "queue.go:131", f'"requeuing" err="\\n{problem}"')
        await self._reports.reload_failed(problem)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o600)

    def _show(self) -> None:
        self._shown.parent.mkdir(parents=True, exist_ok=True)
        self._shown.write_text(self._text)
