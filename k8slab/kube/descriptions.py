"""What the fields of a type are for, read from the source text of the Python client's models.

The texts are Kubernetes' own documentation; they are not part of this package. Client versions write them in two
ways: as arguments of pydantic fields, or as docstrings of properties.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Description:
    """The text of a type, and those of its fields by their JSON names."""

    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


_CLASS = re.compile(r'^class \w+\([^)]*\):\n    """(.*?)"""', re.MULTILINE | re.DOTALL)
_MODEL_FIELD = re.compile(r'^    (\w+): .*? = Field\((.*?)description=("(?:[^"\\]|\\.)*")\)', re.MULTILINE)
_ALIAS = re.compile(r'serialization_alias="([^"]+)"')
_PROPERTY = re.compile(
    r'    def (\w+)\(self\):\n        """Gets the \w+ of this \w+\.  # noqa: E501\n\n(.*?)\n\n        :return',
    re.DOTALL,
)
_NAMES = re.compile(r"attribute_map = \{(.*?)\}", re.DOTALL)
_NAME = re.compile(r"'(\w+)': '([^']+)'")


def parse_model(source: str) -> Description:
    """Return the description that a model's source text holds."""
    found = _CLASS.search(source)
    text = "" if found is None else found[1].split("\n    Attributes:")[0].strip()
    if text.startswith("NOTE: This class is auto generated"):
        text = ""
    return Description(_plain(text), dict(_fields(source)))


def _fields(source: str) -> Iterator[tuple[str, str]]:
    for name, arguments, literal in _MODEL_FIELD.findall(source):
        alias = _ALIAS.search(arguments)
        yield alias[1] if alias else name, str(ast.literal_eval(literal))
    names = _NAMES.search(source)
    known = dict(_NAME.findall(names[1])) if names else {}
    for name, text in _PROPERTY.findall(source):
        if name in known:
            yield known[name], _plain(text.replace("# noqa: E501", ""))


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def module_names(type_name: str) -> Iterator[str]:
    """Yield the modules that may hold a type's model: ``v1_pod_spec``, ``core_v1_event``.

    ``type_name`` is that of the schema tables (``api.core.v1.PodSpec``).
    """
    *_, group, version, name = ("", "", *type_name.split("."))
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    yield f"{version}_{snake}"
    yield f"{group}_{version}_{snake}"
