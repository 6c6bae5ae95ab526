"""The image of a container: there, pulled, or the errors of a pull and the pauses between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from k8slab.clock import Clock
from k8slab.emulator.api import Program
from k8slab.emulator.node.catalogue.images import Image, PullError
from k8slab.emulator.node.lifecycle.restarts import BackOff
from k8slab.emulator.node.runtime import Runtime
from k8slab.kube.objects import Obj

_INVALID_PAUSE_SECONDS = 10.0
# How long the error itself is shown before the back-off is.
_SHOWN_SECONDS = 2.0


class Reporter(Protocol):
    """Takes what happens to a container."""

    def tell(self, kind: str, reason: str, message: str) -> None:
        """Record an event."""
        ...

    def wait_for(self, reason: str, message: str) -> None:
        """Show the container as waiting."""
        ...


@dataclass(slots=True)
class ImagePuller:
    """Finds a container's image, as often as it takes."""

    runtime: Runtime
    clock: Clock
    reporter: Reporter
    _back_off: BackOff = field(default_factory=BackOff)

    async def pull(self, container: Obj) -> tuple[Image, Program, str]:
        """Return the row, the program and the image id."""
        name = str(container.get("image", ""))
        while True:
            try:
                found = self.runtime.find(container)
            except PullError as error:
                await self._failed(container, name, error)
                continue
            self._pulled(container, name)
            return found

    def _pulled(self, container: Obj, name: str) -> None:
        if container.get("imagePullPolicy") != "Always":
            self.reporter.tell("Normal", "Pulled", f'Container image "{name}" already present on machine')
            return
        self.reporter.tell("Normal", "Pulling", f'Pulling image "{name}"')
        took = "1ms (1ms including waiting)"
        self.reporter.tell("Normal", "Pulled", f'Successfully pulled image "{name}" in {took}. Image size: 0 bytes.')

    async def _failed(self, container: Obj, name: str, error: PullError) -> None:
        report = self.reporter
        if error.reason == "InvalidImageName":
            report.wait_for(error.reason, str(error))
            report.tell("Warning", "InspectFailed", str(error))
            report.tell("Warning", "Failed", "Error: InvalidImageName")
            await self.clock.sleep(_INVALID_PAUSE_SECONDS)
        elif container.get("imagePullPolicy") == "Never":
            message = f'Container image "{name}" is not present with pull policy of Never'
            report.wait_for("ErrImageNeverPull", message)
            report.tell("Warning", "ErrImageNeverPull", message)
            report.tell("Warning", "Failed", "Error: ErrImageNeverPull")
            await self.clock.sleep(_INVALID_PAUSE_SECONDS)
        else:
            await self._not_found(name, error)

    async def _not_found(self, name: str, error: PullError) -> None:
        report = self.reporter
        report.tell("Normal", "Pulling", f'Pulling image "{name}"')
        report.wait_for("ErrImagePull", str(error))
        report.tell("Warning", "Failed", f'Failed to pull image "{name}": {error}')
        report.tell("Warning", "Failed", "Error: ErrImagePull")
        # The first look at the error; then the kubelet's next sync finds the back-off.
        self._back_off.next(0.0)
        pause = max(10.0, self._back_off.seconds)
        await self.clock.sleep(min(_SHOWN_SECONDS, pause))
        report.wait_for("ImagePullBackOff", f'Back-off pulling image "{name}": ErrImagePull: {error}')
        report.tell("Normal", "BackOff", f'Back-off pulling image "{name}"')
        report.tell("Warning", "Failed", "Error: ImagePullBackOff")
        await self.clock.sleep(pause - min(_SHOWN_SECONDS, pause))
