"""A picture that follows the cluster: redrawn in a thread whenever something changed, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets

from k8slab.errors import K8slabError

_LONGEST_WAIT_SECONDS = 1.0
# Changes come in bursts: one picture for each.
_SETTLE_SECONDS = 0.05


class LivePicture(ipywidgets.HTML):
    """``draw`` returns (text, HTML); ``wait`` takes seconds and tells whether something changed meanwhile."""

    def __init__(self, draw: Callable[[], tuple[str, str]], wait: Callable[[float], bool]) -> None:
        self._draw, self._wait = draw, wait
        self._stopped = threading.Event()
        self._plain, self._drawn = draw()
        super().__init__(self._drawn)
        self._thread = threading.Thread(target=self._follow, name="k8slab live picture", daemon=True)
        self._thread.start()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = self._plain
        return bundle

    def _follow(self) -> None:
        while not self._stopped.is_set():
            if not self._wait(_LONGEST_WAIT_SECONDS):
                continue
            self._stopped.wait(_SETTLE_SECONDS)
            try:
                self._plain, drawn = self._draw()
            except K8slabError as error:
                drawn = f"<p>{escape(error.message)}</p>"
            if drawn != self._drawn:
                self._drawn = self.value = drawn

    def stop(self) -> None:
        """End the thread; the last picture stays."""
        self._stopped.set()
        self._thread.join(_LONGEST_WAIT_SECONDS + 1)
