import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from k8slab.clusters.state import is_our_process, read_state
from k8slab.errors import ClusterError


def test_nothing_recorded(tmp_path: Path):
    assert read_state(tmp_path) is None


def test_what_the_cluster_wrote_is_read(tmp_path: Path):
    (tmp_path / "state.json").write_text(json.dumps({"pid": 7, "server": "https://127.0.0.1:1", "state": "running"}))
    found = read_state(tmp_path)
    assert found is not None
    assert (found.pid, found.server, found.state, found.version) == (7, "https://127.0.0.1:1", "running", "")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "many"}', "\x00\xff"])
def test_a_damaged_file_names_the_next_action(tmp_path: Path, text: str):
    (tmp_path / "state.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ClusterError) as caught:
        read_state(tmp_path)
    assert "damaged" in caught.value.message
    assert "k8slab cluster start" in caught.value.action


def test_a_number_alone_does_not_make_a_process_ours():
    assert not is_our_process(os.getpid(), "k8slab.emulator.process")
    assert not is_our_process(0, "")


def test_the_remains_of_a_child_do_not_count_as_life():
    program = [sys.executable, "-c", "print(flush=True); input()", "our-mark"]
    child = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()  # before its first word its command line may not be readable yet
    assert is_our_process(child.pid, "our-mark")
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_our_process(child.pid, "our-mark")
    child.wait()
    child.stdin.close()
    child.stdout.close()
