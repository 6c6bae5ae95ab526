"""One learner's session: a cluster, its objects, a namespace and a lesson."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from k8slab.checks.reader import Answer, HttpProbe, ProbeResult
from k8slab.checks.report import CheckReport
from k8slab.checks.run import run_checks
from k8slab.client.cache import WatchedCache
from k8slab.client.kubectl import Kubectl, find_kubectl
from k8slab.client.listing import take_snapshot
from k8slab.clusters.choice import choose
from k8slab.clusters.provider import Provider, Status
from k8slab.errors import ClusterError, CommandError, LessonError
from k8slab.kube.gateway import HTTP_ROUTES
from k8slab.kube.resources import Resource
from k8slab.language import PhraseBook, chosen_language, named_language, phrase_book
from k8slab.lessons.draw import Draw
from k8slab.lessons.load import find_lesson
from k8slab.lessons.model import Lesson, Step
from k8slab.lessons.progress import Progress
from k8slab.lessons.questions import verdict
from k8slab.snapshot import PICTURED, Snapshot
from k8slab.snapshot.extra import EXTRA
from k8slab.snapshot.gateway_doors import gateway_services
from k8slab.snapshot.ingress_doors import is_lesson_domain
from k8slab.traffic.command import CurlCommand
from k8slab.traffic.inside import parse_answers, probe_arguments
from k8slab.traffic.probe_pod import NAMESPACE, ensure_probe_pod, pod_name
from k8slab.traffic.resolving import Target, entry, gateway_entry, resolve
from k8slab.traffic.sending import Resolve, send

if TYPE_CHECKING:
    from k8slab.traffic.visit.server import VisitProxy

Tell = Callable[[str], None]
DEFAULT_NAMESPACE = "default"

_MOST_COMMANDS = 20


@dataclass(slots=True)
class LabSession:
    """Implements ``checks.reader.Reader``. ``tell`` shows a line to the learner while something takes time."""

    tell: Tell
    provider: Provider = field(default_factory=choose)
    namespace: str = DEFAULT_NAMESPACE
    lesson: Lesson | None = None
    step: int = 0
    # In which the lab speaks, and what the learner foretold, by step.
    language: PhraseBook = field(default_factory=lambda: phrase_book(chosen_language(os.environ)))
    guesses: dict[str, str] = field(default_factory=dict)
    draw: Draw | None = None
    _cache: WatchedCache | None = None
    _seen: int = 0
    _before: Snapshot | None = None
    _visit: VisitProxy | None = None
    commands: list[str] = field(default_factory=list)
    last_error: str = ""
    last_check: str = ""

    # --- the cluster ---

    def start(self, kind: str, name: str, context: str, prefix: str = "") -> Status:
        """Choose and start a cluster; ``context`` names an existing one of the user's own kubeconfig.

        ``prefix`` begins the name of the learner's namespace there.
        """
        self.close()
        self.provider = choose(kind, name, context, prefix)
        self.namespace = getattr(self.provider, "namespace", DEFAULT_NAMESPACE)
        return self.provider.start(self.tell)

    def require(self) -> Kubectl:
        """Return kubectl for the running cluster; raises ``ClusterError`` when it does not run."""
        status = self.provider.status()
        if status.state != "running":
            raise ClusterError(
                f"The cluster {status.name!r} is not running ({status.state}).", status.detail or "Start it: %lab start"
            )
        return Kubectl(self.provider.kubeconfig(), find_kubectl())

    def close(self) -> None:
        """Let the cluster go; it goes on running."""
        if self._visit is not None:
            self._visit.close()
            self._visit = None
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def where(self) -> str:
        """Return the line that says what a cell acts on."""
        return f"[{self.provider.kind} cluster {self.provider.name} · namespace {self.namespace}]"

    # --- checks.reader.Reader ---

    def _objects(self) -> WatchedCache:
        if self._cache is None or self._cache.closed.is_set():
            kubectl = self.require()
            self._cache = WatchedCache(kubectl.kubeconfig, fallback=self.namespace)
        return self._cache

    def snapshot(self, namespace: str = "", also: Collection[Resource] = ()) -> Snapshot:
        """Return the present picture; what the cache does not follow is listed when it is asked for."""
        cache = self._objects()
        self._seen = cache.version
        picture = cache.snapshot(namespace or self.namespace)
        unseen = [resource for resource in also if resource not in PICTURED]
        if not unseen:
            return picture
        return picture.joined(take_snapshot(self.require().kubeconfig, picture.namespace, unseen))

    def remember(self) -> None:
        """Keep the present picture, if one is at hand, as what was before the next command; else begin to follow."""
        found = self.picture_at_hand()
        if found is None:
            self._objects()
        else:
            self._before = found

    def picture_at_hand(self) -> Snapshot | None:
        """Return the present picture if that takes no waiting."""
        if self._cache is None or self._cache.closed.is_set():
            return None
        with contextlib.suppress(ClusterError):
            return self._cache.snapshot(self.namespace, 0.0)
        return None

    def note_command(self, command: str) -> None:
        """Remember a command for a report that asks for help."""
        self.commands = [*self.commands, command][-_MOST_COMMANDS:]

    def before(self, namespace: str = "") -> Snapshot | None:
        """Return the picture from before the last command; None when there was none."""
        return None if self._before is None else replace(self._before, namespace=namespace or self.namespace)

    def wait_for_change(self, seen: Snapshot, seconds: float) -> bool:  # noqa: ARG002 - the cache knows what was seen last
        """Return True as soon as the cluster differs from the last picture."""
        return self._objects().wait(self._seen, seconds)

    def wait_for_any_change(self, seconds: float) -> bool:
        """Return True as soon as the cluster differs from the last picture that was taken."""
        return self._objects().wait(self._seen, seconds)

    def probe(self, probe: HttpProbe) -> ProbeResult:
        """Send the requests and return what came back."""
        try:
            if probe.origin == "inside":
                return self._probe_inside(probe)
            return self._probe_outside(probe)
        except ClusterError as error:
            return ProbeResult((), probe.url, error.message, error.action)

    def _probe_inside(self, probe: HttpProbe) -> ProbeResult:
        arguments = self.inside(probe.from_pod, probe.namespace)
        script = probe_arguments(probe)
        output = self.require().run([*arguments, *script], probe.timeout_seconds * probe.repeat + 20)
        found = (Answer(entry.status, entry.headers, entry.body, entry.error) for entry in parse_answers(output))
        return ProbeResult(tuple(found), probe.url)

    def inside(self, pod: str, namespace: str) -> list[str]:
        """Return the kubectl arguments that run a command in a pod; the probe pod is made when it is not there."""
        if pod:
            return ["exec", "-n", namespace, pod, "--"]
        ensure_probe_pod(self.require(), namespace, self.tell)
        return ["exec", "-n", NAMESPACE, pod_name(namespace), "--"]

    def _probe_outside(self, probe: HttpProbe) -> ProbeResult:
        url = probe.url
        if probe.origin == "nodePort" and probe.node_port:
            path = urlsplit(url if "://" in url else f"http://{url}").path
            url = f"http://127.0.0.1:{probe.node_port}{path}"
        command = CurlCommand(url, dict(probe.headers), probe.method, probe.body, limit_seconds=probe.timeout_seconds)
        if probe.origin == "ingress":
            place = self.ingress_entry(command.parts.scheme, command.parts.hostname or "")
            if place is None:
                error = "the ingress controller has no port that this machine reaches"
                return ProbeResult((), url, error, "%kubectl get pods,services -n ingress-nginx")
            command.flags.add("k")
            return ProbeResult(tuple(self._answers(command, probe.repeat, lambda *_: Target(*place))), url)
        return ProbeResult(tuple(self._answers(command, probe.repeat, self.resolve)), url)

    def _answers(self, command: CurlCommand, repeat: int, resolve: Resolve) -> Sequence[Answer]:
        answers: list[Answer] = []
        for _ in range(repeat):
            try:
                found = send(command, resolve)
                answers.append(Answer(found.status, found.headers, found.body))
            except CommandError as error:
                answers.append(Answer(0, error=error.message))
        return answers

    def log(self, kind: str, name: str, namespace: str) -> str:
        """Return what a workload's containers have said; empty while there is no log."""
        words = ["logs", f"{kind.lower()}/{name}", "-n", namespace, "--all-containers", "--tail=1000"]
        said = ""
        for option in ((), ("--previous",)):
            with contextlib.suppress(ClusterError):
                said += self.require().run([*words, *option])
        return said

    def reach(self, port: int) -> tuple[str, int]:
        """Return where a node port is served on this machine."""
        host, real = self.provider.reach(port)
        return host, real

    def resolve(self, scheme: str, host: str, port: int) -> Target:
        """Return where a URL leads from this machine: lesson domains to the ingress controller."""
        return resolve(scheme, host, port, self._routed, self.reach)

    def _routed(self) -> Snapshot:
        """Return a picture with HTTPRoutes, where there are Gateways."""
        picture = self.snapshot()
        return self.snapshot(also=(HTTP_ROUTES,)) if gateway_services(picture) else picture

    def ingress_entry(self, scheme: str, host: str = "") -> tuple[str, int] | None:
        """Return where the ingress controller (or the Gateway of the host) is reached from this machine, or None."""
        picture = self._routed()
        return gateway_entry(picture, scheme, host, self.reach) or entry(picture, scheme, self.reach)

    def visit_proxy(self, prefix: Callable[[int], str]) -> VisitProxy:
        """Return the proxy that brings a browser to the lesson's domains; it runs until the session is closed."""
        if self._visit is None:
            from k8slab.traffic.visit.server import VisitProxy  # noqa: PLC0415 - its web server loads slowly

            self._visit = VisitProxy(self.resolve, lambda host: is_lesson_domain(self.snapshot(), host), prefix)
        return self._visit

    # --- traffic.explaining.Lab ---

    def full_snapshot(self, namespace: str) -> Snapshot:
        """Return a picture with everything that a diagnosis looks at (listed anew)."""
        return take_snapshot(self.require().kubeconfig, namespace or self.namespace, (*PICTURED, *EXTRA))

    def run_inside(self, pod: str, namespace: str, command: list[str], seconds: float) -> str:
        """Run a command in a pod and return its output."""
        return self.require().run([*self.inside(pod, namespace), *command], seconds)

    def current_log(self, namespace: str, pod: str, container: str, lines: int) -> str:
        """Return the end of a running container's log."""
        return self.require().run(["logs", "-n", namespace, pod, "-c", container, f"--tail={lines}"])

    def last_words(self, namespace: str, pod: str, container: str, lines: int) -> str:
        """Return the end of a container's log: of the run that ended last, else of the present one."""
        words = ["logs", "-n", namespace, pod, "-c", container, f"--tail={lines}"]
        with contextlib.suppress(ClusterError):
            return self.require().run([*words, "--previous"])
        return self.require().run(words)

    # --- the lesson ---

    def begin(self, name: str) -> Lesson:
        """Take up a lesson; raises ``LessonError`` with near names."""
        self.lesson = find_lesson(name, language=self.language.code)
        self.guesses.clear()
        self.draw = None
        passed = Progress.of_learner().passed(self.lesson.name)
        self.step = next((n for n, step in enumerate(self.lesson.steps) if step.name not in passed), 0)
        return self.lesson

    def check_step(self, step: Step, tell: Callable[[float], None] = lambda _left: None) -> CheckReport:
        """Check a step; one that is passed is kept as the learner's progress."""
        report = run_checks(step.title, step.checks, self, self.namespace, step.deadline, tell)
        notes = verdict(step.predict, self.guesses.get(step.name, "")) if step.predict else []
        if self.draw is not None and self.draw.step == step.name:
            notes.append(self.draw.note(time.monotonic()))
        report = replace(report, notes=tuple(notes), language=self.language)
        if self.lesson is not None and report.passed:
            self.step = self.lesson.steps.index(step) + 1
            Progress.of_learner().mark(self.lesson.name, step.name)
        self.last_check = "" if report.passed else str(report)
        return report

    def begin_anew(self) -> None:
        """Forget the progress in the open lesson: what it had made is gone."""
        if self.lesson is not None:
            Progress.of_learner().forget(self.lesson.name)
            self.step = 0

    def open_lesson(self) -> Lesson:
        """Return the lesson that is open; raises ``LessonError`` when none is."""
        if self.lesson is None:
            raise LessonError("No lesson is open.", "Open one with: %lab start --lesson 01-deployments")
        return self.lesson

    def passed_steps(self) -> tuple[str, ...]:
        """Return the names of the open lesson's steps that were passed before."""
        return Progress.of_learner().passed(self.lesson.name) if self.lesson else ()

    def speak(self, language: str) -> None:
        """Speak another language from now on; raises ``CommandError`` for one that is not known."""
        self.language = phrase_book(named_language(language))

    def current(self, word: str = "") -> Step:
        """Return the step that a word names (its number or name), or the one in hand."""
        return self.open_lesson().find(word, self.step)
