"""What a model keeps of each token of a chat, from the keys of its header: llama.cpp's own arithmetic, written out."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkexe.models.gguf.check import read_gguf
from mkexe.models.gguf.kv_cache import read_kv_cache
from mkexe.models.memory import KvCache
from support.damaged_gguf import ARR, I32, STR, TENSORS, U32, Array, Pair, write

Keys = dict[str, int | list[int] | None]
F16_BYTES = 2
LLAMA: Keys = {"block_count": 4, "embedding_length": 64, "attention.head_count": 8, "attention.head_count_kv": 2}
# 4 layers, 2 key-value heads of 64 / 8 = 8 numbers, keys and values
PLAIN = 4 * 2 * (8 + 8) * F16_BYTES


def cache_of(folder: Path, architecture: str, keys: Keys) -> KvCache | None:
    pairs: list[Pair] = [(b"general.architecture", STR, architecture.encode())]
    for key, value in keys.items():
        name = f"{architecture}.{key}".encode()
        if isinstance(value, list):
            pairs.append((name, ARR, Array(I32, list(value))))
        elif value is not None:
            pairs.append((name, U32, value))
    path = folder / "model.gguf"
    path.write_bytes(write(pairs, TENSORS).data)
    return read_kv_cache(read_gguf(path))


@pytest.mark.parametrize(
    ("keys", "token_bytes"),
    [
        ({}, PLAIN),
        ({"attention.head_count_kv": None}, 4 * 8 * (8 + 8) * F16_BYTES),
        ({"attention.key_length": 32}, 4 * 2 * (32 + 8) * F16_BYTES),
        ({"attention.key_length": 32, "attention.value_length": 16}, 4 * 2 * (32 + 16) * F16_BYTES),
        ({"attention.head_count_kv": [2, 0, 4, 1]}, (2 + 0 + 4 + 1) * (8 + 8) * F16_BYTES),
        ({"attention.head_count": [8, 4, 4, 4]}, PLAIN),
        ({"attention.sliding_window": 0}, PLAIN),
    ],
)
def test_plain_attention(tmp_path: Path, keys: Keys, token_bytes: int) -> None:
    assert cache_of(tmp_path, "llama", LLAMA | keys) == KvCache(token_bytes, exact=True)


@pytest.mark.parametrize(
    ("architecture", "keys", "token_bytes"),
    [
        ("gemma3", {}, PLAIN),
        ("gemma4", {"attention.key_length": 8, "attention.key_length_swa": 24}, 4 * 2 * (24 + 8) * F16_BYTES),
        ("qwen2", {"attention.sliding_window": 4096}, PLAIN),
        ("deepseek2", {"attention.key_length_mla": 12, "attention.value_length_mla": 8}, PLAIN),
        ("glm4moe", {"nextn_predict_layers": 1}, PLAIN),
    ],
)
def test_what_keeps_less_is_given_as_a_bound(tmp_path: Path, architecture: str, keys: Keys, token_bytes: int) -> None:
    assert cache_of(tmp_path, architecture, LLAMA | keys) == KvCache(token_bytes, exact=False)


@pytest.mark.parametrize(
    ("architecture", "keys"),
    [
        ("mamba", {}),
        ("qwen3next", {}),
        ("deepseek32", {}),
        ("llama", {"attention.head_count": None}),
        ("llama", {"attention.head_count": 0}),
        ("llama", {"attention.head_count": [0, 8, 8, 8]}),
        ("llama", {"attention.head_count_kv": [2, 2]}),
        ("llama", {"attention.head_count_kv": [2, 2, 2, -1]}),
        ("llama", {"attention.head_count_kv": 0}),
    ],
)
def test_what_the_header_does_not_tell_is_not_guessed(tmp_path: Path, architecture: str, keys: Keys) -> None:
    assert cache_of(tmp_path, architecture, LLAMA | keys) is None
