from __future__ import annotations

import os
import pty
import re
import select
import time
from typing import Any

import pytest

Kubectl = Any


class Terminal:
    """A kubectl in a terminal of its own; ``expect`` waits for output, ``press`` sends keys."""

    def __init__(self, kubectl: Kubectl, *words: str) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execve(kubectl.program, [kubectl.program, *words], kubectl.environment)  # noqa: S606
        self.shown = ""

    def expect(self, pattern: str, limit: float = 15) -> str:
        """Return the output up to a pattern and forget it."""
        deadline = time.monotonic() + limit
        while (found := re.search(pattern, self.shown)) is None:
            if time.monotonic() > deadline or not self._more(deadline - time.monotonic()):
                pytest.fail(f"no {pattern!r} in {self.shown!r}")
        text, self.shown = self.shown[: found.end()], self.shown[found.end() :]
        return text

    def _more(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], max(0, seconds))
        try:
            data = os.read(self.descriptor, 65536) if ready else b""
        except OSError:  # the child has ended
            data = b""
        self.shown += data.decode()
        return bool(data)

    def press(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def end(self) -> tuple[str, int]:
        """Return the rest of the output and the exit code."""
        while self._more(10):
            pass
        os.close(self.descriptor)
        _, status = os.waitpid(self.pid, 0)
        return self.shown, os.waitstatus_to_exitcode(status)


@pytest.fixture(params=["websocket", "spdy"])
def client(kubectl: Kubectl, request: pytest.FixtureRequest) -> Kubectl:
    return kubectl.with_environment(KUBECTL_REMOTE_COMMAND_WEBSOCKETS=str(request.param == "websocket").lower())


def test_a_shell_in_a_terminal(client: Kubectl) -> None:
    terminal = Terminal(client, "exec", "-it", "two", "-c", "side", "--", "sh")
    terminal.expect("/ # ")
    terminal.press("cd /tm\x7fmp\r")
    terminal.expect("/tmp # ")
    terminal.press("echo a; echo b >&2\r")
    assert terminal.expect("/tmp # ").endswith("\r\na\r\nb\r\n/tmp # ")
    terminal.press("sleep 100\r")
    time.sleep(0.5)
    terminal.press("\x03")
    assert terminal.expect("/tmp # ") == "sleep 100\r\n^C\r\n/tmp # "
    terminal.press("echo $?\r")
    assert "130" in terminal.expect("/tmp # ")
    terminal.press("never\x03")
    assert terminal.expect("/tmp # ") == "never^C\r\n/tmp # "
    terminal.press("exit 3\r")
    assert terminal.end() == ("exit 3\r\ncommand terminated with exit code 3\r\n", 3)


def test_keys_end_a_command(client: Kubectl) -> None:
    terminal = Terminal(client, "exec", "-it", "two", "-c", "side", "--", "sh", "-c", "echo on; cat")
    terminal.expect("on\r\n")
    terminal.press("x\r")
    terminal.expect("x\r\nx\r\n")
    terminal.press("\x04")
    assert terminal.end() == ("", 0)
    terminal = Terminal(client, "exec", "-it", "two", "-c", "side", "--", "sh", "-c", "echo on; sleep 100")
    terminal.expect("on\r\n")
    terminal.press("\x03")
    assert terminal.end() == ("^Ccommand terminated with exit code 130\r\n", 130)


def test_run_gives_a_shell_and_takes_it_away(kubectl: Kubectl) -> None:
    terminal = Terminal(kubectl, "run", "-it", "--rm", "tt", "--image=busybox", "--restart=Never", "--", "sh")
    terminal.expect("/ # ")
    terminal.press("hostname\r")
    assert "tt\r\n" in terminal.expect("/ # ")
    terminal.press("exit 5\r")
    shown, code = terminal.end()
    assert code == 5
    assert "Session ended" in shown
    assert shown.endswith("pod default/tt terminated (Error)\r\n")
