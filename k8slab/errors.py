"""One error tree. Each error says what happened and which action comes next."""

from __future__ import annotations


class K8slabError(Exception):
    """A failure that a person can act on.

    ``message`` says what happened, ``action`` what to do next (empty where kubectl's own words already say it).
    """

    def __init__(self, message: str, action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action

    def __str__(self) -> str:
        return f"{self.message}\n{self.action}" if self.action else self.message

    def _render_traceback_(self) -> list[str]:
        """Show two lines instead of a traceback (the hook IPython asks an exception for)."""
        return [f"{type(self).__name__}: {self.message}", *([self.action] if self.action else [])]


class ClusterError(K8slabError):
    """A cluster cannot be started, stopped or reached."""


class CommandError(K8slabError):
    """A command that the learner typed ended with an error."""

    def __init__(self, message: str, action: str = "", exit_code: int = 1) -> None:
        super().__init__(message, action)
        self.exit_code = exit_code


class ManifestError(K8slabError):
    """YAML that cannot be read as Kubernetes manifests."""


class LessonError(K8slabError):
    """A lesson's own files are wrong."""


class CheckFailedError(K8slabError):
    """A check of the learner's work did not pass."""
