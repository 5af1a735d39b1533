"""Advice for a mistyped word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean ...?` with the known word that begins with `word`, or else the most similar one.

    If no word is similar: `otherwise`, or all known words if that is empty.
    """
    words = list(known)
    begun = [name for name in words if len(word) > 3 and name.startswith(word)]
    near = begun or difflib.get_close_matches(word, words, n=1)
    return f"did you mean {near[0]}?" if near else otherwise or f"known are {', '.join(words)}"
