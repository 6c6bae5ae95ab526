"""What a container leaves as its last words (kuberuntime: getTerminationMessage)."""

from __future__ import annotations

from contextlib import suppress

from k8slab.emulator.api import ContainerSpec
from k8slab.emulator.node.host.shell.files import Tree
from k8slab.emulator.node.logs import RunLog
from k8slab.kube.objects import Obj

_FILE_BYTES = 4096
_LOG_BYTES, _LOG_LINES = 2048, 80


def prepare_message(spec: ContainerSpec, container: Obj) -> None:
    """Make the empty file that a program may write to."""
    with suppress(OSError):
        place = Tree(spec.root, spec.volumes).host(_path(container))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()


def termination_message(spec: ContainerSpec, container: Obj, log: RunLog, exit_code: int) -> str:
    """Return the end of the message file, or of the log where the container asks for that after an error."""
    message = ""
    with suppress(OSError):
        message = (
            Tree(spec.root, spec.volumes).host(_path(container)).read_bytes()[-_FILE_BYTES:].decode(errors="replace")
        )
    if message or exit_code == 0 or container.get("terminationMessagePolicy") != "FallbackToLogsOnError":
        return message
    return log.tail(_LOG_BYTES, _LOG_LINES)


def _path(container: Obj) -> str:
    return str(container.get("terminationMessagePath") or "/dev/termination-log")
