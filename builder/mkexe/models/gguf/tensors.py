"""Read and check a GGUF's list of tensors, and check that the file holds all their data.

The rules are those of `gguf_init_from_reader` (ggml/src/gguf.cpp) and of `llama_tensor_weight`
(src/llama-model-loader.h, llama.cpp 0c1e57098).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from mkexe.errors import ModelError
from mkexe.models.gguf.byte_reader import I32, I64, U32, U64, HeaderReader
from mkexe.models.gguf.header_records import TensorInfo
from mkexe.models.gguf.messages import FETCH_AGAIN, damaged, file_name, shown
from mkexe.models.gguf.types import (
    MAX_DIMS,
    MAX_ELEMENTS,
    MAX_TENSOR_NAME_BYTES,
    REMOVED_TENSOR_TYPES,
    TENSOR_TYPES,
    TensorType,
)


@dataclass(frozen=True, slots=True)
class _Record:
    """A tensor from the list; `field_offset_bytes` is the position of the field that holds its data offset."""

    name: str
    shape: tuple[int, ...]
    type_number: int
    size_bytes: int
    data_offset: int
    field_offset_bytes: int


def padded(size_bytes: int, alignment_bytes: int) -> int:
    """Return a size rounded up to a power of two (`GGML_PAD`)."""
    return (size_bytes + alignment_bytes - 1) & ~(alignment_bytes - 1)


def read_tensors(reader: HeaderReader, count: int, alignment_bytes: int) -> tuple[tuple[TensorInfo, ...], int]:
    """Return the tensors from the reader's position on, and the offset at which their data begins.

    The data of the tensors must follow one another in the order of the list, each padded to the alignment, inside the
    file. Bytes after the last tensor are ignored.
    """
    records: list[_Record] = []
    names: set[str] = set()
    for index in range(count):
        start = reader.position
        name = reader.text(f"the name of tensor {index}", MAX_TENSOR_NAME_BYTES)
        if name in names:
            found = f"{shown(name)} a second time"
            raise damaged(reader.path, start, f"every tensor once, tensor {index} being new", found)
        names.add(name)
        records.append(_read_record(reader, name))
    data_offset = padded(reader.position, alignment_bytes) if records else reader.position
    _check_layout(reader.path, records, alignment_bytes)
    _check_all_there(reader.path, reader.size_bytes, data_offset, records)
    return tuple(_public(record, data_offset) for record in records), data_offset


def _public(record: _Record, data_offset: int) -> TensorInfo:
    return TensorInfo(
        name=record.name,
        shape=record.shape,
        type_number=record.type_number,
        type_name=TENSOR_TYPES[record.type_number].name,
        offset_bytes=data_offset + record.data_offset,
        size_bytes=record.size_bytes,
        parameters=math.prod(record.shape),
    )


def _read_record(reader: HeaderReader, name: str) -> _Record:
    what = f"tensor {shown(name)}"
    shape_start = reader.position
    shape = _read_shape(reader, what)
    type_start = reader.position
    type_number = reader.number(I32, f"the type of {what}")
    tensor_type = _known_type(reader.path, type_start, type_number, what)
    row = shape[0] if shape else 1
    if row % tensor_type.block_size:
        expected = f"rows of {what} to be a multiple of {tensor_type.block_size} ({tensor_type.name})"
        raise damaged(reader.path, shape_start + 4, expected, f"{row} elements")
    size_bytes = math.prod(shape) // tensor_type.block_size * tensor_type.block_bytes
    field = reader.position
    data_offset = reader.number(U64, f"the data offset of {what}")
    return _Record(name, shape, type_number, size_bytes, data_offset, field)


def _read_shape(reader: HeaderReader, what: str) -> tuple[int, ...]:
    """Return up to four dimensions of at least 1; a scalar has none. Upstream also accepts 0."""
    start = reader.position
    dimensions = reader.number(U32, f"the number of dimensions of {what}")
    if dimensions > MAX_DIMS:
        raise damaged(reader.path, start, f"at most {MAX_DIMS} dimensions of {what}", str(dimensions))
    shape: list[int] = []
    for axis in range(dimensions):
        at = reader.position
        length = reader.number(I64, f"dimension {axis} of {what}")
        if length < 1:
            raise damaged(reader.path, at, f"dimension {axis} of {what} to be at least 1", str(length))
        shape.append(length)
        if math.prod(shape) > MAX_ELEMENTS:
            raise damaged(reader.path, at, f"{what} to have fewer than 2^63 elements", " x ".join(map(str, shape)))
    return tuple(shape)


def _known_type(path: Path, offset: int, number: int, what: str) -> TensorType:
    tensor_type = TENSOR_TYPES.get(number)
    if tensor_type is not None:
        return tensor_type
    if number in REMOVED_TENSOR_TYPES:
        found = f"{number} ({REMOVED_TENSOR_TYPES[number]}), which llama.cpp no longer reads"
        hint = "use a newer quantization of the model, such as Q4_0, Q4_K_M or IQ4_NL"
        raise damaged(path, offset, f"a known type of {what}", found, hint)
    expected = f"a known type of {what}, from 0 to {max(TENSOR_TYPES)}"
    raise damaged(path, offset, expected, str(number), "the file is damaged, or made for a newer llama.cpp")


def _check_layout(path: Path, records: list[_Record], alignment_bytes: int) -> None:
    """Check that every tensor begins at the padded end of the one before it (`gguf_init_from_reader`)."""
    expected = 0
    for record in records:
        if record.data_offset != expected:
            raise _misplaced(path, record, expected, alignment_bytes)
        expected += padded(record.size_bytes, alignment_bytes)


def _misplaced(path: Path, record: _Record, expected: int, alignment_bytes: int) -> ModelError:
    if record.data_offset % alignment_bytes:
        reason = f", which is not a multiple of the alignment {alignment_bytes}"
    elif record.data_offset < expected:
        reason = ", which overlaps the tensor before it"
    else:
        reason = ", which leaves a gap after the tensor before it"
    wanted = f"tensor {shown(record.name)} at data offset {expected}"
    return damaged(path, record.field_offset_bytes, wanted, f"{record.data_offset}{reason}")


def _check_all_there(path: Path, size_bytes: int, data_offset: int, records: list[_Record]) -> None:
    """Check that the file holds the last tensor's last byte; its padding may be missing."""
    if not records:
        return
    last = records[-1]
    needed = data_offset + last.data_offset + last.size_bytes
    if needed > size_bytes:
        raise ModelError(
            f"{file_name(path)} is incomplete, it ends at byte {size_bytes}: expected {needed} bytes up to the end of "
            f"tensor {shown(last.name)}, found {needed - size_bytes} bytes missing.",
            _incomplete_hint(path),
        )


def _incomplete_hint(path: Path) -> str:
    if re.search(r"part[-_.]?\d|split-[a-z]|\.\d{3}$", path.name.lower()):
        return "this looks like one piece of a divided file: join the pieces in order first, with cat or copy /b"
    return f"the download is incomplete: {FETCH_AGAIN}"
