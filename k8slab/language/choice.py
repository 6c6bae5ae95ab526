"""Which language: ``K8SLAB_LANG`` first, then the one of the system."""

from __future__ import annotations

from collections.abc import Mapping

from k8slab.errors import CommandError

ENGLISH_CODE = "en"
# How a language's name may begin (as in LANG=zh_CN.UTF-8), and its code here.
_BEGINNINGS: Mapping[str, str] = {"en": ENGLISH_CODE, "zh": "zh-CN"}
LANGUAGES = tuple(_BEGINNINGS.values())
_VARIABLES = ("K8SLAB_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def chosen_language(environment: Mapping[str, str]) -> str:
    """Return the code of the language that the first variable set asks for; English when it is not known here."""
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return _code(said) or ENGLISH_CODE


def named_language(name: str) -> str:
    """Return the code of a language that was asked for by name. Raises ``CommandError``."""
    code = _code(name)
    if not code:
        raise CommandError(f"There is no language {name!r} here.", f"Languages: {', '.join(LANGUAGES)}")
    return code


def _code(name: str) -> str:
    beginning = name.lower().replace("_", "-").partition("-")[0].partition(".")[0]
    return _BEGINNINGS.get(beginning, "")
