"""Write a small GGUF with random weights that lets a text model see and hear: what upstream calls mmproj.

usage: python random_projector.py OUT.gguf --dim N

What the model is told of a picture or a recording is noise; reading the file, preparing pictures and sound, the two
encoders and their place in the prompt are upstream's own. A picture takes `IMAGE_TOKENS`, 30 seconds of sound
`AUDIO_TOKENS`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

IMAGE_SIZE, PATCH_SIZE = 32, 8  # pixels
IMAGE_TOKENS = (IMAGE_SIZE // PATCH_SIZE) ** 2
WIDTH, FEED_FORWARD, HEADS, LAYERS = 64, 128, 4, 1  # of both encoders
MEL_BINS = 80
FRAMES = 1500  # Whisper's: 30 seconds of 100 frames a second, of which the second convolution leaves half
STACKED_FRAMES = 50
AUDIO_TOKENS = FRAMES // STACKED_FRAMES

Weights = npt.NDArray[np.float32]


def write_random_projector(path: Path, dim: int, seed: int = 0, general_type: bool = True) -> None:
    """For a model whose embeddings have `dim` numbers; older files have no `general_type`.

    Names: upstream's tools/mtmd/clip-impl.h; shapes: its tools/mtmd/clip.cpp, projectors "mlp" and "ultravox".
    """
    writer = gguf.GGUFWriter(path, "clip")
    if general_type:
        writer.add_type(gguf.GGUFType.MMPROJ)
    writer.add_name("random projector")
    for kind, projector in (("vision", "mlp"), ("audio", "ultravox")):
        writer.add_bool(f"clip.has_{kind}_encoder", True)
        writer.add_string(f"clip.{kind}.projector_type", projector)
        sizes = {"embedding_length": WIDTH, "feed_forward_length": FEED_FORWARD, "block_count": LAYERS,
                 "projection_dim": dim, "attention.head_count": HEADS}  # fmt: skip
        for name, size in sizes.items():
            writer.add_uint32(f"clip.{kind}.{name}", size)
        writer.add_float32(f"clip.{kind}.attention.layer_norm_epsilon", 1e-5)
    writer.add_uint32("clip.vision.image_size", IMAGE_SIZE)
    writer.add_uint32("clip.vision.patch_size", PATCH_SIZE)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    writer.add_uint32("clip.audio.num_mel_bins", MEL_BINS)
    writer.add_uint32("clip.audio.projector.stack_factor", STACKED_FRAMES)
    random = np.random.default_rng(seed)
    for name, shape in [*_vision(dim), *_audio(dim)]:
        weights: Weights = random.normal(0, 0.05, shape).astype(np.float32)
        # ggml's convolutions take half precision
        writer.add_tensor(name, weights.astype(np.float16) if len(shape) > 2 else weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vision(dim: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "v.patch_embd.weight", (WIDTH, 3, PATCH_SIZE, PATCH_SIZE)
    yield "v.position_embd.weight", (IMAGE_TOKENS, WIDTH)
    yield from _blocks("v")
    for layer, width in ((0, WIDTH), (2, dim)):
        yield f"mm.{layer}.weight", (dim, width)
        yield f"mm.{layer}.bias", (dim,)


def _audio(dim: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for layer, width in ((1, MEL_BINS), (2, WIDTH)):
        yield f"a.conv1d.{layer}.weight", (WIDTH, width, 3)
        yield f"a.conv1d.{layer}.bias", (WIDTH, 1)
    yield "a.position_embd.weight", (FRAMES, WIDTH)
    yield from _blocks("a")
    yield "a.post_ln.weight", (WIDTH,)
    yield "a.post_ln.bias", (WIDTH,)
    yield "mm.a.norm_pre.weight", (STACKED_FRAMES * WIDTH,)
    yield "mm.a.mlp.1.weight", (2 * FEED_FORWARD, STACKED_FRAMES * WIDTH)
    yield "mm.a.norm_mid.weight", (FEED_FORWARD,)
    yield "mm.a.mlp.2.weight", (dim, FEED_FORWARD)


def _blocks(prefix: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    for block in (f"{prefix}.blk.{layer}" for layer in range(LAYERS)):
        for name in ("ln1", "ln2"):
            yield f"{block}.{name}.weight", (WIDTH,)
            yield f"{block}.{name}.bias", (WIDTH,)
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            yield f"{block}.{name}.weight", (WIDTH, WIDTH)
            if name != "attn_k":  # Whisper's keys have no bias
                yield f"{block}.{name}.bias", (WIDTH,)
        yield f"{block}.ffn_up.weight", (FEED_FORWARD, WIDTH)
        yield f"{block}.ffn_up.bias", (FEED_FORWARD,)
        yield f"{block}.ffn_down.weight", (WIDTH, FEED_FORWARD)
        yield f"{block}.ffn_down.bias", (WIDTH,)


def main() -> int:
    """Write the file that the command line describes."""
    parser = argparse.ArgumentParser(description="Write a projector with random weights.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--dim", type=int, required=True, help="embedding length of the text model")
    options = parser.parse_args()
    write_random_projector(options.output, options.dim)
    return 0


if __name__ == "__main__":
    sys.exit(main())
