"""When a container is started again (k8s.io/kubernetes/pkg/kubelet/container: ShouldContainerBeRestarted, back-off)."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_SECONDS = 10.0
LONGEST_SECONDS = 300.0
# A container that ran this long starts with a fresh back-off.
FORGIVEN_AFTER_SECONDS = 600.0


def restarts(policy: str, exit_code: int) -> bool:
    """Tell whether a restart policy starts a container again that ended with that code."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


@dataclass(slots=True)
class BackOff:
    """Doubling pauses: none at first, then 10 s up to 5 min."""

    seconds: float = 0.0

    def next(self, ran_seconds: float) -> float:
        """Return the pause before the next start, after a run of that length."""
        if ran_seconds > FORGIVEN_AFTER_SECONDS:
            self.seconds = 0.0
        pause = self.seconds
        self.seconds = min(LONGEST_SECONDS, self.seconds * 2 or FIRST_SECONDS)
        return pause

    def describe(self) -> str:
        """Return the pause as kubelet's messages write it: ``10s``, ``1m20s``, ``5m0s``."""
        return go_duration(max(FIRST_SECONDS, self.seconds / 2 if self.seconds < LONGEST_SECONDS else self.seconds))


def go_duration(seconds: float) -> str:
    """Return whole seconds as Go prints a duration."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
