"""The Common Expression Language, through the library of the extra ``cel``: the only place that imports it."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from k8slab.kube.cel_functions import FUNCTIONS

INSTALL = "pip install 'k8slab[cel]'"
_LIBRARY = "cel_expr_python"
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_MISSING = re.compile(r'Key not found in map : "?([^"]*)"?')


class CelError(ValueError):
    """An expression that cannot be read or evaluated; the text is that of the library, in cel-go's words if known."""


def available() -> bool:
    """Tell whether the library is installed."""
    return importlib.util.find_spec(_LIBRARY) is not None


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    compiled: Any

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the result; raises ``CelError``."""
        try:
            found = self.compiled.eval(data=dict(values))
            shown, value = str(found), found.value()
        except (RuntimeError, TypeError, ValueError) as error:
            raise CelError(_plain(str(error))) from error
        missing = _MISSING.search(shown)
        if missing:
            raise CelError(f"no such key: {missing[1]}")
        if str(found.type()) == "ERROR" or type(value).__name__ not in _VALUES:
            raise CelError(_plain(shown))
        return value


_VALUES = ("bool", "int", "float", "str", "bytes", "list", "dict", "NoneType")


def compile_expression(text: str, names: Sequence[str]) -> Expression:
    """Return an expression over variables of any type; raises ``CelError``."""
    try:
        return Expression(_environment(tuple(names)).compile(text))
    except RuntimeError as error:
        raise CelError(_plain(str(error))) from error


@lru_cache(maxsize=8)
def _environment(names: tuple[str, ...]) -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - an extra, and only few clusters need it
    from cel_expr_python.ext import ext_optional, ext_strings  # noqa: PLC0415

    def declared(name: str) -> Any:
        parameters, is_member, result, implementation = FUNCTIONS[name]
        types = [getattr(cel.Type, kind) for kind in parameters]
        return cel.FunctionDecl(
            name,
            [cel.Overload(f"k8s_{name}", getattr(cel.Type, result), types, is_member, implementation)],
        )

    return cel.NewEnv(
        variables=dict.fromkeys(names, cel.Type.DYN),
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()],
        functions=[declared(name) for name in FUNCTIONS],
    )


def _plain(text: str) -> str:
    return _STATUS.sub("", text).strip()
