import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from k8slab.clusters.embedded import EmbeddedProvider
from k8slab.clusters.provider import silent
from k8slab.errors import ClusterError


def set_mode(provider: EmbeddedProvider, mode: str):
    provider.folder.mkdir(parents=True, exist_ok=True)
    (provider.folder / "mode").write_text(mode)


def test_a_cluster_that_never_was(provider: EmbeddedProvider):
    assert provider.status().state == "absent"
    assert "%lab start --name demo" in provider.status().detail
    with pytest.raises(ClusterError) as caught:
        provider.kubeconfig()
    assert "%lab start --name demo" in caught.value.action


def test_start_waits_until_ready_and_twice_is_once(provider: EmbeddedProvider):
    told = []
    status = provider.start(told.append)
    assert (status.state, status.server) == ("running", "https://127.0.0.1:1")
    assert "at most 5 s" in told[0]
    assert provider.start(silent).pid == status.pid
    assert status.as_dict()["pid"] == status.pid


def test_the_cluster_is_in_a_session_of_its_own(provider: EmbeddedProvider):
    status = provider.start(silent)
    assert os.getsid(status.pid) != os.getsid(0)


def test_stop_lets_it_end_in_good_order(provider: EmbeddedProvider):
    provider.start(silent)
    status = provider.stop(silent)
    assert (status.state, status.pid) == ("stopped", 0)
    assert provider.stop(silent).state == "stopped"


def test_a_process_that_does_not_listen_is_ended_by_force_and_said_so(provider: EmbeddedProvider):
    set_mode(provider, "stubborn")
    status = provider.start(silent)
    told = []
    assert provider.stop(told.append).state == "died"
    assert "by force" in told[-1]
    with pytest.raises(ProcessLookupError):
        os.kill(status.pid, 0)


def test_a_killed_process_is_noticed_and_started_again(provider: EmbeddedProvider):
    first = provider.start(silent)
    os.kill(first.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    died = provider.status()
    assert died.state == "died"
    assert str(first.pid) in died.detail
    assert "%lab start --name demo" in died.detail
    assert provider.start(silent).pid != first.pid


def test_the_reason_that_the_child_gives_is_shown(provider: EmbeddedProvider):
    set_mode(provider, "refuse")
    with pytest.raises(ClusterError) as caught:
        provider.start(silent)
    assert (caught.value.message, caught.value.action) == ("port 1 is in use", "choose another")


def test_a_child_that_crashes_leaves_its_last_words(provider: EmbeddedProvider):
    set_mode(provider, "crash")
    with pytest.raises(ClusterError) as caught:
        provider.start(silent)
    assert "no such luck" in caught.value.message
    assert str(provider.folder / "log") in caught.value.action


def test_a_child_that_closes_the_pipe_without_a_word_is_not_ready(provider: EmbeddedProvider):
    set_mode(provider, "silent")
    with pytest.raises(ClusterError):
        replace(provider, start_deadline=0.3).start(silent)
    assert not _processes_of(provider)


def test_the_deadline_is_kept_and_nothing_stays_behind(provider: EmbeddedProvider, tmp_path: Path):
    sleeper = tmp_path / "stand_in_process.py"
    sleeper.write_text("import signal\nwhile True: signal.pause()\n")
    began = time.monotonic()
    with pytest.raises(ClusterError) as caught:
        replace(provider, start_deadline=0.3).start(silent)
    assert "within 0 s" in caught.value.message
    assert time.monotonic() - began < 3
    assert not _processes_of(provider)


def test_a_damaged_state_file_does_not_prevent_a_start(provider: EmbeddedProvider):
    provider.folder.mkdir(parents=True)
    (provider.folder / "state.json").write_text("{")
    with pytest.raises(ClusterError):
        provider.status()
    assert provider.start(silent).state == "running"


def test_reset_forgets_objects_and_keeps_the_credentials(provider: EmbeddedProvider):
    provider.start(silent)
    (provider.folder / "store.db").write_text("objects")
    (provider.folder / "kubeconfig").write_text("credentials")
    assert provider.reset(silent).state == "running"
    assert not (provider.folder / "store.db").exists()
    assert provider.kubeconfig().read_text() == "credentials"


def test_delete_leaves_nothing(provider: EmbeddedProvider):
    provider.start(silent)
    provider.delete(silent)
    assert not provider.folder.exists()
    assert provider.status().state == "absent"


def _processes_of(provider: EmbeddedProvider) -> list[str]:
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(provider.folder) in line]
