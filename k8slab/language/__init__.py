"""In which language the lab speaks: pure tables of phrases, chosen by the environment."""

from k8slab.language.choice import ENGLISH_CODE, LANGUAGES, chosen_language, named_language
from k8slab.language.phrases import ENGLISH, PhraseBook, phrase_book

__all__ = [
    "ENGLISH", "ENGLISH_CODE", "LANGUAGES", "PhraseBook", "chosen_language", "named_language", "phrase_book",
]  # fmt: skip
