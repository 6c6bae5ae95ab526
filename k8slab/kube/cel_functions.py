"""Functions that Kubernetes adds to CEL, on lists and texts (k8s.io/apiserver/pkg/cel/library/{lists,regex,urls}.go).

What is not here (quantities, parts of URLs, addresses, versions) makes an expression that uses it unreadable: the
definition is refused then, and no rule is ever passed over.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit


def is_sorted(values: Sequence[Any]) -> bool:
    """Tell whether each value is no greater than the next."""
    return all(first <= second for first, second in itertools.pairwise(values))


def find(text: str, pattern: str) -> str:
    """Return the first match of a pattern, or an empty text."""
    match = re.search(pattern, text)
    return match[0] if match else ""


def find_all(text: str, pattern: str) -> list[str]:
    """Return every match of a pattern."""
    return [match[0] for match in re.finditer(pattern, text)]


def is_url(text: str) -> bool:
    """Tell whether a text is an absolute URL or an absolute path."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) or text.startswith("/")


# Each function: its name, the types of its arguments, whether it is called on the first one, its result, what it does.
FUNCTIONS: Mapping[str, tuple[tuple[str, ...], bool, str, Callable[..., Any]]] = {
    "isSorted": (("LIST",), True, "BOOL", is_sorted),
    "sum": (("LIST",), True, "DYN", sum),
    "min": (("LIST",), True, "DYN", min),
    "max": (("LIST",), True, "DYN", max),
    "find": (("STRING", "STRING"), True, "STRING", find),
    "findAll": (("STRING", "STRING"), True, "LIST", find_all),
    "isURL": (("STRING",), False, "BOOL", is_url),
}
