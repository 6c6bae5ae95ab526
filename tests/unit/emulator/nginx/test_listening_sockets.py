from __future__ import annotations

import socket
import tempfile
from pathlib import Path

import pytest

from k8slab.emulator.nginx.process import listening_sockets


def test_a_worker_that_loses_the_race_for_a_connection_does_not_wait_for_the_next():
    with tempfile.TemporaryDirectory() as folder:  # short: a socket's path has at most 107 bytes
        path = Path(folder) / "80"
        (listening,) = listening_sockets([str(path)])
        with listening, socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            listening.accept()[0].close()
            with pytest.raises(BlockingIOError):
                listening.accept()
