"""Which steps a learner has passed: kept outside the notebook, so that a new kernel loses nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from k8slab.clusters.home import home

_FILE = "progress.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """One file in the learner's data folder; a damaged one counts as empty."""

    folder: Path

    @classmethod
    def of_learner(cls) -> Progress:
        """Return the progress of whoever runs this kernel."""
        return cls(home())

    def passed(self, lesson: str) -> tuple[str, ...]:
        """Return the names of the steps that were passed, in the order in which they were."""
        found = self._all().get(lesson)
        return tuple(str(name) for name in found) if isinstance(found, list) else ()

    def mark(self, lesson: str, step: str) -> None:
        """Keep that a step was passed."""
        known = self._all()
        steps = list(self.passed(lesson))
        if step in steps:
            return
        self._write(known | {lesson: [*steps, step]})

    def forget(self, lesson: str) -> None:
        """Begin a lesson anew."""
        self._write({name: steps for name, steps in self._all().items() if name != lesson})

    def _all(self) -> dict[str, object]:
        try:
            found = json.loads((self.folder / _FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, content: dict[str, object]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{_FILE}.{os.getpid()}"
        fresh.write_text(json.dumps(content, indent=1), encoding="utf-8")
        fresh.replace(self.folder / _FILE)  # a reader never sees half a file
