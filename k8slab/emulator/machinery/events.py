"""Events as Kubernetes' components write them (k8s.io/client-go/tools/record)."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

from k8slab.clock import Clock, timestamp
from k8slab.emulator.api import Api
from k8slab.kube.objects import Obj, name_of, namespace_of, uid_of
from k8slab.kube.resources import EVENTS
from k8slab.kube.status import ApiError

EventKind = Literal["Normal", "Warning"]
_K = TypeVar("_K")
_V = TypeVar("_V")

# client-go's EventCorrelator: more than 10 events of one reason within 600 s are combined; 25 events per
# object at once, then one in 300 s; 4096 remembered keys.
_SIMILAR_LIMIT = 10
_SIMILAR_SECONDS = 600.0
_BURST = 25.0
_REFILL_SECONDS = 300.0
_REMEMBERED = 4096
_COMBINED = "(combined from similar events): "
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Similar:
    messages: set[str] = field(default_factory=set)
    last: float = 0.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    last: float


@dataclass(slots=True)
class _Recorded:
    """What was written last under a key: the event and how often it happened."""

    event: Obj
    count: int


class EventRecorder:
    """Writes events of one component; ``event`` only queues, ``run`` writes in order.

    ``component`` becomes ``source.component`` and ``reportingComponent``; ``host`` (a kubelet's node)
    ``source.host`` and ``reportingInstance``. The same event again raises ``count`` and ``lastTimestamp``.
    """

    def __init__(self, api: Api, clock: Clock, component: str, host: str = "") -> None:
        self._api = api
        self._clock = clock
        self._component = component
        self._host = host
        self._pending: deque[tuple[tuple[str, ...], Obj]] = deque()
        self._more = asyncio.Event()
        self._writing = False
        self._recorded: OrderedDict[tuple[str, ...], _Recorded] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._last_nanosecond = 0

    @property
    def idle(self) -> bool:
        """Tell whether everything recorded so far is written."""
        return not self._pending and not self._writing

    def event(self, obj: Obj, kind: EventKind, reason: str, message: str, field_path: str = "") -> None:
        """Record that something happened to an object; ``field_path`` such as ``spec.containers{nginx}``."""
        if not self._allowed(uid_of(obj)):
            return
        event = self._new_event(obj, kind, reason, message, field_path)
        group = self._group(event)
        similar = _remember(self._similar, group, _Similar())
        now = self._clock.monotonic()
        if now - similar.last > _SIMILAR_SECONDS:
            similar.messages.clear()
        similar.last = now
        similar.messages.add(message)
        if len(similar.messages) >= _SIMILAR_LIMIT:
            event["message"] = _COMBINED + message
            similar.messages.pop()
            key = group
        else:
            key = (*group, field_path, message)
        self._pending.append((key, event))
        self._more.set()

    async def run(self) -> None:
        """Write events until cancelled. An event that the API refuses is dropped, as in client-go."""
        while True:
            await self.flush()
            self._more.clear()
            await self._more.wait()

    async def flush(self) -> None:
        """Write everything that is queued now."""
        while self._pending:
            key, event = self._pending.popleft()
            self._writing = True
            try:
                await self._write(key, event)
            except ApiError as error:
                _log.debug("event %s dropped: %s", name_of(event), error)
            finally:
                self._writing = False

    async def _write(self, key: tuple[str, ...], event: Obj) -> None:
        recorded = self._recorded.get(key)
        if recorded is not None and await self._repeat(recorded, event):
            return
        _remember(self._recorded, key, _Recorded(event, 1))
        await self._create(event)

    async def _create(self, event: Obj) -> None:
        try:
            await self._api.create(EVENTS, event)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
            # Another component told something of the same object in the same moment.
            name, _, _ = name_of(event).rpartition(".")
            event["metadata"]["name"] = f"{name}.{self._nanosecond(self._clock.now()):x}"
            await self._create(event)

    async def _repeat(self, recorded: _Recorded, event: Obj) -> bool:
        known = recorded.event
        patch = {"count": recorded.count + 1, "lastTimestamp": event["lastTimestamp"], "message": event["message"]}
        try:
            await self._api.patch(EVENTS, namespace_of(known), name_of(known), patch)
        except ApiError as error:
            if error.reason == "NotFound":
                return False
            raise
        recorded.count += 1
        return True

    def _allowed(self, uid: str) -> bool:
        now = self._clock.monotonic()
        bucket = _remember(self._buckets, uid, _Bucket(_BURST, now))
        bucket.tokens = min(_BURST, bucket.tokens + (now - bucket.last) / _REFILL_SECONDS)
        bucket.last = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _new_event(self, obj: Obj, kind: EventKind, reason: str, message: str, field_path: str) -> Obj:
        now = self._clock.now()
        namespace = namespace_of(obj) or "default"
        involved = {
            "apiVersion": obj.get("apiVersion", ""),
            "kind": obj.get("kind", ""),
            "name": name_of(obj),
            "namespace": namespace_of(obj),
            "uid": uid_of(obj),
            "resourceVersion": str(obj.get("metadata", {}).get("resourceVersion", "")),
            "fieldPath": field_path,
        }
        source = {"component": self._component, **({"host": self._host} if self._host else {})}
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name_of(obj)}.{self._nanosecond(now):x}", "namespace": namespace},
            "involvedObject": {name: value for name, value in involved.items() if value},
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": timestamp(now),
            "lastTimestamp": timestamp(now),
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": self._component,
            "reportingInstance": self._host,
        }

    def _nanosecond(self, now: datetime) -> int:
        """Return a number for the name: nanoseconds since 1970, never the same twice."""
        whole = int(now.timestamp()) * 1_000_000_000 + now.microsecond * 1000
        self._last_nanosecond = max(whole, self._last_nanosecond + 1)
        return self._last_nanosecond

    def _group(self, event: Obj) -> tuple[str, ...]:
        involved = event["involvedObject"]
        names = ("kind", "namespace", "name", "uid", "apiVersion")
        return (*(str(involved.get(name, "")) for name in names), event["type"], event["reason"])


def _remember(memory: OrderedDict[_K, _V], key: _K, new: _V) -> _V:
    found = memory.setdefault(key, new)
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
    return found
