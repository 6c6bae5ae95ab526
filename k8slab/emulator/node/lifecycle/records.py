"""What the kubelet remembers of a container."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

Phase = Literal["waiting", "running", "terminated"]


@dataclass(frozen=True, slots=True)
class ContainerRecord:
    """One container's state; ``previous`` is how its last run ended."""

    name: str
    image: str
    phase: Phase = "waiting"
    reason: str = ""
    message: str = ""
    exit_code: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    container_id: str = ""
    image_id: str = ""
    restart_count: int = 0
    ready: bool = False
    started: bool = False
    previous: ContainerRecord | None = field(default=None)

    def waiting(self, reason: str, message: str = "") -> ContainerRecord:
        """Return the record of a container that waits to be started (again)."""
        previous = replace(self, previous=None) if self.phase == "terminated" else self.previous
        return replace(
            self, phase="waiting", reason=reason, message=message, ready=False, started=False, previous=previous
        )

    def running(self, container_id: str, image_id: str, now: datetime) -> ContainerRecord:
        """Return the record of a container that was just started; a second start counts as a restart."""
        again = self.previous is not None or self.phase == "terminated"
        previous = replace(self, previous=None) if self.phase == "terminated" else self.previous
        return replace(
            self,
            phase="running",
            reason="",
            message="",
            container_id=container_id,
            image_id=image_id,
            started_at=now,
            finished_at=None,
            restart_count=self.restart_count + again,
            previous=previous,
        )

    def terminated(self, exit_code: int, now: datetime, reason: str = "", message: str = "") -> ContainerRecord:
        """Return the record of a container whose program ended."""
        word = reason or ("Completed" if exit_code == 0 else "Error")
        return replace(
            self,
            phase="terminated",
            exit_code=exit_code,
            reason=word,
            message=message,
            finished_at=now,
            ready=False,
            started=False,
        )
