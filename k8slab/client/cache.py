"""Copies of the cluster's objects, kept fresh by one watch for each resource; what checks and diagrams read."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from k8slab.client.https import read_credentials, tls_context
from k8slab.errors import ClusterError
from k8slab.kube.objects import Obj, ObjectKey, key_of, metadata
from k8slab.kube.resources import Resource
from k8slab.snapshot import PICTURED, Gap, Snapshot

_OK, _FORBIDDEN = 200, 403
_PAUSE_SECONDS = 0.5
_READ_SECONDS = 60.0


class Connection:
    """Opens HTTPS connections to one API server with the credentials of a kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        credentials = read_credentials(kubeconfig)
        self.server = credentials.server
        self._token = credentials.token
        self._address = urlsplit(credentials.server)
        self._tls: ssl.SSLContext = tls_context(credentials)

    def open(self, timeout_seconds: float = _READ_SECONDS) -> http.client.HTTPSConnection:
        """Return a new connection (connected at its first request)."""
        host, port = self._address.hostname or "", self._address.port or 443
        return http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=self._tls)

    def get(self, connection: http.client.HTTPSConnection, path: str) -> http.client.HTTPResponse:
        """Send a GET; raises ``OSError``."""
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection.request("GET", path, headers=headers)
        return connection.getresponse()


class _Follower(threading.Thread):
    """One resource: list, then watch from that revision, again after every break."""

    def __init__(self, cache: WatchedCache, resource: Resource, namespace: str) -> None:
        super().__init__(name=f"k8slab watch {resource.plural}", daemon=True)
        self._cache = cache
        self.resource = resource
        self._path = resource.path(namespace)
        self._namespace = namespace
        self.objects: dict[ObjectKey, Obj] = {}
        self.gap: Gap | None = None
        self.ready = threading.Event()
        self._connection: http.client.HTTPSConnection | None = None

    def run(self) -> None:
        while not self._cache.closed.is_set():
            try:
                self._follow()
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.gap = Gap(self.resource, self._namespace, f"the API does not answer: {error}")
            self.ready.set()
            self._cache.closed.wait(_PAUSE_SECONDS)

    def stop(self) -> None:
        """Break the open connection, so that the thread ends now."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(2)

    def _follow(self) -> None:
        self._connection = self._cache.connection.open()
        with contextlib.closing(self._connection):
            revision = self._list()
            if revision is None:
                return
            query = f"?watch=true&allowWatchBookmarks=true&resourceVersion={quote(revision)}"
            answer = self._cache.connection.get(self._connection, self._path + query)
            for event in self._events(answer):
                if not self._take(event):
                    return

    def _list(self) -> str | None:
        if self._connection is None:
            return None
        answer = self._cache.connection.get(self._connection, self._path)
        body = json.loads(answer.read())
        if answer.status == _FORBIDDEN and self._may_see_less():
            return self._list()
        if answer.status != _OK:
            self.gap = Gap(self.resource, self._namespace, str(body.get("message", answer.reason)))
            return None
        kind = {"apiVersion": self.resource.api_version, "kind": self.resource.kind}
        found = [{**kind, **item} for item in body["items"]]
        with self._cache.changed:
            self.objects = {key_of(item): item for item in found}
            self.gap = None
            self._cache.note()
        self.ready.set()
        return str(metadata(body)["resourceVersion"])

    def _may_see_less(self) -> bool:
        """Go on with the learner's own namespace where the whole cluster may not be read; tell whether that is new."""
        if self._namespace or not self._cache.fallback or not self.resource.namespaced:
            return False
        self._namespace = self._cache.fallback
        self._path = self.resource.path(self._namespace)
        return True

    def _events(self, answer: http.client.HTTPResponse) -> Iterator[Any]:
        while line := answer.readline():
            yield json.loads(line)

    def _take(self, event: Any) -> bool:
        kind, obj = event["type"], event["object"]
        if kind == "ERROR":
            return False
        if kind != "BOOKMARK":
            with self._cache.changed:
                fresh = dict(self.objects)
                if kind == "DELETED":
                    fresh.pop(key_of(obj), None)
                else:
                    fresh[key_of(obj)] = obj
                self.objects = fresh
                self._cache.note()
        return True


class WatchedCache:
    """Follows the pictured resources in threads until closed. ``namespace`` empty: the whole cluster.

    ``fallback`` is followed instead where the whole cluster may not be read (a learner with a Role in one namespace).
    """

    def __init__(self, kubeconfig: Path, namespace: str = "", fallback: str = "") -> None:
        self.fallback = fallback
        self.connection = Connection(kubeconfig)
        self.closed = threading.Event()
        self.changed = threading.Condition()
        self._version = 0
        self._followers = [_Follower(self, resource, namespace) for resource in PICTURED]
        for follower in self._followers:
            follower.start()

    def note(self) -> None:
        """Say that something changed (with ``changed`` held)."""
        self._version += 1
        self.changed.notify_all()

    @property
    def version(self) -> int:
        """Return a number that grows with every change."""
        return self._version

    def snapshot(self, namespace: str, deadline_seconds: float = 5.0) -> Snapshot:
        """Return the present picture; raises ``ClusterError`` when the API does not answer."""
        until = time.monotonic() + deadline_seconds
        for follower in self._followers:
            if not follower.ready.wait(max(0.0, until - time.monotonic())):
                raise ClusterError(
                    f"The cluster's API at {self.connection.server} does not answer.", "Look at it: %lab status"
                )
        with self.changed:
            objects = {follower.resource: list(follower.objects.values()) for follower in self._followers}
            gaps = [follower.gap for follower in self._followers if follower.gap is not None]
        if len(gaps) == len(self._followers):
            raise ClusterError(f"Nothing of the cluster can be read: {gaps[0].reason}.", "Look at it: %lab status")
        return Snapshot.build(namespace, datetime.now(UTC), objects, gaps)

    def wait(self, seen: int, seconds: float) -> bool:
        """Return True as soon as something changed after version ``seen``, False when nothing did in time."""
        with self.changed:
            return self.changed.wait_for(lambda: self._version > seen or self.closed.is_set(), seconds)

    def close(self) -> None:
        """End all threads."""
        self.closed.set()
        for follower in self._followers:
            follower.stop()
        with self.changed:
            self.changed.notify_all()
        for follower in self._followers:
            follower.join(5.0)
