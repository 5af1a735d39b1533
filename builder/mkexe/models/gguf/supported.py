"""The models that the pinned llama.cpp can load, from data/architectures.json (native/list_architectures.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Supported:
    """Names that llama.cpp at `commit` knows.

    The architectures in `kv_cache_plain` keep the keys and values of every layer and token. Those in `kv_cache_at_most`
    keep at most that. native/list_architectures.py writes both lists.
    """

    commit: str
    architectures: frozenset[str]
    tokenizers: frozenset[str]
    pre_tokenizers: frozenset[str]
    kv_cache_plain: frozenset[str]
    kv_cache_at_most: frozenset[str]


@cache
def supported() -> Supported:
    """Return the lists for the pinned llama.cpp."""
    text = resources.files("mkexe").joinpath("data/architectures.json").read_text("utf-8")
    table = json.loads(text)
    return Supported(
        commit=table["llama_cpp_commit"],
        architectures=frozenset(table["architectures"]),
        tokenizers=frozenset(table["tokenizers"]),
        pre_tokenizers=frozenset(table["pre_tokenizers"]),
        kv_cache_plain=frozenset(table["kv_cache_plain"]),
        kv_cache_at_most=frozenset(table["kv_cache_at_most"]),
    )
