"""The size of a text model's KV cache, which keeps something for every token of a chat, from the header's keys.

The rules are those of `llama_kv_cache` (src/llama-kv-cache.cpp) with `n_embd_k_gqa` and `n_embd_v_gqa`
(src/llama-hparams.cpp) and the defaults of `load_hparams` (src/llama-model.cpp), llama.cpp 0c1e57098.
"""

from __future__ import annotations

from mkexe.models.gguf.check import fetch_array
from mkexe.models.gguf.constants import Keys
from mkexe.models.gguf.header_records import ArrayInfo, GgufHeader
from mkexe.models.gguf.supported import supported
from mkexe.models.gguf.types import MAX_LAYERS
from mkexe.models.memory import KvCache

ELEMENT_BYTES = 2
"""F16, the default of `cache_type_k` and `cache_type_v` (common/common.h)."""
# keys of models in which some layers keep less: no values, nothing, or only the last tokens
_SMALLER = (
    "attention.key_length_mla",
    "attention.sliding_window",
    "attention.shared_kv_layers",
    "nextn_predict_layers",
)


def read_kv_cache(header: GgufHeader) -> KvCache | None:
    """Return the size of the cache for a checked text model, or None if the header does not tell it.

    None for architectures that keep something other than keys and values, such as recurrent ones, and for headers
    without usable head counts.
    """
    name, known = header.architecture, supported()
    if name not in known.kv_cache_plain | known.kv_cache_at_most:
        return None
    layers = header.scalar_number(Keys.LLM.BLOCK_COUNT.format(arch=name))
    heads = _per_layer(header, Keys.Attention.HEAD_COUNT, layers)
    heads_kv = _per_layer(header, Keys.Attention.HEAD_COUNT_KV, layers) if _has_kv_heads(header) else heads
    if not heads or not heads_kv or not heads[0]:
        return None
    usual = header.scalar_number(Keys.LLM.EMBEDDING_LENGTH.format(arch=name)) // heads[0]
    row = _length(header, "key", usual) + _length(header, "value", usual)
    smaller = any(header.scalar_number(f"{name}.{key}") for key in _SMALLER)
    return KvCache(sum(heads_kv) * row * ELEMENT_BYTES, exact=name in known.kv_cache_plain and not smaller)


def _has_kv_heads(header: GgufHeader) -> bool:
    return Keys.Attention.HEAD_COUNT_KV.format(arch=header.architecture) in header.entries


def _per_layer(header: GgufHeader, key: str, layers: int) -> list[int]:
    """A number for each layer: the file has one for all, or an array. Empty if it has neither."""
    key = key.format(arch=header.architecture)
    entry = header.entries.get(key)
    if entry is not None and isinstance(entry.value, ArrayInfo):
        found = fetch_array(header, key, MAX_LAYERS) if entry.value.length == layers else []
        numbers = [number for number in found if isinstance(number, int) and number >= 0]
        return numbers if len(numbers) == layers else []
    number = header.scalar_number(key)
    return [number] * layers if number > 0 else []


def _length(header: GgufHeader, what: str, usual: int) -> int:
    """Elements of a key or value of one head. Layers with a window may have another length; the larger one counts."""
    prefix = f"{header.architecture}.attention.{what}_length"
    full = header.scalar_number(prefix) if prefix in header.entries else usual
    return max(full, header.scalar_number(f"{prefix}_swa"))
