"""Models with random weights, and with the shapes and types of real models. They are made once and cached."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.plan import SIZES, ModelCase
from mkexe.base import cache
from mkexe.models.gguf.check import check_model
from support import random_model
from support.random_model import Shape, Tensor

# a path in llama.cpp's source
VOCAB = Path("models") / "ggml-vocab-llama-bpe.gguf"
_VOCABULARY = 128_256
# increase this by hand when the content of a case changes, so that the cache makes it again
_REVISION = 1


@dataclass(frozen=True)
class Model:
    """A model file. `context` is its trained context in tokens; one token reads `read_per_token_bytes`."""

    name: str
    path: Path
    size_bytes: int
    parameters: int
    vocabulary: int
    context: int
    read_per_token_bytes: int


def find_model(case: ModelCase, source: Path) -> Model:
    """The model of a case, made now if it is not in the cache. `source` is llama.cpp's, for its vocabulary."""
    shape = SIZES[case.size]
    path = _path_of(case, source)
    with cache.locked("models"):
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            temporary = path.with_suffix(".part")
            random_model.write_random_model(
                temporary,
                shape,
                type_name="Q4_K" if case.type_name == "Q4_K_M" else case.type_name,
                vocab=source / VOCAB,
                name=f"random {case.name}",
                choose_type=functools.partial(type_in_file, case.type_name, shape),
            )
            temporary.replace(path)
    return describe_model(path, case.name)


def _path_of(case: ModelCase, source: Path) -> Path:
    facts = {
        "shape": asdict(SIZES[case.size]),
        "type": case.type_name,
        "vocab": cache.hash_file(source / VOCAB),
        "revision": _REVISION,
    }
    return cache.root() / "models" / f"random-{case.size}-{case.type_name}-{cache.key_of(facts)}.gguf"


def describe_model(path: Path, name: str) -> Model:
    """The numbers of a model file, from its header."""
    header = check_model(path).header
    sizes = {tensor.name: tensor.size_bytes for tensor in header.tensors}
    embedding = next(tensor for tensor in header.tensors if tensor.name == "token_embd.weight")
    # if there is a separate output matrix, only one row of the embedding is read
    unread = sizes["token_embd.weight"] if "output.weight" in sizes else 0
    return Model(
        name=name,
        path=path,
        size_bytes=path.stat().st_size,
        parameters=header.parameter_count,
        vocabulary=embedding.shape[-1],
        context=header.context_length,
        read_per_token_bytes=sum(sizes.values()) - unread,
    )


def type_in_file(file_type: str, shape: Shape, tensor: Tensor) -> str:
    """The type that `llama-quantize` gives a tensor of a llama model (src/llama-quant.cpp, llama_tensor_get_type_impl).

    The embedding is also the output matrix. In 4-bit files, it has 6 bits. In Q4_K_M, attn_v and ffn_down of half the
    layers have 6 bits too.
    """
    if tensor.fill is not None or file_type in ("Q8_0", "F16"):
        return tensor.type_name
    if tensor.name == "token_embd.weight":
        return "Q6_K"
    if file_type == "Q4_K_M" and ("attn_v." in tensor.name or "ffn_down." in tensor.name):
        layer = int(tensor.name.split(".")[1])
        return "Q6_K" if has_more_bits(layer, shape.layers) else "Q4_K"
    return tensor.type_name


def has_more_bits(layer: int, layers: int) -> bool:
    """llama-quant.cpp's use_more_bits: the first and the last eighth, and every third layer between them."""
    first = layers // 8
    return layer < first or layer >= 7 * layers // 8 or (layer - first) % 3 == 2


def missing_bytes(cases: list[ModelCase], source: Path) -> int:
    """The approximate free space that the disk needs: for the missing models, and for the largest artifact."""
    sizes = {case: _about_bytes(case) for case in cases}
    missing = [size for case, size in sizes.items() if not _path_of(case, source).is_file()]
    return sum(missing) + 2 * max(sizes.values())


def _about_bytes(case: ModelCase) -> int:
    bits = {"Q4_0": 5.0, "Q4_K_M": 5.3, "Q8_0": 8.6, "F16": 16.1}
    tensors = random_model.plan("llama", SIZES[case.size], "F16", _VOCABULARY)
    return round(sum(tensor.n_bytes for tensor in tensors) * bits[case.type_name] / 16)
