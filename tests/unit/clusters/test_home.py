import errno
from pathlib import Path

import pytest

from k8slab.clusters.home import (
    cluster_folder,
    home,
    known_clusters,
    locked,
    prepare_folder,
    remove_folder,
    write_private,
)
from k8slab.errors import ClusterError


def test_home_is_what_the_environment_says(tmp_path: Path):
    assert home({"K8SLAB_HOME": str(tmp_path)}) == tmp_path


def test_home_without_a_setting_is_the_users_data_folder():
    assert home({}).name == "k8slab"


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "..", "-a", "a" * 41, "a b"])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ClusterError) as caught:
        cluster_folder(tmp_path, name)
    assert "--name my-lab" in caught.value.action


def test_known_clusters_are_the_folders_with_usable_names(tmp_path: Path):
    assert known_clusters(tmp_path) == []
    for name in ("b", "a", "Not-A-Name"):
        prepare_folder(tmp_path / "clusters" / name)
    assert known_clusters(tmp_path) == ["a", "b"]


def test_a_folder_below_a_file_gives_the_reason_and_the_next_action(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ClusterError) as caught:
        prepare_folder(tmp_path / "file" / "clusters")
    assert "not a directory" in caught.value.message
    assert "K8SLAB_HOME" in caught.value.action


@pytest.mark.parametrize(
    ("code", "word"), [(errno.ENOSPC, "is full"), (errno.EROFS, "read-only file system"), (errno.EACCES, "permission")]
)
def test_a_home_that_cannot_be_written_gives_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, word: str
):
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(code, __import__("os").strerror(code))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(ClusterError) as caught:
        prepare_folder(tmp_path / "x")
    assert word in caught.value.message
    assert "K8SLAB_HOME" in caught.value.action


def test_private_files_are_for_their_owner_only(tmp_path: Path):
    path = tmp_path / "kubeconfig"
    write_private(path, "secret")
    assert path.read_text() == "secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["kubeconfig"]


def test_a_private_file_in_a_missing_folder_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ClusterError):
        write_private(tmp_path / "missing" / "kubeconfig", "secret")


def test_two_commands_cannot_hold_one_folder(tmp_path: Path):
    with locked(tmp_path), pytest.raises(ClusterError) as caught, locked(tmp_path):
        pass
    assert "right now" in caught.value.message
    with locked(tmp_path):
        pass


def test_removing_what_is_not_there_is_fine(tmp_path: Path):
    remove_folder(tmp_path / "missing")
    assert not Path(tmp_path / "missing").exists()
