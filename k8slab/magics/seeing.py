"""The magics that show and explain; they share the session of ``LabMagics``."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Callable
from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from k8slab.errors import CommandError
from k8slab.magics.arguments import split, split_literally, take_all, take_number, take_option, with_namespace
from k8slab.magics.display import Picture, tell

_LEAST_REWRITE = 3


def widgets(name: str) -> Any:
    """Return a module of ``k8slab.widgets``; raises ``CommandError`` where ipywidgets is not installed."""
    try:
        return importlib.import_module(f"k8slab.widgets.{name}")
    except ModuleNotFoundError as error:
        raise CommandError("ipywidgets is not installed.", "pip install 'k8slab[lab]'") from error


@magics_class
class SeeingMagics(Magics):
    """``%why``, ``%trace``, ``%rewrite``, ``%load``."""

    def __init__(self, shell: Any, session: Callable[[], Any]) -> None:
        super().__init__(shell)
        self._session = session
        self._picture: Any = None

    @no_var_expand
    @line_magic
    def why(self, line: str) -> Any:
        """``%why URL [--from POD|inside|host] [-n NS] [-X METHOD] [-H 'Name: value']``: where its way ends."""
        from k8slab.traffic.explaining import explain  # noqa: PLC0415

        url, source, namespace, more = self._request("%why", line)
        last = self._session().last_error
        return explain(self._session(), url, source, namespace, last_error=last, tell=tell, **more)

    @no_var_expand
    @line_magic
    def trace(self, line: str) -> Any:
        """``%trace URL [--from POD|inside|host] [-n NS]``: every hop of a real request, as declared and as seen."""
        from k8slab.traffic.tracing import trace  # noqa: PLC0415

        url, source, namespace, more = self._request("%trace", line)
        return trace(self._session(), url, source, namespace, tell=tell, **more)

    @no_var_expand
    @line_magic
    def rewrite(self, line: str) -> Any:
        """``%rewrite PATH_REGEX TARGET PATHS...``: what a rewrite-target makes of request paths."""
        from k8slab.diagnose.rewrite_table import rewrite_table  # noqa: PLC0415

        words = split_literally(line)
        if len(words) < _LEAST_REWRITE:
            raise CommandError("%rewrite needs a path, a target and request paths.",
                               "For example: %rewrite '/nginx(/|$)(.*)' '/$2' /nginx /nginx/a /nginxa")  # fmt: skip
        return rewrite_table(words[0], words[1], words[2:])

    @no_var_expand
    @line_magic
    def load(self, line: str) -> Any:
        """``%load URL [--rps N] [--seconds S] [--concurrency C] [--by HEADER] [--target v2=20%]``."""
        from k8slab.traffic.load.samples import Run  # noqa: PLC0415
        from k8slab.traffic.loading import execute, parse_share, prepare, report_of  # noqa: PLC0415

        rps, words = take_number(split(line), "--rps", 5.0)
        seconds, words = take_number(words, "--seconds", 10.0)
        concurrency, words = take_number(words, "--concurrency", 100.0)
        header, words = take_option(words, "--by")
        targets, words = take_all(words, "--target")
        url, _, namespace, sent = self._request("%load", shlex.join(words))
        plan, limits = prepare(self._session(), url, namespace, rps, seconds, int(concurrency), sent["headers"])
        tell(f"sending {plan.count} requests to {url} for {seconds:g} s")
        run = Run(plan)
        execute(run, header)
        return report_of(run, url, limits, dict(map(parse_share, targets)))

    @no_var_expand
    @line_magic
    def topology(self, line: str) -> Any:
        """``%topology [--live] [-n NS] [-l LABELS] [--app NAME] [--export FILE.svg|png|dot]``."""
        from k8slab.topology.dot import to_svg  # noqa: PLC0415
        from k8slab.topology.export import export  # noqa: PLC0415
        from k8slab.topology.forms import asked_graph  # noqa: PLC0415
        from k8slab.topology.text import to_text  # noqa: PLC0415

        namespace, words = take_option(split(line), "-n")
        labels, words = take_option(words, "-l")
        app, words = take_option(words, "--app")
        file, words = take_option(words, "--export")
        live = "--live" in words
        words = [word for word in words if word != "--live"]
        if words:
            raise CommandError(
                f"%topology does not know {words[0]!r}.", "Options: --live, -n, -l, --app, --export FILE"
            )
        session = self._session()

        def draw() -> tuple[str, str]:
            found = asked_graph(
                session.snapshot(namespace or session.namespace), labels, app, session.before(namespace)
            )
            return to_text(found), to_svg(found)

        if live:
            return self._live(draw)
        graph = asked_graph(session.snapshot(namespace or session.namespace), labels, app, session.before(namespace))
        if file:
            tell(export(graph, file))
        return Picture(to_text(graph), to_svg(graph))

    @no_var_expand
    @line_magic
    def diff(self, _line: str) -> Any:
        """``%diff``: what changed in the cluster since before the last command, object by object."""
        from k8slab.snapshot.changes import changes  # noqa: PLC0415

        session = self._session()
        before, after = session.before(), session.snapshot()
        if before is None:
            raise CommandError("No command has been run that could have changed something.", "Run one: %kubectl ...")
        return changes(before, after)

    @no_var_expand
    @line_magic
    def events(self, line: str) -> Any:
        """``%events [KIND/NAME] [-n NS]``: what happened, the newest last."""
        from k8slab.snapshot.timeline import timeline  # noqa: PLC0415

        namespace, words = take_option(split(line), "-n")
        return timeline(self._session().snapshot(namespace), " ".join(words))

    @no_var_expand
    @line_magic
    def yaml(self, line: str) -> Any:
        """``%yaml KIND NAME [-n NS]``: an object's YAML with its noise folded away."""
        from k8slab.magics.yaml_view import folded_yaml  # noqa: PLC0415

        words = with_namespace(["get", *split(line), "-o", "yaml"], self._session().namespace)
        return folded_yaml(self._session().require().run(words))

    @no_var_expand
    @line_magic
    def visit(self, line: str) -> Any:
        """``%visit http://hello.example.test/``: a link that opens a lesson's domain in the browser."""
        from k8slab.diagnose import parse_request  # noqa: PLC0415
        from k8slab.magics.visiting import Link, jupyter_prefix  # noqa: PLC0415
        from k8slab.traffic.visit.mapping import Site  # noqa: PLC0415

        url, _, _, _ = self._request("%visit", line)
        request = parse_request(url)
        proxy = self._session().visit_proxy(jupyter_prefix)
        path = request.path + (f"?{request.query}" if request.query else "")
        return Link(url, proxy.address(Site(request.scheme, request.host), path))

    def _live(self, draw: Callable[[], tuple[str, str]]) -> Any:
        live_picture = widgets("live").LivePicture
        if self._picture is not None:
            self._picture.stop()
        self._picture = live_picture(draw, self._session().wait_for_any_change)
        return self._picture

    @no_var_expand
    @line_magic
    def lesson(self, line: str) -> Any:
        """``%lesson [NAME]``: the panel of a lesson, with its steps, checks, hints and solutions."""
        panel = widgets("panel")
        session = self._session()
        lesson = session.begin(line.strip()) if line.strip() else session.open_lesson()
        steps = [
            panel.PanelStep(step.name, step.title, step.text, step.hints, step.solution, step.deadline)
            for step in lesson.steps
        ]

        def check(name: str) -> tuple[bool, str]:
            report = session.check_step(session.current(name))
            return report.passed, str(report)

        return panel.LessonPanel(lesson.title, steps, session.passed_steps(), check)

    def close(self) -> None:
        """Stop what follows the cluster."""
        if self._picture is not None:
            self._picture.stop()
            self._picture = None

    def _request(self, name: str, line: str) -> tuple[str, str, str, dict[str, Any]]:
        """Return URL, source, namespace and what is sent, of a magic's line; raises ``CommandError``."""
        source, words = take_option(split(line), "--from")
        namespace, words = take_option(words, "-n")
        if not namespace:
            namespace, words = take_option(words, "--namespace")
        method, words = take_option(words, "-X")
        headers, words = take_all(words, "-H")
        if len(words) != 1 or words[0].startswith("-"):
            raise CommandError(f"{name} needs one URL.", f"For example: {name} http://my-dep:8000/ --from inside")
        pairs = (text.partition(":") for text in headers)
        sent = {"headers": {key.strip(): value.strip() for key, _, value in pairs}, "method": method or "GET"}
        return words[0], source, namespace or self._session().namespace, sent
