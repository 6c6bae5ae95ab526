"""A Kubernetes lab inside Jupyter: real kubectl, real HTTP, and every step checked."""

from __future__ import annotations

from importlib import metadata
from typing import Any

__version__ = metadata.version("k8slab")

__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics (``%load_ext k8slab``). Nothing slow is loaded before it is needed."""
    from k8slab.magics.asking import AskingMagics  # noqa: PLC0415
    from k8slab.magics.lab import LabMagics  # noqa: PLC0415 - IPython is only there when IPython asks
    from k8slab.magics.seeing import SeeingMagics  # noqa: PLC0415

    magics = LabMagics(ipython)
    ipython.register_magics(magics)
    ipython.register_magics(AskingMagics(ipython, lambda: magics.session))
    ipython.register_magics(SeeingMagics(ipython, lambda: magics.session))
    ipython.set_hook("complete_command", magics.complete, str_key="%kubectl")


def unload_ipython_extension(ipython: Any) -> None:
    """End the session of the magics (``%unload_ext k8slab``); the cluster goes on running."""
    ipython.magics_manager.registry.pop("AskingMagics", None)
    for name in ("SeeingMagics", "LabMagics"):
        magics = ipython.magics_manager.registry.pop(name, None)
        if magics is not None:
            magics.close()
