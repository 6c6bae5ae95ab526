"""Finds the documentation texts of types in the installed Python client, without importing it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path

from k8slab.kube.descriptions import Description, module_names, parse_model

_PACKAGE = "kubernetes"
MISSING = Description('Descriptions come from the Python package "kubernetes": pip install kubernetes')


def describer() -> Callable[[str], Description]:
    """Return what finds the description of a type of the schema.

    Without the package it says what to install.
    """
    folder = _models()

    @cache
    def describe(type_name: str) -> Description:
        paths = (folder / f"{name}.py" for name in module_names(type_name)) if folder else ()
        found = next((path for path in paths if path.is_file()), None)
        return parse_model(found.read_text()) if found else Description() if folder else MISSING

    return describe


def version() -> str:
    """Return which texts there are, so that documents that clients keep can be told apart."""
    try:
        return importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _models() -> Path | None:
    # Importing the client takes most of a second and 60 MB; its files are enough.
    spec = importlib.util.find_spec(_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    folder = Path(places[0]) / "client" / "models" if places else None
    return folder if folder is not None and folder.is_dir() else None
