"""Find out what a GGUF file contains: a text model or something else."""

from __future__ import annotations

from enum import Enum

from mkexe.models.gguf.constants import GGUFType, Keys
from mkexe.models.gguf.header_records import GgufHeader


class ModelKind(Enum):
    """What a GGUF contains; the value completes "NAME is ..."."""

    TEXT = "a text model"
    PROJECTOR = "a projector (mmproj) that lets a text model see or hear"
    ADAPTER = "a LoRA adapter, which changes a text model"
    CONTROL_VECTOR = "a control vector, which steers a text model"
    IMATRIX = "an importance matrix, which is used to quantize a text model"
    VOCABULARY = "a vocabulary without weights"
    DRAFT = "a draft head, which only speeds up the text model it was made for"
    VOCODER = "a speech decoder, which turns another model's output into sound"
    IMAGE = "an image or video model"


BY_GENERAL_TYPE = {
    GGUFType.ADAPTER: ModelKind.ADAPTER,
    GGUFType.IMATRIX: ModelKind.IMATRIX,
    GGUFType.MMPROJ: ModelKind.PROJECTOR,
}

DRAFT_ARCHITECTURES = ("eagle3", "dflash", "gemma4-assistant")
IMAGE_ARCHITECTURES = (
    *("aura", "cosmos", "flux", "hidream", "hyvid", "ltxv", "lumina2"),
    *("pig", "qwen_image", "sd1", "sd3", "sdxl", "wan"),
)
"""Written by the converters of image programs; llama.cpp cannot load these models."""

BY_ARCHITECTURE = {
    "clip": ModelKind.PROJECTOR,
    "controlvector": ModelKind.CONTROL_VECTOR,
    "wavtokenizer-dec": ModelKind.VOCODER,
    **dict.fromkeys(DRAFT_ARCHITECTURES, ModelKind.DRAFT),
    **dict.fromkeys(IMAGE_ARCHITECTURES, ModelKind.IMAGE),
}

IMATRIX_KEY = "imatrix.chunk_count"
"""Written by tools/imatrix, also by versions that do not write `general.type`."""


def kind_of(header: GgufHeader, tensor_count: int | None = None) -> ModelKind:
    """Return what a file contains; `tensor_count` counts the tensors of all parts of a split model."""
    kind = BY_GENERAL_TYPE.get(header.general_type) or BY_ARCHITECTURE.get(header.architecture)
    if kind is not None:
        return kind
    if Keys.Adapter.TYPE in header.entries:
        return ModelKind.ADAPTER
    if IMATRIX_KEY in header.entries:
        return ModelKind.IMATRIX
    if not (header.tensor_count if tensor_count is None else tensor_count):
        return ModelKind.VOCABULARY
    return ModelKind.TEXT
