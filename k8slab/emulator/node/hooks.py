"""Lifecycle hooks (k8s.io/kubernetes/pkg/kubelet/lifecycle/handlers.go)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from k8slab.clock import Clock
from k8slab.emulator.api import Dialer, ExecError, ExecRequest
from k8slab.emulator.node.probes import OutputCollector, ProbeTarget, http_get
from k8slab.emulator.node.runtime_words import runtime_words
from k8slab.kube.objects import Obj, name_of, namespace_of, uid_of

_HTTP_LIMIT_SECONDS = 30.0


@dataclass(slots=True)
class _Collector(OutputCollector):
    """Keeps error output also on its own: the runtime's error quotes it."""

    errors: bytearray = field(default_factory=bytearray)

    async def write_stderr(self, data: bytes) -> None:
        """Keep error output."""
        self.errors += data
        self.output += data


def pod_words(pod: Obj) -> str:
    """Return how the kubelet names a pod: ``name_namespace(uid)``."""
    return f"{name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})"


@dataclass(frozen=True, slots=True)
class HookRunner:
    """Runs hooks of one started container."""

    pod: Obj
    container: Obj
    target: ProbeTarget
    dialer: Dialer
    clock: Clock

    async def run(self, handler: Obj) -> str:
        """Run a hook; return an empty text, or how it failed in the kubelet's words."""
        if handler.get("exec") is not None:
            return await self._exec(list(handler["exec"].get("command") or []))
        if handler.get("httpGet") is not None:
            return await self._http(handler["httpGet"])
        if handler.get("sleep") is not None:
            await self.clock.sleep(float(handler["sleep"].get("seconds") or 0))
            return ""
        return "Cannot run handler: invalid handler"

    @property
    def _whose(self) -> str:
        return f'for Container "{self.container["name"]}" in Pod "{pod_words(self.pod)}" failed - error:'

    async def _exec(self, command: list[str]) -> str:
        collector = _Collector()
        what = f"Exec lifecycle hook ([{' '.join(command)}]) {self._whose}"
        try:
            code = await self.target.container.exec(ExecRequest("", tuple(command)), collector)
        except ExecError as error:
            return f'{what} rpc error: code = Unknown desc = {runtime_words(error)}, message: ""'
        if code == 0:
            return ""
        said = collector.errors.decode(errors="replace")
        shown = json.dumps(collector.output.decode(errors="replace"), ensure_ascii=False)
        return f"{what} command '{' '.join(command)}' exited with {code}: {said}, message: {shown}"

    async def _http(self, action: Obj) -> str:
        # Any answer will do: the kubelet does not look at its status.
        answer = await http_get(action, self.target, self.dialer, _HTTP_LIMIT_SECONDS)
        if isinstance(answer, int):
            return ""
        return f"HTTP lifecycle hook ({action.get('path') or ''}) {self._whose} {answer}"


async def within(seconds: float, clock: Clock, work: asyncio.Task[str]) -> str:
    """Return what a hook says, or give it up after that time."""
    timer = asyncio.create_task(clock.sleep(seconds))
    try:
        await asyncio.wait([work, timer], return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else ""
    finally:
        for task in (work, timer):
            task.cancel()
        await asyncio.gather(work, timer, return_exceptions=True)
