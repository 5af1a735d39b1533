"""The memory that a model needs: for its weights, and for a chat."""

from __future__ import annotations

from dataclasses import dataclass

from mkexe.base.units import readable_size

LEAST_CONTEXT = 4096
"""Tokens: the smallest context that llama.cpp chooses by itself (fit_params_min_ctx, common/common.h)."""
CONTEXT_STEP = 256
"""Tokens: a context is a multiple of it (llama_context's constructor, src/llama-context.cpp)."""
KEPT_CHATS_MAXIMUM = 8192 << 20
"""Bytes: the cache for earlier chats, unless --cache-ram gives another size (cache_ram_mib, common/common.h)."""


@dataclass(frozen=True)
class KvCache:
    """What a model keeps of each token of a chat, in bytes; where it is not `exact`, it keeps at most that."""

    token_bytes: int
    exact: bool


@dataclass(frozen=True)
class Context:
    """The memory for a chat of `tokens` tokens, in bytes: its KV `cache`, and the `total` with the weights."""

    tokens: int
    cache: int
    total: int


@dataclass(frozen=True)
class Memory:
    """The memory that a model needs: bytes of `weights`, and `contexts` from small to large.

    There are no `contexts` if the memory of a chat is not known. If it is not `exact`, it is an upper bound.
    """

    weights: int
    contexts: tuple[Context, ...]
    exact: bool


def memory_needed(weights: int, context_length: int, cache: KvCache | None) -> Memory:
    """The memory for `weights` bytes and for a chat of LEAST_CONTEXT and of `context_length` tokens."""
    if cache is None:
        return Memory(weights, (), exact=False)
    tokens = sorted({min(LEAST_CONTEXT, context_length), context_length})
    sizes = [(count, -(-count // CONTEXT_STEP) * CONTEXT_STEP * cache.token_bytes) for count in tokens]
    return Memory(weights, tuple(Context(count, size, weights + size) for count, size in sizes), cache.exact)


def describe_memory(memory: Memory) -> list[str]:
    """A line for each context, the smallest first. `memory_notes` has what these figures leave out."""
    if not memory.contexts:
        return [f"{readable_size(memory.weights)} for the weights; what a chat adds is not known for this architecture"]
    return [_describe_context(memory, context) for context in memory.contexts]


def memory_notes(memory: Memory) -> list[str]:
    """What the figures leave out, and what happens if the memory is too small (docs/starting.md)."""
    notes = [
        "working memory is not included",
        "the cache for earlier chats takes a quarter of the memory that is then free, at most "
        f"{readable_size(KEPT_CHATS_MAXIMUM)} (--cache-ram 0 turns it off)",
        f"the program refuses to start on a computer with less than {readable_size(memory.weights)} of memory",
    ]
    if len(memory.contexts) > 1:
        notes.insert(0, "without --ctx-size, the program chooses the longest context that the free memory allows")
    return notes


def _describe_context(memory: Memory, context: Context) -> str:
    most = "" if memory.exact else "at most "
    return (
        f"about {readable_size(context.total)} with a chat of {context.tokens:,} tokens "
        f"(weights {readable_size(memory.weights)}, chat {most}{readable_size(context.cache)})"
    )
