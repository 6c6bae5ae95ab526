"""The magics. Their state is the one session of this instance."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class, no_var_expand

from k8slab.errors import CheckFailedError, CommandError, K8slabError, LessonError
from k8slab.language import ENGLISH_CODE, chosen_language
from k8slab.magics.arguments import refuse_other_clusters, split, take_count, take_option, with_namespace
from k8slab.magics.display import Message
from k8slab.magics.display import tell as _tell
from k8slab.magics.errors import in_language
from k8slab.magics.kubectl import only_reads, run_kubectl, without_program
from k8slab.magics.lesson_files import with_lesson_files
from k8slab.magics.process import stream


@magics_class
class LabMagics(Magics):
    """``%lab``, ``%kubectl``, ``%%apply``, ``%curl``, ``%check``, ``%hint``, ``%solution``, ``%topology``."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._session: Any = None
        self._hints: dict[str, int] = {}
        if chosen_language(os.environ) != ENGLISH_CODE:
            self._hook()

    @property
    def session(self) -> Any:
        """Return the session, made when it is first needed (its modules are not needed before)."""
        if self._session is None:
            from k8slab.session import LabSession  # noqa: PLC0415

            self._session = LabSession(self.tell)
        return self._session

    def say(self, text: str) -> str:
        """Return the text in the learner's language."""
        said: str = self.session.language.say(text)
        return said

    def tell(self, line: str) -> None:
        """Show a line beside the output, in the learner's language."""
        _tell(self.say(line))

    def _hook(self) -> None:
        """Let errors speak the learner's language too (where that was never asked for, nothing is hooked)."""
        self.shell.set_custom_exc((K8slabError,), in_language(self.say))

    def close(self) -> None:
        """End the session's threads."""
        if self._session is not None:
            self._session.close()

    def complete(self, _shell: Any, event: Any) -> list[str]:
        """Return what the word before the cursor of a ``%kubectl`` line may become (IPython's hook)."""
        from k8slab.magics.completion import completions  # noqa: PLC0415

        words = event.text_until_cursor.split()[1:]
        if not words or event.text_until_cursor[-1:].isspace():
            words.append("")
        # IPython completes what stands behind an equals sign.
        done = words[-1].rpartition("=")[0]
        picture = self._session.picture_at_hand() if self._session else None
        return [word.removeprefix(f"{done}=") if done else word for word in completions(words, picture)]

    # --- the cluster ---

    @no_var_expand
    @line_magic
    def lab(self, line: str) -> Message:
        """``%lab start [--lesson L] [--name N] [--cluster embedded|kind] [--lang zh-CN] | status | stop | reset``.

        ``%lab start --context C [--namespace-prefix P]`` works in a namespace of a cluster that is there already.
        ``%lab install ingress-nginx`` installs what later lessons build on (``uninstall`` removes it), and
        ``%lab certificate HOST`` writes a self-signed certificate.
        ``%lab break [SEED]`` breaks the cluster in the lesson about troubleshooting.
        """
        words = split(line) or ["status"]
        actions = {
            "start": self._start, "status": self._status, "stop": self._stop, "reset": self._reset,
            "install": self._install, "uninstall": self._uninstall, "certificate": self._certificate,
            "report": self._report, "break": self._break,
        }  # fmt: skip
        action = actions.get(words[0])
        if action is None:
            known = ", ".join(f"%lab {name}" for name in actions)
            raise CommandError(f"%lab does not know {words[0]!r}.", f"Type one of: {known}")
        return action(words[1:])

    def _start(self, words: list[str]) -> Message:
        lesson, words = take_option(words, "--lesson")
        name, words = take_option(words, "--name")
        kind, words = take_option(words, "--cluster")
        context, words = take_option(words, "--context")
        prefix, words = take_option(words, "--namespace-prefix")
        language, words = take_option(words, "--lang")
        if words:
            raise CommandError(
                f"%lab start does not know {words[0]!r}.",
                "Options: --lesson, --name, --cluster, --context, --namespace-prefix, --lang",
            )
        if language:
            self.session.speak(language)
            self._hook()
        status = self.session.start(kind, name, context, prefix)
        lines = [f"{self.session.where()} {status.state} at {status.server}"]
        if lesson:
            opened = self.session.begin(lesson)
            lines.append(f"Lesson {opened.name}: {opened.title} ({len(opened.steps)} steps)")
        return Message(self.say("\n".join(lines)))

    def _status(self, _words: list[str]) -> Message:
        status = self.session.provider.status()
        text = f"{self.session.where()} {status.state}" + (f" at {status.server}" if status.server else "")
        return Message(self.say(text + (f"\n{status.detail}" if status.detail else "")))

    def _stop(self, _words: list[str]) -> Message:
        self.session.close()
        status = self.session.provider.stop(self.tell)
        return Message(self.say(f"{self.session.where()} {status.state}; everything in it is kept"))

    def _reset(self, _words: list[str]) -> Message:
        self.session.close()
        status = self.session.provider.reset(self.tell)
        self.session.begin_anew()
        return Message(self.say(f"{self.session.where()} {status.state}, empty"))

    def _install(self, words: list[str]) -> Message:
        from k8slab.lessons.installs import install  # noqa: PLC0415

        self.tell(self.session.where())
        return Message(install(" ".join(words), self.session.require(), self.tell, self.session.provider.kind))

    def _uninstall(self, words: list[str]) -> Message:
        from k8slab.lessons.installs import uninstall  # noqa: PLC0415

        self.tell(self.session.where())
        return Message(uninstall(" ".join(words), self.session.require(), self.tell))

    def _certificate(self, words: list[str]) -> Message:
        from k8slab.lessons.certificates import write_certificate  # noqa: PLC0415

        certificate, key = write_certificate(words, Path.cwd())
        return Message(f"{certificate.name} and {key.name} are here: self-signed, so curl needs -k")

    def _break(self, words: list[str]) -> Message:
        from k8slab.magics.breaking import break_cluster  # noqa: PLC0415

        return Message(self.say(break_cluster(self.shell, self.session, words)))

    def _report(self, _words: list[str]) -> Message:
        from k8slab.magics.help_report import help_report  # noqa: PLC0415

        session = self.session
        return Message(
            help_report(session.snapshot(), session.where(), session.commands, session.last_error, session.last_check)
        )

    # --- commands ---

    @no_var_expand
    @line_cell_magic
    def kubectl(self, line: str, cell: str | None = None) -> None:
        """Run the real kubectl on the lab's cluster; in a cell, one command a line, or a body for ``-f -``."""
        if cell is None:
            self._kubectl(split(line))
            return
        words = split(line)
        if "-" in words or "-f-" in words:
            self._kubectl(words, cell)
            return
        for text in _joined(cell):
            self._kubectl([*words, *split(text)])

    def _kubectl(self, words: list[str], stdin: str = "") -> None:
        words = without_program(words)
        kubectl = self.session.require()
        if not only_reads(words):
            self.session.remember()
        refuse_other_clusters(words, self.session.provider.context)
        self.tell(self.session.where())
        if self.session.lesson is not None:
            words, replaced = with_lesson_files(words, self.session.lesson.folder)
            for name in replaced:
                self.tell(f"{name}: the file of lesson {self.session.lesson.name}")
        self.session.note_command(f"kubectl {' '.join(words)}")
        run_kubectl(self.session, kubectl, with_namespace(words, self.session.namespace), stdin)

    @no_var_expand
    @cell_magic
    def apply(self, line: str, cell: str) -> None:
        """Apply the manifests of the cell; mistakes in the YAML are shown with their line."""
        from k8slab.kube.manifests import load_manifests  # noqa: PLC0415

        found = load_manifests(cell)
        if not found:
            raise CommandError("This cell has no manifest.", "Write one below %%apply: apiVersion: ..., kind: ...")
        body = "---\n".join(json.dumps(entry.obj) + "\n" for entry in found)
        self._kubectl(["apply", "-f", "-", *split(line)], body)

    @no_var_expand
    @line_magic
    def curl(self, line: str) -> None:
        """Send a request: from this machine, or with ``--from POD|inside`` from inside the cluster.

        ``--namespace NAME`` says in which namespace the sending pod lives.
        ``--repeat N`` sends N requests, one connection each.
        """
        from k8slab.traffic.command import parse_curl  # noqa: PLC0415
        from k8slab.traffic.sending import send, shown  # noqa: PLC0415

        source, words = take_option(split(line), "--from")
        namespace, words = take_option(words, "--namespace")
        times, words = take_count(words, "--repeat")
        self.tell(self.session.where())
        if source:
            self._curl_inside("" if source == "inside" else source, namespace, times, words)
            return
        command = parse_curl(words)
        notes: set[str] = set()
        for _ in range(times):
            answer = send(command, self.session.resolve)
            if answer.note and answer.note not in notes:
                self.tell(answer.note)
                notes.add(answer.note)
            text = shown(answer, command)
            sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")

    def _curl_inside(self, pod: str, namespace: str, times: int, words: list[str]) -> None:
        from k8slab.traffic.inside import curl_arguments  # noqa: PLC0415

        kubectl = self.session.require()
        arguments = self.session.inside(pod, namespace or self.session.namespace)
        quiet = [] if any(word.startswith("-s") for word in words) else ["-sS"]
        stream([kubectl.program, *arguments, *curl_arguments([*quiet, *words], times)], kubectl.environment())

    # --- the lesson ---

    @no_var_expand
    @line_magic
    def check(self, line: str) -> Any:
        """Check a step (its name or number; without one the step in hand)."""
        step = self.session.current(line.strip())
        report = self.session.check_step(step, lambda left: self.tell(f"not yet; waiting at most {left:.0f} s more"))
        if not report.passed:
            raise CheckFailedError(str(report), "Look again at the step, or type: %hint")
        return report

    @no_var_expand
    @line_magic
    def hint(self, line: str) -> Message:
        """Show the next hint of a step."""
        step = self.session.current(line.strip())
        shown = self._hints.get(step.name, 0)
        if not step.hints:
            return Message(self.say("This step has no hints; %solution shows the way."))
        self._hints[step.name] = min(shown + 1, len(step.hints))
        number = min(shown, len(step.hints) - 1)
        return Message(self.say(f"Hint {number + 1} of {len(step.hints)}: {step.hints[number]}"))

    @no_var_expand
    @line_magic
    def solution(self, line: str) -> Message:
        """Show the solution of a step."""
        step = self.session.current(line.strip())
        if not step.solution:
            raise LessonError(f"Step {step.name} has nothing to type.", f"Check it: %check {step.name}")
        return Message("\n\n".join(step.solution))


def _joined(cell: str) -> list[str]:
    """Return the commands of a cell: a backslash at the end of a line continues it, ``#`` begins a comment."""
    lines = cell.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.strip().startswith("#")]
