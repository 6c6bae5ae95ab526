"""The log of a controller replica: its own lines as klog writes them, and nginx's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from k8slab.clock import Clock
from k8slab.emulator.api import ContainerLog

_LINE = "-" * 79
_UPSTREAM = re.compile(rb"\[([^\]]*)\] \[\] unix:\S+")


class ControllerLog:
    """Writes lines; ``last`` maps a backend's name to the endpoint that its last connection went to."""

    def __init__(self, log: ContainerLog, clock: Clock, last: Mapping[str, str], scratch: str) -> None:
        self._log = log
        self._clock = clock
        self._last = last
        self._scratch = scratch.encode()

    def banner(self, image: str) -> None:
        """Write what the controller says first."""
        tag = image.partition("@")[0].rpartition(":")[2]
        for text in (
            _LINE, "NGINX Ingress controller", f"  Release:       {tag}", "  Build:         k8slab",
            "  Repository:    https://github.com/kubernetes/ingress-nginx",
            "  nginx version: nginx/1.27.1", "", _LINE, "",
        ):  # fmt: skip
            self._log.write("stderr", f"{text}\n".encode())

    def line(self, level: str, place: str, text: str) -> None:
        """Write one line in klog's form: level, date, place, text."""
        now = self._clock.now()
        self._log.write("stderr", f"{level}{now:%m%d %H:%M:%S.%f}       7 {place}] {text}\n".encode())

    def of_nginx(self, stream: str, line: bytes) -> None:
        """Take a line of nginx; sockets of ours are shown as the endpoints they stand for."""
        shown = _UPSTREAM.sub(self._endpoint, line).replace(self._scratch, b"/etc/nginx")
        self._log.write("stdout" if stream == "stdout" else "stderr", shown)

    def _endpoint(self, match: re.Match[bytes]) -> bytes:
        endpoint = self._last.get(match[1].decode(), "-")
        return b"[" + match[1] + b"] [] " + endpoint.encode()
