"""Write GGUF models with random weights, of any size and type, for speed and size tests.

usage: python random_model.py OUT.gguf [--layers N --dim N --ff N --heads N --kv-heads N | --size-gb X]
                              [--type Q4_K] [--arch llama] [--vocab VOCAB.gguf] [--split N] [--seed N]

The answers are noise; the shape, the file layout and the time they cost are those of a real model of that size.
Weights are made in pieces of a few MiB and written at once, so memory stays flat however large the file is. A
tensor's bytes depend on the seed, its name, its shape and its type alone, not on how the model is split.
"""

from __future__ import annotations

import argparse
import functools
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import gguf
import numpy as np
import numpy.typing as npt
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType, LlamaFileType

TINY = Path(__file__).parents[1] / "data" / "tiny" / "tiny.gguf"
ARCHS = ("llama", "qwen2", "qwen3", "gemma")
PIECE_BYTES = 8 << 20
CONTEXT_LENGTH = 8192

# Where the 16-bit scales lie in a block, and what to multiply them by so that the weights' mean is about zero
# (ggml/src/ggml-common.h, block_*). Every other bit pattern of these types is a valid weight.
SCALES: dict[str, tuple[tuple[int, float], ...]] = {
    "Q4_0": ((0, 1.0),),
    "Q4_1": ((0, 1.0), (2, -7.5)),
    "Q5_0": ((0, 1.0),),
    "Q5_1": ((0, 1.0), (2, -15.5)),
    "Q8_0": ((0, 1.0),),
    "Q2_K": ((80, 1.0), (82, 1.5)),
    "Q3_K": ((108, 1.0),),
    "Q4_K": ((0, 1.0), (2, 7.5)),
    "Q5_K": ((0, 1.0), (2, 15.5)),
    "Q6_K": ((208, 1.0),),
    "IQ4_NL": ((0, 1.0),),
    "IQ4_XS": ((0, 1.0),),
}
FILE_TYPES = {
    "F32": LlamaFileType.ALL_F32,
    "F16": LlamaFileType.MOSTLY_F16,
    "BF16": LlamaFileType.MOSTLY_BF16,
    "Q4_0": LlamaFileType.MOSTLY_Q4_0,
    "Q4_1": LlamaFileType.MOSTLY_Q4_1,
    "Q5_0": LlamaFileType.MOSTLY_Q5_0,
    "Q5_1": LlamaFileType.MOSTLY_Q5_1,
    "Q8_0": LlamaFileType.MOSTLY_Q8_0,
    "Q2_K": LlamaFileType.MOSTLY_Q2_K,
    "Q3_K": LlamaFileType.MOSTLY_Q3_K_M,
    "Q4_K": LlamaFileType.MOSTLY_Q4_K_M,
    "Q5_K": LlamaFileType.MOSTLY_Q5_K_M,
    "Q6_K": LlamaFileType.MOSTLY_Q6_K,
    "IQ4_NL": LlamaFileType.MOSTLY_IQ4_NL,
    "IQ4_XS": LlamaFileType.MOSTLY_IQ4_XS,
}
TYPES = tuple(FILE_TYPES)

Bytes = npt.NDArray[np.uint8]
MakeBytes = Callable[[np.random.Generator, int], Bytes]


@dataclass(frozen=True)
class Shape:
    """The size of a model: layers, width, feed-forward width, attention heads and key/value heads."""

    layers: int = 2
    dim: int = 256
    ff: int = 512
    heads: int = 4
    kv_heads: int = 2

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.dim // self.heads


# 1.2 B parameters with a large vocabulary
SHAPE_1B = Shape(layers=16, dim=2048, ff=8192, heads=32, kv_heads=8)


@dataclass(frozen=True)
class Tensor:
    """A tensor of the plan: dims with the row length last, as numpy counts; fill is its constant, None for random."""

    name: str
    dims: tuple[int, ...]
    type_name: str
    fill: float | None = None

    @property
    def kind(self) -> GGMLQuantizationType:
        """The ggml type."""
        return GGMLQuantizationType[self.type_name]

    @property
    def n_bytes(self) -> int:
        """Size of the data, without padding."""
        block, block_bytes = GGML_QUANT_SIZES[self.kind]
        return int(np.prod(self.dims)) // block * block_bytes


# --- the plan -----------------------------------------------------------------------------------------------------


def plan(arch: str, shape: Shape, type_name: str, n_vocab: int) -> list[Tensor]:
    """Return a model's tensors in file order; raise ValueError for a size that the type or llama.cpp cannot take."""
    if arch not in ARCHS:
        raise ValueError(f"architecture {arch!r} is none of {', '.join(ARCHS)}")
    if type_name not in TYPES:
        raise ValueError(f"type {type_name!r} is none of {', '.join(TYPES)}")
    if shape.dim % shape.heads or shape.heads % shape.kv_heads or shape.head_dim % 2:
        raise ValueError(f"dim {shape.dim}, heads {shape.heads} and kv_heads {shape.kv_heads} do not fit together")
    block = GGML_QUANT_SIZES[GGMLQuantizationType[type_name]][0]
    for label, size in (("dim", shape.dim), ("ff", shape.ff)):
        if size % block:
            raise ValueError(f"{label} is {size}, but rows of {type_name} are multiples of {block}")
    dim, ff, kv = shape.dim, shape.ff, shape.head_dim * shape.kv_heads
    tensors = [Tensor("token_embd.weight", (n_vocab, dim), type_name)]
    for layer in range(shape.layers):
        prefix = f"blk.{layer}."
        tensors += [
            Tensor(prefix + "attn_norm.weight", (dim,), "F32", 1.0),
            Tensor(prefix + "attn_q.weight", (dim, dim), type_name),
            Tensor(prefix + "attn_k.weight", (kv, dim), type_name),
            Tensor(prefix + "attn_v.weight", (kv, dim), type_name),
            Tensor(prefix + "attn_output.weight", (dim, dim), type_name),
            Tensor(prefix + "ffn_norm.weight", (dim,), "F32", 1.0),
            Tensor(prefix + "ffn_gate.weight", (ff, dim), type_name),
            Tensor(prefix + "ffn_up.weight", (ff, dim), type_name),
            Tensor(prefix + "ffn_down.weight", (dim, ff), type_name),
        ]
        if arch == "qwen2":
            tensors += [Tensor(f"{prefix}attn_{x}.bias", (dim if x == "q" else kv,), "F32", 0.0) for x in "qkv"]
        if arch == "qwen3":
            tensors += [Tensor(f"{prefix}attn_{x}_norm.weight", (shape.head_dim,), "F32", 1.0) for x in "qk"]
    return [*tensors, Tensor("output_norm.weight", (dim,), "F32", 1.0)]


def shape_for_size(size_bytes: int, type_name: str, n_vocab: int, arch: str = "llama") -> Shape:
    """Return a shape whose tensors are within a few percent of size_bytes, proportioned as usual models are."""

    def size(shape: Shape) -> int:
        return sum(tensor.n_bytes for tensor in plan(arch, shape, type_name, n_vocab))

    for dim in (256, 512, 1024, 2048, 3072, 4096, 5120, 8192):
        head_dim = 64 if dim <= 2048 else 128
        heads = dim // head_dim
        shape = Shape(1, dim, 3 * dim, heads, max(1, heads // 4))
        layer = size(replace(shape, layers=2)) - size(shape)
        layers = max(1, round((size_bytes - size(shape)) / layer) + 1)
        if layers <= 40 or dim == 8192:
            break
    shape = replace(shape, layers=layers)
    per_step = size(replace(shape, ff=shape.ff + 256)) - size(shape)
    return replace(shape, ff=max(256, shape.ff + 256 * round((size_bytes - size(shape)) / per_step)))


# --- weights ------------------------------------------------------------------------------------------------------


def set_scales(blocks: Bytes, type_name: str, scale: float) -> None:
    """Write a scale into every block of [n, block bytes]."""
    for offset, factor in SCALES[type_name]:
        blocks[:, offset : offset + 2] = np.frombuffer(np.float16(scale * factor).tobytes(), np.uint8)


def quantized_maker(type_name: str, deviation: float) -> MakeBytes:
    """Return a maker of random blocks whose weights have the given standard deviation."""
    kind = GGMLQuantizationType[type_name]
    block_bytes = GGML_QUANT_SIZES[kind][1]
    sample = np.random.default_rng(0).integers(0, 256, (512, block_bytes), dtype=np.uint8)
    set_scales(sample, type_name, 1.0)
    scale = deviation / float(gguf.dequantize(sample, kind).std())

    def make(rng: np.random.Generator, n_bytes: int) -> Bytes:
        blocks = np.frombuffer(bytearray(rng.bytes(n_bytes)), np.uint8).reshape(-1, block_bytes)
        set_scales(blocks, type_name, scale)
        return blocks.reshape(-1)

    return make


def float16_maker(type_name: str, deviation: float) -> MakeBytes:
    """Return a maker of F16 or BF16: sign, mantissa and the exponent's two low bits are random.

    Much faster than normally distributed numbers; the deviation comes out within a factor of about 1.4.
    """
    bias, mantissa_bits = (15, 10) if type_name == "F16" else (127, 7)
    # sizes lie in [2^low, 2^(low + 4)), their root mean square is 7 * 2^low
    low = round(np.log2(deviation / 7)) + bias
    keep = np.uint16(0x8000 | 3 << mantissa_bits | (1 << mantissa_bits) - 1)

    def make(rng: np.random.Generator, n_bytes: int) -> Bytes:
        values = np.frombuffer(bytearray(rng.bytes(n_bytes)), np.uint16)
        values &= keep
        values += np.uint16(low << mantissa_bits)
        return values.view(np.uint8)

    return make


def float32_maker(deviation: float) -> MakeBytes:
    """Return a maker of F32."""

    def make(rng: np.random.Generator, n_bytes: int) -> Bytes:
        return (rng.standard_normal(n_bytes // 4, dtype=np.float32) * np.float32(deviation)).view(np.uint8)

    return make


def tensor_pieces(tensor: Tensor, seed: int) -> Iterator[Bytes]:
    """Yield a tensor's data in pieces of at most about PIECE_BYTES."""
    if tensor.fill is not None:
        yield np.full(tensor.dims, tensor.fill, np.float32).view(np.uint8)
        return
    # keeps a matrix product at the size of its input, so that no type and no depth overflows
    deviation = tensor.dims[-1] ** -0.5
    if tensor.type_name in SCALES:
        make = quantized_maker(tensor.type_name, deviation)
    elif tensor.type_name == "F32":
        make = float32_maker(deviation)
    else:
        make = float16_maker(tensor.type_name, deviation)
    rng = np.random.Generator(np.random.SFC64([seed, zlib.crc32(tensor.name.encode())]))
    block_bytes = GGML_QUANT_SIZES[tensor.kind][1]
    step = PIECE_BYTES // block_bytes * block_bytes
    for at in range(0, tensor.n_bytes, step):
        yield make(rng, min(step, tensor.n_bytes - at))


# --- the file -----------------------------------------------------------------------------------------------------


@functools.cache
def read_vocab(path: Path) -> tuple[dict[str, tuple[Any, GGUFValueType, GGUFValueType | None]], int]:
    """Return the tokenizer's keys of a GGUF (key to value, type, element type) and the number of its tokens.

    Kept for the life of the process: a vocabulary of 100,000 tokens takes gguf half a minute to read.
    """
    reader = gguf.GGUFReader(path)
    keys = {
        key: (field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None)
        for key, field in reader.fields.items()
        if key.startswith("tokenizer.")
    }
    if "tokenizer.ggml.tokens" not in keys:
        raise ValueError(f"{path} has no tokenizer.ggml.tokens")
    return keys, len(keys["tokenizer.ggml.tokens"][0])


def add_metadata(writer: gguf.GGUFWriter, arch: str, shape: Shape, type_name: str, n_vocab: int, name: str) -> None:
    """Add every key but the tokenizer's and the split's."""
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_license("cc0-1.0")
    writer.add_file_type(FILE_TYPES[type_name])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(CONTEXT_LENGTH)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ff)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(500000.0)
    writer.add_vocab_size(n_vocab)
    if arch in ("qwen3", "gemma"):
        writer.add_key_length(shape.head_dim)
        writer.add_value_length(shape.head_dim)
    if arch == "llama":
        writer.add_rope_dimension_count(shape.head_dim)


def part_path(path: Path, part: int, n_parts: int) -> Path:
    """Return the name of a part, counted from 0, as llama_split_path of llama.cpp spells it."""
    return path.with_name(f"{path.name.removesuffix('.gguf')}-{part + 1:05d}-of-{n_parts:05d}.gguf")


def divide(tensors: list[Tensor], n_parts: int) -> list[list[Tensor]]:
    """Cut a plan into n_parts runs of about the same size in bytes, none empty."""
    if not 1 <= n_parts <= len(tensors):
        raise ValueError(f"cannot split {len(tensors)} tensors into {n_parts} parts")
    total = sum(tensor.n_bytes for tensor in tensors)
    parts: list[list[Tensor]] = [[]]
    done = 0
    for index, tensor in enumerate(tensors):
        missing = n_parts - len(parts)
        full = done + tensor.n_bytes / 2 > total * len(parts) / n_parts
        if parts[-1] and missing and (full or len(tensors) - index <= missing):
            parts.append([])
        parts[-1].append(tensor)
        done += tensor.n_bytes
    return parts


def write_data(file: BinaryIO, tensors: list[Tensor], seed: int, alignment: int) -> None:
    """Write the tensors' data at the end of a file whose header is complete."""
    for tensor in tensors:
        file.write(bytes(-file.tell() % alignment))
        for piece in tensor_pieces(tensor, seed):
            file.write(piece.data)
    file.write(bytes(-file.tell() % alignment))


def write_random_model(
    path: Path | str,
    shape: Shape | None = None,
    *,
    type_name: str = "F16",
    arch: str = "llama",
    vocab: Path | str = TINY,
    size_bytes: int | None = None,
    n_parts: int = 1,
    seed: int = 1,
    name: str = "random",
    choose_type: Callable[[Tensor], str] | None = None,
) -> list[Path]:
    """Write a model of a shape, or of about size_bytes, and return its files.

    choose_type gives each tensor's type where they differ; type_name is then what the file says of itself, and whose
    blocks the rows must be multiples of.

    With n_parts above 1 the files are PATH-00001-of-0000N.gguf and so on, with the keys that llama-gguf-split
    writes: the metadata is in the first one. Raises ValueError for sizes that do not fit the type.
    """
    path = Path(path)
    tokenizer, n_vocab = read_vocab(Path(vocab))
    if size_bytes is not None:
        if shape is not None:
            raise ValueError("give a shape or a size, not both")
        shape = shape_for_size(size_bytes, type_name, n_vocab, arch)
    shape = shape or Shape()
    tensors = plan(arch, shape, type_name, n_vocab)
    if choose_type is not None:
        tensors = [replace(tensor, type_name=choose_type(tensor)) for tensor in tensors]
    written: list[Path] = []
    for part, mine in enumerate(divide(tensors, n_parts)):
        target = part_path(path, part, n_parts) if n_parts > 1 else path
        writer = gguf.GGUFWriter(None, arch)
        if part == 0:
            add_metadata(writer, arch, shape, type_name, n_vocab, name)
            for key, (value, kind, sub_kind) in tokenizer.items():
                writer.add_key_value(key, value, kind, sub_kind)
        else:
            # upstream's later parts hold the split keys alone
            writer.kv_data[0].clear()
        if n_parts > 1:
            writer.add_uint16(gguf.Keys.Split.LLM_KV_SPLIT_NO, part)
            writer.add_uint16(gguf.Keys.Split.LLM_KV_SPLIT_COUNT, n_parts)
            writer.add_int32(gguf.Keys.Split.LLM_KV_SPLIT_TENSORS_COUNT, len(tensors))
        for tensor in mine:
            # the dtype is not looked at, only the type's name is
            writer.add_tensor_info(tensor.name, tensor.dims, np.dtype(np.float32), tensor.n_bytes, tensor.kind)
        writer.write_header_to_file(target)
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        with target.open("ab") as file:
            write_data(file, mine, seed, gguf.GGUF_DEFAULT_ALIGNMENT)
        written.append(target)
    return written


def main() -> None:
    """Read the command line, write the model and print its files."""
    parser = argparse.ArgumentParser(description="Write a GGUF model with random weights.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", type=int, help="default: 16, the shape of a 1.2 B model, as for all sizes")
    parser.add_argument("--dim", type=int)
    parser.add_argument("--ff", type=int)
    parser.add_argument("--heads", type=int)
    parser.add_argument("--kv-heads", type=int)
    parser.add_argument("--size-gb", type=float, help="choose the shape for a file of about so many 10^9 bytes")
    parser.add_argument("--type", dest="type_name", choices=TYPES, default="F16")
    parser.add_argument("--arch", choices=ARCHS, default="llama")
    parser.add_argument("--vocab", type=Path, default=TINY, help="GGUF to take the tokenizer from")
    parser.add_argument("--split", type=int, default=1, metavar="N", help="write N parts")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sizes = {key: getattr(args, key) for key in ("layers", "dim", "ff", "heads", "kv_heads")}
    given = {key: value for key, value in sizes.items() if value is not None}
    if given and args.size_gb is not None:
        parser.error("--size-gb chooses the shape: leave out --layers, --dim, --ff, --heads and --kv-heads")
    try:
        files = write_random_model(
            args.out,
            None if args.size_gb is not None else replace(SHAPE_1B, **given),
            type_name=args.type_name,
            arch=args.arch,
            vocab=args.vocab,
            size_bytes=None if args.size_gb is None else round(args.size_gb * 1e9),
            n_parts=args.split,
            seed=args.seed,
        )
    except ValueError as error:
        sys.exit(f"random_model: {error}")
    for file in files:
        print(f"{file} {file.stat().st_size}")


if __name__ == "__main__":
    main()
