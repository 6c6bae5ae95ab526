"""One picture of the cluster by one list for each resource: for commands that look once and end."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from k8slab.client.cache import Connection
from k8slab.client.redaction import redacted
from k8slab.errors import ClusterError
from k8slab.kube.objects import Obj
from k8slab.kube.resources import Resource
from k8slab.snapshot import PICTURED, Gap, Snapshot

_SECONDS = 10.0
_FORBIDDEN = 403


def take_snapshot(kubeconfig: Path, namespace: str, resources: Iterable[Resource] = PICTURED) -> Snapshot:
    """List the resources one after another over one connection; raises ``ClusterError`` when the API does not answer.

    Where the whole cluster may not be listed, the namespace is; what cannot be seen at all is a gap.
    """
    api = Connection(kubeconfig)
    objects: dict[Resource, list[Obj]] = {}
    gaps: list[Gap] = []
    with contextlib.closing(api.open(_SECONDS)) as connection:
        try:
            for resource in resources:
                found, gap = _listed(api, connection, resource, namespace)
                objects[resource] = found
                gaps += [gap] if gap else []
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ClusterError(
                f"The cluster's API at {api.server} does not answer: {error}.", "Look at it: %lab status"
            ) from error
    return Snapshot.build(namespace, datetime.now(UTC), objects, gaps)


def _listed(
    api: Connection, connection: http.client.HTTPSConnection, resource: Resource, namespace: str
) -> tuple[list[Obj], Gap | None]:
    status, body = _get(api, connection, resource.path())
    where = ""
    if status == _FORBIDDEN and resource.namespaced:
        where = namespace
        status, body = _get(api, connection, resource.path(namespace))
    if status != http.client.OK:
        return [], Gap(resource, "", str(body.get("message", status)))
    kind = {"apiVersion": resource.api_version, "kind": resource.kind}
    found = [redacted({**kind, **item}) for item in body.get("items") or []]
    return found, Gap(resource, "", f"only those of namespace {where} may be listed") if where else None


def _get(api: Connection, connection: http.client.HTTPSConnection, path: str) -> tuple[int, Obj]:
    answer = api.get(connection, path)
    text = answer.read()
    try:
        body = json.loads(text)
    except ValueError:
        body = {"message": text.decode(errors="replace").strip()}
    return answer.status, body if isinstance(body, dict) else {}
