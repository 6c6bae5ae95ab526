"""A stand-in for the cluster's process: it follows the same rules at start and stop, and serves nothing."""

import sys
import textwrap
from pathlib import Path

import pytest

from k8slab.clusters.embedded import EmbeddedProvider

_CHILD = """
import argparse, json, os, signal, sys
parser = argparse.ArgumentParser()
for option in ("--name", "--dir", "--ready-fd"):
    parser.add_argument(option)
options = parser.parse_args()
mode_file = os.path.join(options.dir, "mode")
mode = open(mode_file).read() if os.path.exists(mode_file) else "good"
if mode == "crash":
    sys.exit("no such luck")
def record(pid, state):
    with open(os.path.join(options.dir, "state.json"), "w") as file:
        json.dump({"pid": pid, "server": "https://127.0.0.1:1", "state": state, "version": "1", "started": "now"}, file)
pipe = int(options.ready_fd)
if mode == "refuse":
    os.write(pipe, json.dumps({"error": "port 1 is in use", "action": "choose another"}).encode() + b"\\n")
    sys.exit(1)
def stop(*_):
    record(0, "stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "stubborn" else stop)
if mode != "silent":
    record(os.getpid(), "running")
    os.write(pipe, json.dumps({"pid": os.getpid(), "server": "https://127.0.0.1:1", "state": "running"}).encode() + b"\\n")
os.close(pipe)
if mode == "silent":
    pipe = os.dup(1)
while True:
    signal.pause()
"""


@pytest.fixture
def provider(tmp_path: Path):
    script = tmp_path / "stand_in_process.py"
    script.write_text(textwrap.dedent(_CHILD))
    made = EmbeddedProvider(
        name="demo", root=tmp_path, command=(sys.executable, "-S", str(script)), start_deadline=5, stop_deadline=1.2
    )
    yield made
    folder = made.folder
    if folder.is_dir():
        (folder / "mode").unlink(missing_ok=True)
        made.delete(lambda _line: None)
