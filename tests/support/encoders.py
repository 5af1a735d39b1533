"""A model of a few kilobytes that makes embeddings and cannot chat: BERT with random weights."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

WIDTH, INNER, CONTEXT = 32, 64, 64
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"\u2581{letter}" for letter in "abcdefgh"), "\u2581hi"]


def write_encoder(path: Path) -> Path:
    """Write the model; its layers are those of `llama_model_bert` (src/models/bert.cpp)."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("encoder")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(2)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3] * 5 + [1] * (len(TOKENS) - 5))
    writer.add_token_type_count(2)
    writer.add_unk_token_id(1)
    writer.add_sep_token_id(3)
    writer.add_pad_token_id(0)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(3)  # two tokens to warm up with, where BERT has one
    writer.add_mask_token_id(4)
    random = np.random.default_rng(1)
    for name, shape in _shapes().items():
        writer.add_tensor(name, random.standard_normal(shape).astype(np.float32) * 0.1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor, the row length last."""
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (len(TOKENS), WIDTH),
        "token_types.weight": (2, WIDTH),
        "position_embd.weight": (CONTEXT, WIDTH),
        "token_embd_norm.weight": (WIDTH,),
        "token_embd_norm.bias": (WIDTH,),
    }
    for name, rows, width in (
        *((f"attn_{part}", WIDTH, WIDTH) for part in ("q", "k", "v", "output")),
        ("ffn_up", INNER, WIDTH),
        ("ffn_down", WIDTH, INNER),
    ):
        shapes[f"blk.0.{name}.weight"] = (rows, width)
        shapes[f"blk.0.{name}.bias"] = (rows,)
    for name in ("attn_output_norm", "layer_output_norm"):
        shapes[f"blk.0.{name}.weight"] = (WIDTH,)
        shapes[f"blk.0.{name}.bias"] = (WIDTH,)
    return shapes
