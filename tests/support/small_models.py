"""GGUF files of a few kilobytes, for tests of the container: complete headers, weights of random bytes."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

EMBEDDING_LENGTH = 32


def write_small_model(
    path: Path,
    name: str = "small",
    seed: int = 1,
    large_bytes: int = 0,
    large_tensors: int = 1,
    license_name: str = "cc0-1.0",
    context_length: int = 64,
) -> Path:
    """A llama GGUF that every check accepts and no runtime could use.

    With `large_bytes` it gets a last tensor of that size, or several that have it together, which are a hole in the
    file.
    """
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_license(license_name)
    writer.add_context_length(context_length)
    writer.add_embedding_length(EMBEDDING_LENGTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(16)
    writer.add_vocab_size(4)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", "a"])
    writer.add_token_scores([0.0, 0.0, 0.0, 0.0])
    writer.add_token_types([2, 3, 3, 1])
    rng = np.random.default_rng(seed)
    writer.add_tensor("token_embd.weight", rng.standard_normal((4, EMBEDDING_LENGTH)).astype(np.float32))
    writer.add_tensor("output_norm.weight", rng.standard_normal(EMBEDDING_LENGTH).astype(np.float32))
    rows = large_bytes // large_tensors // 128  # of 32 numbers of 4 bytes
    if rows:
        for number in range(large_tensors):
            name = f"blk.0.{number}.weight" if number else "output.weight"
            writer.add_tensor_info(name, (rows, EMBEDDING_LENGTH), np.dtype(np.float32), rows * 128)
        _write_with_hole(writer, path, large_tensors * rows * 128)
        return path
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _write_with_hole(writer: gguf.GGUFWriter, path: Path, hole_bytes: int) -> None:
    """Header and tensors, the last of which has no bytes on the disk."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    small = [info.tensor.tobytes() for info in writer.tensors[0].values() if info.tensor is not None]
    writer.close()
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        file.write(bytes(-end % 32) + b"".join(small))
        file.truncate(file.tell() + hole_bytes)
