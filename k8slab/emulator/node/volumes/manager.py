"""Keeps the volumes of one pod: makes them before its containers start, and follows what they show."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from k8slab.clock import Clock
from k8slab.emulator.node.environment import ConfigSource
from k8slab.emulator.node.volumes.content import (
    Files,
    VolumeError,
    VolumeFile,
    config_map_files,
    downward_files,
    secret_files,
)
from k8slab.emulator.node.volumes.disk import NodeDisk, link
from k8slab.emulator.node.volumes.writing import write_atomically
from k8slab.kube.objects import Obj, namespace_of

_ELSEWHERE = "are not part of the embedded cluster (they work on kind: %lab start --cluster kind)"
_RENEWED_AT = 0.8  # of a token's life, as the kubelet does


class TokenSource(Protocol):
    """Gives out ServiceAccount tokens."""

    async def token(self, pod: Obj, audience: str, seconds: int) -> tuple[str, dt.datetime]:
        """Return a token for the pod's ServiceAccount and when it ends; raises ``VolumeError``."""
        ...


@dataclass(slots=True)
class PodVolumes:
    """The volumes of ``pod`` below ``folder`` (one folder for each, by name)."""

    folder: Path
    source: ConfigSource
    tokens: TokenSource
    clock: Clock
    disk: NodeDisk
    _tokens: dict[tuple[str, int], tuple[str, dt.datetime]] = field(default_factory=dict)

    async def make(self, pod: Obj) -> None:
        """Bring all volumes up to date; raises ``VolumeError`` with the event's words for the first that cannot be."""
        for volume in pod["spec"].get("volumes") or []:
            try:
                await self._one(pod, volume)
            except VolumeError as error:
                raise VolumeError(f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}') from error

    async def _one(self, pod: Obj, volume: Obj) -> None:
        place = self.folder / volume["name"]
        kind = next((key for key in volume if key != "name"), "emptyDir")
        if kind == "emptyDir":
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(0o777)
        elif kind == "hostPath":
            link(place, self.disk.host_path(volume[kind]))
        elif kind == "persistentVolumeClaim":
            link(place, await self.disk.claimed(pod, volume[kind]))
        elif kind == "projected":
            write_atomically(place, await self._projected(pod, volume[kind]))
        elif kind in ("configMap", "secret", "downwardAPI"):
            write_atomically(place, await self._files(pod, kind, volume[kind]))
        else:
            raise VolumeError(f"{kind} volumes {_ELSEWHERE}")

    async def _projected(self, pod: Obj, volume: Obj) -> Files:
        files: Files = {}
        for entry in volume.get("sources") or []:
            for kind, source in entry.items():
                files |= await self._files(pod, kind, {"defaultMode": volume.get("defaultMode"), **source})
        return files

    async def _files(self, pod: Obj, kind: str, source: Obj) -> Files:
        namespace = namespace_of(pod)
        if kind == "configMap":
            return config_map_files(source, await self.source.config_map(namespace, str(source.get("name", ""))))
        if kind == "secret":
            name = str(source.get("secretName") or source.get("name") or "")
            return secret_files(source, await self.source.secret(namespace, name))
        if kind == "downwardAPI":
            return downward_files(source, pod)
        if kind == "serviceAccountToken":
            return {str(source["path"]): VolumeFile(await self._token(pod, source))}
        raise VolumeError(f"{kind} volumes {_ELSEWHERE}")

    async def _token(self, pod: Obj, source: Obj) -> bytes:
        seconds = int(source.get("expirationSeconds") or 3600)
        key = (str(source.get("audience") or ""), seconds)
        known = self._tokens.get(key)
        if known is None or known[1] - self.clock.now() < dt.timedelta(seconds=seconds * (1 - _RENEWED_AT)):
            known = self._tokens[key] = await self.tokens.token(pod, *key)
        return known[0].encode()


def names_used(pod: Obj) -> set[tuple[str, str]]:
    """Return ``(kind, name)`` of the ConfigMaps and Secrets that a pod's volumes show."""
    used: set[tuple[str, str]] = set()
    for volume in pod["spec"].get("volumes") or []:
        for entry in [volume, *((volume.get("projected") or {}).get("sources") or [])]:
            if entry.get("configMap"):
                used.add(("ConfigMap", str(entry["configMap"].get("name", ""))))
            if entry.get("secret"):
                used.add(("Secret", str(entry["secret"].get("secretName") or entry["secret"].get("name") or "")))
    return used
