"""Records for the header of a GGUF. This module reads no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from mkexe.models.gguf.constants import GGUFValueType, Keys
from mkexe.models.gguf.types import FILE_TYPES


@dataclass(frozen=True, slots=True)
class ArrayInfo:
    """An array in the metadata. Its content stays in the file: `size_bytes` bytes from `offset_bytes` on."""

    element_type: GGUFValueType
    length: int
    offset_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class LongText:
    """A string value that is too long to store. Its bytes stay in the file, from `offset_bytes` on."""

    offset_bytes: int
    size_bytes: int


Scalar: TypeAlias = int | float | bool | str
Value: TypeAlias = Scalar | ArrayInfo | LongText


@dataclass(frozen=True, slots=True)
class Entry:
    """One key-value pair; `offset_bytes` is where the value begins, behind its type."""

    value: Value
    type: GGUFValueType
    offset_bytes: int


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: its shape has the row length first, `offset_bytes` counts from the file's start."""

    name: str
    shape: tuple[int, ...]
    type_number: int
    type_name: str
    offset_bytes: int
    size_bytes: int
    parameters: int


@dataclass(frozen=True)
class GgufHeader:
    """A checked header. Strings are '' and numbers 0 if the file lacks the key."""

    path: Path
    version: int
    size_bytes: int
    alignment_bytes: int
    data_offset_bytes: int
    entries: Mapping[str, Entry]
    tensors: tuple[TensorInfo, ...]

    def scalar_text(self, key: str) -> str:
        """Return a string value, or '' if the key is missing or holds something else."""
        entry = self.entries.get(key)
        return entry.value if entry is not None and isinstance(entry.value, str) else ""

    def scalar_number(self, key: str) -> int:
        """Return an integer value, or 0 if the key is missing or holds something else."""
        entry = self.entries.get(key)
        is_number = entry is not None and isinstance(entry.value, int) and not isinstance(entry.value, bool)
        return int(entry.value) if entry is not None and is_number else 0  # type: ignore[arg-type]

    @property
    def architecture(self) -> str:
        """`general.architecture`; later parts of a split model have none."""
        return self.scalar_text(Keys.General.ARCHITECTURE)

    @property
    def name(self) -> str:
        """`general.name`, as its author spelt it."""
        return self.scalar_text(Keys.General.NAME)

    @property
    def license(self) -> str:
        """`general.license`, usually an SPDX identifier."""
        return self.scalar_text(Keys.General.LICENSE)

    @property
    def general_type(self) -> str:
        """`general.type` as written: model, adapter, mmproj, imatrix, or '' in older files."""
        return self.scalar_text(Keys.General.TYPE)

    @property
    def context_length(self) -> int:
        """Tokens the model was trained for."""
        return self.scalar_number(Keys.LLM.CONTEXT_LENGTH.format(arch=self.architecture))

    @property
    def tensor_count(self) -> int:
        """Tensors in this file."""
        return len(self.tensors)

    @cached_property
    def parameter_count(self) -> int:
        """Elements of all tensors in this file."""
        return sum(tensor.parameters for tensor in self.tensors)

    @property
    def quantization(self) -> str:
        """The quantization of the weights, such as Q4_K_M; see `describe_quantization`."""
        return describe_quantization([self])

    @property
    def split_count(self) -> int:
        """The number of parts of the model; 0 or 1 for a model that is not split."""
        return self.scalar_number(Keys.Split.LLM_KV_SPLIT_COUNT)


def describe_quantization(headers: list[GgufHeader]) -> str:
    """Return the file type of a model of one or more parts, such as Q4_K_M.

    If `general.file_type` is missing or unknown, return the type of most tensors, as `llama_model_loader` guesses it
    (src/llama-model-loader.cpp), or '' for a model without tensors.
    """
    stated = headers[0].entries.get(Keys.General.FILE_TYPE)
    if stated is not None and isinstance(stated.value, int) and stated.value in FILE_TYPES:
        return FILE_TYPES[stated.value]
    counts = Counter(tensor.type_name for header in headers for tensor in header.tensors)
    return counts.most_common(1)[0][0] if counts else ""
