"""What a load run is asked to do, and what each of its requests met. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_REQUESTS = 200_000


@dataclass(frozen=True, slots=True)
class Plan:
    """``rps`` requests a second for ``seconds``, at most ``concurrency`` at the same time.

    ``reuse``: connections are kept, as browsers do; without it each request makes its own, which a Service balances.
    """

    host: str
    port: int
    server_name: str
    path: str
    rps: float
    seconds: float
    concurrency: int = 100
    tls: bool = False
    reuse: bool = True
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 10.0

    @property
    def count(self) -> int:
        """Return how many requests are sent in all."""
        return max(1, round(self.rps * self.seconds))

    def due(self, number: int) -> float:
        """Return when a request is due, from the start on."""
        return number / self.rps


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it was due and sent, how long until its answer (from when it was due), and what came.

    ``status`` is 0 where no answer came; ``error`` then says why. ``version`` tells the answers of several apps apart.
    """

    due: float
    sent: float
    latency: float
    status: int
    version: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether the answer is a success or a redirect."""
        return 200 <= self.status < 400  # noqa: PLR2004 - HTTP's classes


@dataclass(slots=True)
class Run:
    """The samples so far, in the order in which they ended; ``started`` is a wall clock for people."""

    plan: Plan
    samples: list[Sample] = field(default_factory=list)
    stopped: bool = False
