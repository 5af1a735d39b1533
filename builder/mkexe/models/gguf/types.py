"""The tensor types, value types and limits of the pinned llama.cpp that matter for GGUF files.

Block and type sizes come from the `gguf` package; `TYPES_NOT_IN_PACKAGE` holds what llama.cpp 0c1e57098 has and
gguf 0.19.0 lacks or states differently (ggml/include/ggml.h `enum ggml_type`, ggml/src/ggml.c `type_traits`,
ggml/src/ggml-common.h).
"""

from __future__ import annotations

from dataclasses import dataclass

from mkexe.models.gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType, LlamaFileType

MAX_DIMS = 4
"""Dimensions of a tensor (`GGML_MAX_DIMS`, ggml/include/ggml.h)."""
MAX_TENSOR_NAME_BYTES = 63
"""`GGML_MAX_NAME` is 64 with the terminating zero (ggml/include/ggml.h)."""
MAX_STRING_BYTES = 2**30
"""`GGUF_MAX_STRING_LENGTH` (ggml/src/gguf.cpp)."""
MAX_ARRAY_ELEMENTS = 2**30
"""`GGUF_MAX_ARRAY_ELEMENTS` (ggml/src/gguf.cpp)."""
MAX_ELEMENTS = 2**63 - 1
"""Elements of a tensor: `INT64_MAX` (`gguf_init_from_reader`, ggml/src/gguf.cpp)."""
MAX_LAYERS = 512
"""`LLAMA_MAX_LAYERS` (src/llama-hparams.h); `load_hparams` aborts beyond it."""
MAX_EXPERTS = 1024
"""`LLAMA_MAX_EXPERTS` (src/llama-hparams.h); `load_hparams` aborts beyond it."""
LEAST_CONTEXT = 8
"""Tokens: with a smaller context, no question fits, and upstream may abort. A limit of our own."""
DEFAULT_ALIGNMENT_BYTES = 32
"""`GGUF_DEFAULT_ALIGNMENT` (ggml/include/gguf.h)."""
MAPPED_ALIGNMENT_BYTES = 32
"""A mapped buffer of weights begins at a multiple of this (`TENSOR_ALIGNMENT`, ggml/src/ggml-backend.cpp)."""
SUPPORTED_VERSIONS = (2, 3)
"""Versions that `gguf_init_from_reader` accepts (`GGUF_VERSION` is 3, version 1 was dropped)."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """How a tensor type packs a row: `block_size` elements into `block_bytes` bytes."""

    name: str
    block_size: int
    block_bytes: int


TYPES_NOT_IN_PACKAGE = {
    9: TensorType("Q8_1", 32, 36),  # gguf 0.19.0 says 40; block_q8_1 is two 16-bit numbers and 32 bytes
    42: TensorType("Q2_0", 64, 18),  # newer than the package; block_q2_0 is one 16-bit number and 16 bytes
}

TENSOR_TYPES: dict[int, TensorType] = {
    int(number): TensorType(number.name, *GGML_QUANT_SIZES[number]) for number in GGMLQuantizationType
} | TYPES_NOT_IN_PACKAGE

REMOVED_TENSOR_TYPES = {
    4: "Q4_2",
    5: "Q4_3",
    31: "Q4_0_4_4",
    32: "Q4_0_4_8",
    33: "Q4_0_8_8",
    36: "IQ4_NL_4_4",
    37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
}
"""Types with block size 0 in `type_traits` (ggml/src/ggml.c): old files have them, and llama.cpp refuses them now."""

FILE_TYPES: dict[int, str] = {
    int(number): number.name.removeprefix("MOSTLY_").removeprefix("ALL_")
    for number in LlamaFileType
    if number is not LlamaFileType.GUESSED
} | {41: "Q2_0"}  # LLAMA_FTYPE_MOSTLY_Q2_0 (include/llama.h), newer than the package

VALUE_SIZES_BYTES: dict[int, int] = {
    GGUFValueType.UINT8: 1,
    GGUFValueType.INT8: 1,
    GGUFValueType.UINT16: 2,
    GGUFValueType.INT16: 2,
    GGUFValueType.UINT32: 4,
    GGUFValueType.INT32: 4,
    GGUFValueType.FLOAT32: 4,
    GGUFValueType.BOOL: 1,
    GGUFValueType.UINT64: 8,
    GGUFValueType.INT64: 8,
    GGUFValueType.FLOAT64: 8,
}
"""Bytes of a value of fixed size (`GGUF_TYPE_SIZE`, ggml/src/gguf.cpp)."""

VALUE_FORMATS: dict[int, str] = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "b",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}
"""`struct` letters of the same types, read little-endian."""
