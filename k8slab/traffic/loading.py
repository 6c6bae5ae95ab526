"""A load run on the lab: where the URL leads, which limits hold there, the run itself, and its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from k8slab.diagnose import parse_request
from k8slab.diagnose.ingress.scene import build_scene
from k8slab.errors import CommandError
from k8slab.snapshot import Snapshot
from k8slab.traffic.load.bucket import Limit
from k8slab.traffic.load.chart import chart
from k8slab.traffic.load.engine import start
from k8slab.traffic.load.report import LoadReport
from k8slab.traffic.load.samples import MOST_REQUESTS, Plan, Run
from k8slab.traffic.load.versions import versioner
from k8slab.traffic.resolving import Target

_TICK_SECONDS = 0.2


class Lab(Protocol):
    """What a run needs of the cluster."""

    def resolve(self, scheme: str, host: str, port: int) -> Target:
        """Return where a URL leads from this machine."""
        ...

    def full_snapshot(self, namespace: str) -> Snapshot:
        """Return a picture with everything that a diagnosis looks at."""
        ...


def prepare(
    lab: Lab, url: str, namespace: str, rps: float, seconds: float, concurrency: int = 100,
    headers: Mapping[str, str] | None = None,
) -> tuple[Plan, tuple[Limit, ...]]:  # fmt: skip
    """Return the plan and the limits of the Ingress that serves the URL; raises ``CommandError`` for bad numbers."""
    if rps <= 0 or seconds <= 0 or concurrency < 1 or rps * seconds > MOST_REQUESTS:
        raise CommandError(
            f"{rps:g} requests/s for {seconds:g} s is not possible.",
            f"At most {MOST_REQUESTS} requests, and more than none.",
        )
    request = parse_request(url, namespace=namespace, headers=dict(headers or {}))
    target = lab.resolve(request.scheme, request.host, request.port)
    path = request.path + (f"?{request.query}" if request.query else "")
    given = tuple((headers or {}).items())
    name = request.server_name if target.note or given else f"{request.host}:{request.port}"
    plan = Plan(target.host, target.port, name, path, rps, seconds, concurrency, request.scheme == "https",
                reuse=bool(target.note), headers=given)  # fmt: skip
    location = build_scene(lab.full_snapshot(namespace), request).location if target.note else None
    if location is None:
        return plan, ()
    settings, burst = location.settings, location.settings.limit_burst_multiplier
    rates = (("limit-rps", settings.limit_rps, 1), ("limit-rpm", settings.limit_rpm, 60))
    return plan, tuple(Limit(rate / per, rate * burst, name=name) for name, rate, per in rates if rate > 0)


def execute(run: Run, header: str = "", watch: Callable[[Run], None] = lambda _run: None) -> None:
    """Run to the end; an interrupt stops it early and keeps what it showed. ``watch`` is called while it runs."""
    thread = start(run, versioner(header))
    try:
        while thread.is_alive():
            thread.join(_TICK_SECONDS)
            watch(run)
    except KeyboardInterrupt:
        run.stopped = True
        thread.join()


def report_of(run: Run, url: str, limits: tuple[Limit, ...], targets: Mapping[str, float] | None = None) -> LoadReport:
    """Return the report with its picture."""
    samples = tuple(run.samples)
    svg = chart(samples, limits[0] if limits else None)
    return LoadReport(run.plan, samples, url, limits, targets or {}, svg)


def parse_share(text: str) -> tuple[str, float]:
    """Read ``v2=20%`` or ``v2=0.2``; raises ``CommandError``."""
    name, _, share = text.rpartition("=")
    try:
        value = float(share.rstrip("%")) / (100 if share.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not name or not 0 <= value <= 1:
        raise CommandError(f"{text!r} is no share of a version.", "For example: --target v2=20%")
    return name, value
