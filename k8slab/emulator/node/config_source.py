"""What a pod's environment and volumes are made of, read through the API when it is needed."""

from __future__ import annotations

import datetime as dt

from k8slab.clock import parse_timestamp
from k8slab.emulator.api import Api
from k8slab.emulator.node.volumes.content import VolumeError
from k8slab.kube.objects import Obj, name_of, namespace_of, uid_of
from k8slab.kube.resources import CLAIMS, CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, VOLUMES, Resource
from k8slab.kube.status import ApiError

_NOT_FOUND = 404


class ApiSource:
    """ConfigMaps, Secrets and tokens from the API."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def config_map(self, namespace: str, name: str) -> Obj | None:
        """Return a ConfigMap, or None."""
        return await self._get(CONFIG_MAPS, namespace, name)

    async def secret(self, namespace: str, name: str) -> Obj | None:
        """Return a Secret, or None."""
        return await self._get(SECRETS, namespace, name)

    async def claim(self, namespace: str, name: str) -> Obj | None:
        """Return a PersistentVolumeClaim, or None."""
        return await self._get(CLAIMS, namespace, name)

    async def volume(self, name: str) -> Obj | None:
        """Return a PersistentVolume, or None."""
        return await self._get(VOLUMES, "", name)

    async def _get(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        try:
            return await self._api.get(resource, namespace, name)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return None
            raise

    async def token(self, pod: Obj, audience: str, seconds: int) -> tuple[str, dt.datetime]:
        """Return a token bound to the pod and when it ends; raises ``VolumeError``."""
        namespace = namespace_of(pod)
        account = str(pod["spec"].get("serviceAccountName") or "default")
        bound = {"apiVersion": "v1", "kind": "Pod", "name": name_of(pod), "uid": uid_of(pod)}
        spec: Obj = {"expirationSeconds": seconds, "boundObjectRef": bound}
        if audience:
            spec["audiences"] = [audience]
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                   "metadata": {"namespace": namespace}, "spec": spec}  # fmt: skip
        try:
            made = await self._api.create(SERVICE_ACCOUNTS, request, subresource="token", name=account)
        except ApiError as error:
            raise VolumeError(f"failed to fetch token: {error.status['message']}") from error
        return made["status"]["token"], parse_timestamp(made["status"]["expirationTimestamp"])
