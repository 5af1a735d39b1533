"""What the pinned llama.cpp can load, from builder/mkexe/data/architectures.json (native/list_architectures.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Supported:
    """Names that llama.cpp at `commit` knows."""

    commit: str
    architectures: frozenset[str]
    tokenizers: frozenset[str]
    pre_tokenizers: frozenset[str]


@cache
def supported() -> Supported:
    """Return the lists that belong to the pinned llama.cpp."""
    text = resources.files("mkexe").joinpath("data/architectures.json").read_text("utf-8")
    table = json.loads(text)
    return Supported(
        commit=table["llama_cpp_commit"],
        architectures=frozenset(table["architectures"]),
        tokenizers=frozenset(table["tokenizers"]),
        pre_tokenizers=frozenset(table["pre_tokenizers"]),
    )
