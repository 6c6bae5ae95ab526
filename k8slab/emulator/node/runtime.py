"""Turns a pod's containers into programs: image, environment, tree, start."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from k8slab.clock import Clock
from k8slab.emulator.api import ContainerSpec, Program
from k8slab.emulator.node.catalogue.images import Image, find_image, image_id
from k8slab.emulator.node.catalogue.references import parse_reference
from k8slab.emulator.node.environment import ConfigSource, environment, expand
from k8slab.emulator.node.rootfs import hostname_of, lay_out_system
from k8slab.emulator.node.security import read_only_paths, user_of, writable_paths
from k8slab.emulator.node.volumes.disk import NodeDisk
from k8slab.emulator.node.volumes.manager import PodVolumes, TokenSource
from k8slab.emulator.node.volumes.mounts import mount_all, mounts_of
from k8slab.kube.objects import Obj, name_of, namespace_of, uid_of

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ServiceList(Protocol):
    """The Services that a pod's environment names."""

    def objects(self, namespace: str = "") -> Iterable[Obj]:
        """Return all Services."""
        ...


class Runtime:
    """Knows the programs by name and where pods' trees are."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a node is made of
        self,
        programs: Mapping[str, Program],
        run_dir: Path,
        services: ServiceList,
        source: ConfigSource,
        tokens: TokenSource,
        clock: Clock,
        node: str,
        disk: NodeDisk,
    ) -> None:
        self._programs = programs
        self._run_dir = run_dir
        self._services = services
        self._source = source
        self._tokens = tokens
        self._clock = clock
        self._node = node
        self._disk = disk

    def find(self, container: Obj) -> tuple[Image, Program, str]:
        """Return the row, the program and the image id; raises ``PullError``."""
        image, reference = find_image(str(container.get("image", "")))
        return image, self._programs[image.program], image_id(reference)

    def folder(self, pod: Obj) -> Path:
        """Return where a pod's files are: its containers' trees in ``c``, its volumes in ``v``."""
        return self._run_dir / "p" / uid_of(pod)[:13]

    def volumes(self, pod: Obj) -> PodVolumes:
        """Return what keeps a pod's volumes."""
        return PodVolumes(self.folder(pod) / "v", self._source, self._tokens, self._clock, self._disk)

    def forget(self, pod: Obj) -> None:
        """Remove the files of a pod that is gone."""
        shutil.rmtree(self.folder(pod), ignore_errors=True)

    async def spec(self, pod: Obj, container: Obj, image: Image, address: str) -> ContainerSpec:
        """Return everything that starting the container needs; raises ``ConfigError``."""
        variables = await environment(pod, container, self._services.objects(), self._source)
        hostname = hostname_of(pod)
        system = image.system_for(parse_reference(str(container["image"])).tag)
        user = user_of(pod, container, image.user)
        home = "/" if user["uid"] else "/root"
        values = {"PATH": _PATH, "HOSTNAME": hostname, "HOME": home, **image.env, **variables}
        root = self.folder(pod) / "c" / str(container["name"])
        mounts = mounts_of(pod, container, values)
        # A container that starts again finds the image's files, not what the last run left.
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        lay_out_system(root, system, pod, address)
        mount_all(root, self.folder(pod) / "v", mounts)
        return ContainerSpec(
            pod_uid=uid_of(pod),
            namespace=namespace_of(pod),
            pod_name=name_of(pod),
            pod_address=address,
            container=str(container["name"]),
            image=str(container["image"]),
            command=tuple(expand(text, values) for text in container.get("command") or image.entrypoint),
            args=_arguments(container, image, values),
            env=values,
            working_dir=str(container.get("workingDir") or image.folder),
            hostname=hostname,
            node_name=self._node,
            root=str(root),
            ports=named_ports(container),
            extra={
                "program": image.program,
                "given": bool(container.get("command")),
                "ports": list(image.ports),
                "system": system,
                "stop_signal": image.stop_signal,
                "user": user,
                "writable": writable_paths(mounts),
            },
            stdin=bool(container.get("stdin")),
            stdin_once=bool(container.get("stdinOnce")),
            tty=bool(container.get("tty")),
            volumes=str(self.folder(pod) / "v"),
            read_only=read_only_paths(container, mounts),
        )


def _arguments(container: Obj, image: Image, values: Mapping[str, str]) -> tuple[str, ...]:
    # As with Docker: args replace the image's command; a command without args drops it.
    if container.get("args") is not None:
        return tuple(expand(text, values) for text in container["args"])
    return () if container.get("command") else image.command


def named_ports(container: Obj) -> dict[str, int]:
    """Return the container's ports by name."""
    return {port["name"]: port["containerPort"] for port in container.get("ports") or [] if port.get("name")}


def container_id(pod_uid: str, name: str, restart: int) -> str:
    """Return an id as containerd's look; the same for the same run."""
    return f"containerd://{hashlib.sha256(f'{pod_uid}/{name}/{restart}'.encode()).hexdigest()}"
