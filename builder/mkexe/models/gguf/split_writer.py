"""Split a model into GGUF files of a maximum size, as llama-gguf-split does (tools/gguf-split/gguf-split.cpp).

The tensors of a GGUF follow one another, so a shard consists of a new header and a range of the old file. This module
copies nothing. The first shard has all keys. Every shard has the three keys that llama.cpp needs to join the shards
(src/llama-model-loader.cpp).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from mkexe.errors import UsageError
from mkexe.models.gguf.byte_reader import I32, U32, U64
from mkexe.models.gguf.constants import GGUFValueType, Keys
from mkexe.models.gguf.header import read_gguf_at
from mkexe.models.gguf.header_records import ArrayInfo, Entry, GgufHeader, LongText, TensorInfo
from mkexe.models.gguf.magic import MAGIC
from mkexe.models.gguf.messages import file_name, shown
from mkexe.models.gguf.split_reader import MAX_PARTS, SPLIT_COUNT, SPLIT_NO, SPLIT_TENSORS
from mkexe.models.gguf.tensors import padded
from mkexe.models.gguf.types import DEFAULT_ALIGNMENT_BYTES, VALUE_SIZES_BYTES
from mkexe.models.model_set import ModelFile

_U16 = struct.Struct("<H")
_COUNTS = struct.Struct("<qq")  # tensors, keys
_LARGER = "choose a larger --split-size, or a model with a smaller quantization"


@dataclass(frozen=True)
class _Group:
    """The content of one shard: tensors of one file, and `key_count` encoded `keys`."""

    part: ModelFile
    header: GgufHeader
    keys: bytes
    key_count: int
    tensors: tuple[TensorInfo, ...]


def cut_into_shards(parts: tuple[ModelFile, ...], maximum_bytes: int) -> tuple[ModelFile, ...]:
    """Split the model's parts into files of at most `maximum_bytes`; returns the same parts if all are small enough.

    Raises UsageError if a single tensor or the keys alone need more, or if a model may not have so many files;
    ModelError if a part is not a GGUF.
    """
    if all(part.size_bytes <= maximum_bytes for part in parts):
        return parts
    groups = [group for part in parts for group in _groups_of(part, maximum_bytes)]
    if len(groups) > MAX_PARTS:
        raise UsageError(
            f"--split-size: this model would become {len(groups)} files, expected at most {MAX_PARTS}", _LARGER
        )
    total = sum(len(group.tensors) for group in groups)
    return tuple(_shard(group, number, len(groups), total) for number, group in enumerate(groups))


def _groups_of(part: ModelFile, maximum_bytes: int) -> list[_Group]:
    """Divide the tensors of one file into groups that fit; only the first group has the file's keys."""
    header = read_gguf_at(part.path, part.offset, part.size_bytes)
    keys, key_count = _copied_keys(part, header)
    groups: list[_Group] = []
    rest = header.tensors
    while rest or not groups:
        group = _fitting(_Group(part, header, keys, key_count, rest), maximum_bytes)
        groups.append(group)
        rest = rest[len(group.tensors) :]
        keys, key_count = _alignment_key(header)
    return groups


def _fitting(group: _Group, maximum_bytes: int) -> _Group:
    """The group reduced to its first tensors, as many as fit."""
    size_bytes = _header_size(group, 0)
    if size_bytes > maximum_bytes:
        name = file_name(group.part.path)
        raise UsageError(f"--split-size {maximum_bytes}: the keys of {name} alone need {size_bytes} bytes", _LARGER)
    info_bytes = data_bytes = count = 0
    for tensor in group.tensors:
        info_bytes += len(_tensor_info(tensor, 0))
        data_bytes += padded(tensor.size_bytes, group.header.alignment_bytes)
        size_bytes = _header_size(group, info_bytes) + data_bytes
        if size_bytes > maximum_bytes:
            break
        count += 1
    # a first shard may consist of keys alone, as llama-gguf-split --no-tensor-first-split writes it
    if group.tensors and count == 0 and group.keys == _alignment_key(group.header)[0]:
        raise UsageError(
            f"--split-size {maximum_bytes}: the tensor {shown(group.tensors[0].name)} cannot be split and needs a file "
            f"of {size_bytes} bytes",
            _LARGER,
        )
    return _Group(group.part, group.header, group.keys, group.key_count, group.tensors[:count])


def _header_size(group: _Group, info_bytes: int) -> int:
    split = len(_split_keys(0, 0, 0))
    return padded(len(MAGIC) + 4 + 8 + 8 + len(group.keys) + split + info_bytes, group.header.alignment_bytes)


def _shard(group: _Group, number: int, count: int, total: int) -> ModelFile:
    alignment = group.header.alignment_bytes
    begin = group.tensors[0].offset_bytes if group.tensors else group.header.data_offset_bytes
    infos = b"".join(_tensor_info(tensor, tensor.offset_bytes - begin) for tensor in group.tensors)
    end = begin
    if group.tensors:
        last = group.tensors[-1]
        end = min(last.offset_bytes + padded(last.size_bytes, alignment), group.part.size_bytes)
    counts = _COUNTS.pack(len(group.tensors), group.key_count + 3)
    text = MAGIC + U32.pack(group.header.version) + counts + group.keys + _split_keys(number, count, total) + infos
    prefix = text.ljust(padded(len(text), alignment), b"\0")
    return ModelFile(group.part.path, group.part.entry, len(prefix) + end - begin, group.part.offset + begin, prefix)


def _tensor_info(tensor: TensorInfo, offset_bytes: int) -> bytes:
    name = tensor.name.encode()
    dimensions = struct.pack(f"<I{len(tensor.shape)}q", len(tensor.shape), *tensor.shape)
    return U64.pack(len(name)) + name + dimensions + I32.pack(tensor.type_number) + U64.pack(offset_bytes)


def _split_keys(number: int, count: int, total: int) -> bytes:
    """`split.no`, `split.count` and `split.tensors.count` with the types that upstream reads."""
    return (
        _key(SPLIT_NO, GGUFValueType.UINT16, _U16.pack(number))
        + _key(SPLIT_COUNT, GGUFValueType.UINT16, _U16.pack(count))
        + _key(SPLIT_TENSORS, GGUFValueType.INT32, I32.pack(total))
    )


def _alignment_key(header: GgufHeader) -> tuple[bytes, int]:
    """The alignment, if it is not the default. Each shard needs it, because each is read by itself."""
    if header.alignment_bytes == DEFAULT_ALIGNMENT_BYTES:
        return b"", 0
    return _key(Keys.General.ALIGNMENT, GGUFValueType.UINT32, U32.pack(header.alignment_bytes)), 1


def _copied_keys(part: ModelFile, header: GgufHeader) -> tuple[bytes, int]:
    """The bytes of all keys of a file except those about splitting, and the number of keys."""
    kept = [(key, entry) for key, entry in header.entries.items() if key not in (SPLIT_NO, SPLIT_COUNT, SPLIT_TENSORS)]
    with part.path.open("rb") as file:

        def read(offset: int, size: int) -> bytes:
            file.seek(part.offset + offset)
            return file.read(size)

        text = b"".join(
            _key(key, entry.type, read(entry.offset_bytes, _value_size(entry, read))) for key, entry in kept
        )
    return text, len(kept)


def _value_size(entry: Entry, read: Callable[[int, int], bytes]) -> int:
    """The bytes of a value in the file, from `entry.offset_bytes` on."""
    if isinstance(entry.value, ArrayInfo | LongText):
        return entry.value.offset_bytes + entry.value.size_bytes - entry.offset_bytes
    if entry.type == GGUFValueType.STRING:
        length: int = U64.unpack(read(entry.offset_bytes, U64.size))[0]
        return U64.size + length
    return VALUE_SIZES_BYTES[entry.type]


def _key(name: str, value_type: GGUFValueType, value: bytes) -> bytes:
    text = name.encode()
    return U64.pack(len(text)) + text + I32.pack(value_type) + value
