"""Check a model's parameters as `llama_model_base::load_hparams` does (src/llama-model.cpp, llama.cpp 0c1e57098).

Upstream asserts most of these: without this check, the built file would end by a signal. The test with this machine's
runtime (mkexe.trial.model_check) finds more defects. This check needs no runtime, and its errors name the key.
"""

from __future__ import annotations

import math

from mkexe.models.gguf.constants import GGUFValueType, Keys
from mkexe.models.gguf.header_records import ArrayInfo, GgufHeader
from mkexe.models.gguf.messages import damaged, shown, unusable
from mkexe.models.gguf.single_type_values import RECONVERT, check_type, required_number
from mkexe.models.gguf.types import LEAST_CONTEXT, MAX_EXPERTS, MAX_LAYERS, TENSOR_TYPES

ROPE_SCALING_TYPES = ("none", "linear", "yarn", "longrope")
"""`LLAMA_ROPE_SCALING_TYPES` (src/llama-model.cpp)."""

DIFFUSION_ARCHITECTURES = ("dream", "llada", "llada-moe", "rnd1")
"""`llm_arch_is_diffusion` (src/llama-arch.cpp): these write a text at once, in steps; the server cannot."""

TYPES_WITHOUT_PRODUCTS = ("I8", "I16", "I64", "F64", "Q8_1", "Q8_K")
"""Tensor types that matrix multiplication does not support (`type_traits_cpu`, ggml/src/ggml-cpu/ggml-cpu.c)."""

_LARGEST = 2**31 - 1
_FROM_ZERO = (
    Keys.Attention.LAYERNORM_EPS,
    Keys.Attention.LAYERNORM_RMS_EPS,
    Keys.Attention.GROUPNORM_EPS,
)


def check_parameters(header: GgufHeader) -> None:
    """Raise ModelError if a parameter that every architecture needs is missing, or if a value is impossible."""
    check_type(header, Keys.General.NAME, GGUFValueType.STRING)
    check_type(header, Keys.General.FILE_TYPE, GGUFValueType.UINT32)
    architecture = header.architecture
    if architecture in DIFFUSION_ARCHITECTURES:
        reason = (
            f"writes by diffusion (architecture {shown(architecture)}): expected a model that writes token by token"
        )
        raise unusable(header.path, reason, "llama.cpp's server cannot run such a model: use another one")
    required_number(header, Keys.LLM.CONTEXT_LENGTH.format(arch=architecture), LEAST_CONTEXT, _LARGEST)
    required_number(header, Keys.LLM.EMBEDDING_LENGTH.format(arch=architecture), 1, _LARGEST)
    layers = required_number(header, Keys.LLM.BLOCK_COUNT.format(arch=architecture), 1, MAX_LAYERS)
    _check_optional(header, Keys.LLM.NEXTN_PREDICT_LAYERS.format(arch=architecture), 0, layers)
    _check_experts(header)
    _check_reals(header)
    _check_rope_scaling(header)


def check_tensor_types(header: GgufHeader) -> None:
    """Raise ModelError for a tensor of a type that llama.cpp can store, but cannot compute with."""
    for tensor in header.tensors:
        block = TENSOR_TYPES[tensor.type_number].block_size
        of_norm = tensor.name.endswith("norm.weight") and len(tensor.shape) == 1
        if tensor.type_name in TYPES_WITHOUT_PRODUCTS or (of_norm and block > 1):
            expected = "F32" if of_norm else "a type that weights have"
            reason = f"cannot be computed with: expected tensor {shown(tensor.name)} as {expected}"
            raise unusable(header.path, f"{reason}, found {tensor.type_name}", RECONVERT)


def _check_optional(header: GgufHeader, key: str, lowest: int, highest: int) -> int:
    """Return a number, or 0 if the key is missing. Does not check arrays with a value for each layer."""
    entry = header.entries.get(key)
    if entry is None or isinstance(entry.value, ArrayInfo):
        return 0
    return required_number(header, key, lowest, highest)


def _check_experts(header: GgufHeader) -> None:
    architecture = header.architecture
    experts = _check_optional(header, Keys.LLM.EXPERT_COUNT.format(arch=architecture), 0, MAX_EXPERTS)
    key = Keys.LLM.EXPERT_USED_COUNT.format(arch=architecture)
    if key in header.entries:
        _check_optional(header, key, min(experts, 1), experts)
    elif experts:
        raise unusable(
            header.path, f"lacks the key {key}: expected 1 to {experts} of its experts, found none", RECONVERT
        )


def _check_reals(header: GgufHeader) -> None:
    for pattern in _FROM_ZERO:
        key = pattern.format(arch=header.architecture)
        entry = header.entries.get(key)
        if entry is None or isinstance(entry.value, ArrayInfo):
            continue
        check_type(header, key, GGUFValueType.FLOAT32)
        number = float(entry.value) if isinstance(entry.value, float) else 0.0
        if not 0 <= number < math.inf:
            raise damaged(header.path, entry.offset_bytes, f"{key} of 0 or more", str(number), RECONVERT)


def _check_rope_scaling(header: GgufHeader) -> None:
    key = Keys.Rope.SCALING_TYPE.format(arch=header.architecture)
    check_type(header, key, GGUFValueType.STRING)
    entry = header.entries.get(key)
    if entry is not None and entry.value not in ROPE_SCALING_TYPES:
        expected = f"{key} to be one of {', '.join(ROPE_SCALING_TYPES)}"
        raise damaged(header.path, entry.offset_bytes, expected, shown(str(entry.value)), RECONVERT)
