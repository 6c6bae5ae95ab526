"""The log of a controller replica: its own lines as klog writes them, and nginx's."""

from __future__ import annotations

import re

from k8slab.clock import Clock
from k8slab.emulator.api import ContainerLog
from k8slab.emulator.ingress.slots import Slots

_LINE = "-" * 79


class ControllerLog:
    """Writes lines; sockets of ours are shown as the addresses that they stand for."""

    def __init__(self, log: ContainerLog, clock: Clock, slots: Slots, scratch: str) -> None:
        self._log = log
        self._clock = clock
        self._slots = slots
        self._scratch = scratch.encode()
        self._slot = re.compile(rb"(?:http://|https://|grpc://|grpcs://)?unix:" + re.escape(self._scratch)
                                + rb"/u/([0-9a-f]{12})/(\d+):?")  # fmt: skip
        self._default = b"unix:" + self._scratch + b"/default"

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
        """Take lines of nginx."""
        shown = line
        if self._scratch in line:
            shown = self._slot.sub(self._address, line).replace(self._default, b"127.0.0.1:8181")
            shown = shown.replace(self._scratch, b"/etc/nginx")
        self._log.write("stdout" if stream == "stdout" else "stderr", shown)

    def _address(self, match: re.Match[bytes]) -> bytes:
        address = self._slots.address(match[1].decode(), int(match[2])).encode()
        return b"http://" + address if match[0].startswith(b"http") else address
