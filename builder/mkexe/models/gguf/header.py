"""Read and check the header of one GGUF file: the fixed fields, the key-value pairs, the tensor list.

The rules are those of `gguf_init_from_reader` and `gguf_reader` (ggml/src/gguf.cpp, llama.cpp 0c1e57098): llama.cpp
can parse every file that passes here. This module is stricter, to refuse files that only look like models: keys and
names must be UTF-8, not empty and without NUL; dimensions are at least 1; and the limits below hold.
"""

from __future__ import annotations

import stat
import struct
from pathlib import Path
from types import MappingProxyType

from mkexe.errors import ModelError
from mkexe.models.gguf.byte_reader import I32, I64, U32, U64, HeaderReader
from mkexe.models.gguf.constants import GGUFValueType, Keys
from mkexe.models.gguf.header_records import ArrayInfo, Entry, GgufHeader, LongText, Value
from mkexe.models.gguf.magic import MAGIC, PROBE_BYTES, not_a_gguf
from mkexe.models.gguf.messages import damaged, printable, shown
from mkexe.models.gguf.tensors import read_tensors
from mkexe.models.gguf.types import (
    DEFAULT_ALIGNMENT_BYTES,
    MAX_ARRAY_ELEMENTS,
    SUPPORTED_VERSIONS,
    VALUE_FORMATS,
    VALUE_SIZES_BYTES,
)

MAX_KEYS = 65_536
"""Key-value pairs of a file; published models have fewer than 200. A limit of our own."""
MAX_TENSORS = 131_072
"""Tensors of a file; published models have fewer than 10,000. A limit of our own."""
MAX_KEY_BYTES = 65_535
"""From the GGUF specification; upstream checks only `GGUF_MAX_STRING_LENGTH`."""
MAX_ARRAY_STRINGS = 1 << 23
"""Strings in all arrays of a file; 262,144 tokens with their merges have about a million. A limit of our own."""
MAX_KEPT_STRING_BYTES = 1 << 20
"""Longer string values stay in the file (`LongText`)."""
MAX_KEPT_BYTES = 16 << 20
"""Keys and string values that are held in memory for a file. A limit of our own."""
SMALLEST_PAIR_BYTES = 8 + 1 + 4 + 1
SMALLEST_TENSOR_BYTES = 8 + 1 + 4 + 4 + 8

REGENERATE = "the file is damaged or was never a usable GGUF: fetch it again, or convert the model again"
TYPE_NAMES = {int(number): number.name.lower() for number in GGUFValueType}


def read_gguf(path: Path) -> GgufHeader:
    """Return the checked header of one file; tensor data is never read.

    Takes about 0.1 s for a vocabulary of 150,000 tokens and needs about 1 MiB besides the result. Raises ModelError
    for everything that llama.cpp would refuse while it opens the file, for a file that ends before its last tensor
    does, and for a path that cannot be read.
    """
    size_bytes = _size_of_regular_file(path)
    try:
        with path.open("rb") as file:
            return _read_header(HeaderReader(file, path, size_bytes))
    except OSError as error:
        raise _cannot_read(path, error) from error


def read_gguf_at(path: Path, offset_bytes: int, size_bytes: int) -> GgufHeader:
    """The same for a GGUF inside another file: `size_bytes` from `offset_bytes` on. Offsets count from there."""
    if offset_bytes + size_bytes > _size_of_regular_file(path):
        raise ModelError(f"{printable(str(path))} ends before the model in it does.", "fetch the file again")
    try:
        with path.open("rb") as file:
            return _read_header(HeaderReader(file, path, size_bytes, offset_bytes))
    except OSError as error:
        raise _cannot_read(path, error) from error


def _size_of_regular_file(path: Path) -> int:
    try:
        status = path.stat()
    except FileNotFoundError:
        hint = "its target does not exist" if path.is_symlink() else "check the spelling of the path"
        raise ModelError(f"{printable(str(path))} does not exist.", hint) from None
    except (OSError, ValueError) as error:
        raise _cannot_read(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise _is_directory(path)
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"{printable(str(path))} is not a regular file.", "give the path of a .gguf file")
    if status.st_size == 0:
        raise ModelError(f"{printable(str(path))} is empty: expected a GGUF, found 0 bytes.", "fetch the file again")
    return status.st_size


def _cannot_read(path: Path, error: Exception) -> ModelError:
    reason = getattr(error, "strerror", None) or str(error)
    return ModelError(f"{printable(str(path))} cannot be read: {reason}.", "check its permissions and the disk")


def _is_directory(path: Path) -> ModelError:
    try:
        inside = sorted(entry.name for entry in path.glob("*.gguf"))
    except OSError:
        inside = []
    hint = f"give one of the files in it, such as {inside[0]}" if inside else "give the path of a .gguf file"
    return ModelError(f"{printable(str(path))} is a directory: expected a GGUF file.", hint)


def _read_header(reader: HeaderReader) -> GgufHeader:
    _check_magic(reader)
    version = _read_version(reader)
    tensor_count = _read_count(reader, "tensors", MAX_TENSORS, SMALLEST_TENSOR_BYTES)
    key_count = _read_count(reader, "keys", MAX_KEYS, SMALLEST_PAIR_BYTES)
    entries = _read_entries(reader, key_count)
    alignment = _alignment(reader.path, entries)
    tensors, data_offset = read_tensors(reader, tensor_count, alignment)
    return GgufHeader(
        path=reader.path,
        version=version,
        size_bytes=reader.size_bytes,
        alignment_bytes=alignment,
        data_offset_bytes=data_offset,
        entries=MappingProxyType(entries),
        tensors=tensors,
    )


def _check_magic(reader: HeaderReader) -> None:
    head = reader.take(min(PROBE_BYTES, reader.size_bytes), "the magic")
    if not head.startswith(MAGIC):
        raise not_a_gguf(reader.path, head)
    reader.position = len(MAGIC)


def _read_version(reader: HeaderReader) -> int:
    start = reader.position
    version = reader.number(U32, "the format version")
    if version in SUPPORTED_VERSIONS:
        return version
    swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
    if version & 0xFFFF == 0 and swapped in (1, *SUPPORTED_VERSIONS):
        found, hint = f"version {swapped} in big-endian byte order", "convert it to little-endian (gguf-convert-endian)"
    elif version == 1:
        found, hint = "version 1, which llama.cpp no longer reads", "download a newer GGUF of the model"
    else:
        found, hint = f"version {version}", REGENERATE
    raise damaged(reader.path, start, "GGUF version 2 or 3 in little-endian byte order", found, hint)


def _read_count(reader: HeaderReader, what: str, limit: int, smallest_bytes: int) -> int:
    """Return a count that fits into the rest of the file; upstream reads it as a signed number."""
    start = reader.position
    count = reader.number(I64, f"the number of {what}")
    room = min(limit, reader.left_bytes // smallest_bytes)
    if not 0 <= count <= room:
        expected = f"at most {room} {what} in a file of {reader.size_bytes} bytes"
        raise damaged(reader.path, start, expected, str(count))
    return count


def _read_entries(reader: HeaderReader, count: int) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    strings_in_arrays = 0
    kept_bytes = 0
    for index in range(count):
        start = reader.position
        key = reader.text(f"key {index}", MAX_KEY_BYTES)
        if key in entries:
            raise damaged(reader.path, start, f"every key once, key {index} being new", f"{shown(key)} a second time")
        entry = entries[key] = _read_entry(reader, key)
        kept_bytes += len(key) + (len(entry.value) if isinstance(entry.value, str) else 0)
        if kept_bytes > MAX_KEPT_BYTES:
            raise damaged(reader.path, start, f"at most {MAX_KEPT_BYTES} bytes of keys and texts", "more", REGENERATE)
        if isinstance(entry.value, ArrayInfo) and entry.value.element_type == GGUFValueType.STRING:
            strings_in_arrays += entry.value.length
            _check_string_total(reader, start, strings_in_arrays)
    return entries


def _check_string_total(reader: HeaderReader, start: int, total: int) -> None:
    if total > MAX_ARRAY_STRINGS:
        expected = f"at most {MAX_ARRAY_STRINGS} strings in the arrays of a file"
        raise damaged(reader.path, start, expected, str(total), REGENERATE)


def _read_entry(reader: HeaderReader, key: str) -> Entry:
    value_type = _read_value_type(reader, f"the value type of {shown(key)}")
    start = reader.position
    if value_type == GGUFValueType.ARRAY:
        return Entry(_read_array(reader, key), value_type, start)
    if value_type == GGUFValueType.STRING:
        return Entry(_read_string_value(reader, f"the value of {shown(key)}"), value_type, start)
    raw = reader.take(VALUE_SIZES_BYTES[value_type], f"the value of {shown(key)}")
    value: Value = struct.unpack("<" + VALUE_FORMATS[value_type], raw)[0]
    return Entry(value != 0 if value_type == GGUFValueType.BOOL else value, value_type, start)


def _read_value_type(reader: HeaderReader, what: str) -> GGUFValueType:
    start = reader.position
    number = reader.number(I32, what)
    if number not in TYPE_NAMES:
        raise damaged(reader.path, start, f"{what} from 0 to {max(TYPE_NAMES)}", str(number))
    return GGUFValueType(number)


def _read_string_value(reader: HeaderReader, what: str) -> Value:
    """Return a string. Replaces bytes that are not UTF-8, because upstream accepts them unchecked."""
    length = reader.string_length(what)
    if length > MAX_KEPT_STRING_BYTES:
        start = reader.position
        reader.skip(length, what)
        return LongText(start, length)
    return reader.take(length, what).decode("utf-8", "replace")


def _read_array(reader: HeaderReader, key: str) -> ArrayInfo:
    """Skip an array without storing it. Refuses arrays of arrays, as upstream does."""
    what = f"the array {shown(key)}"
    type_start = reader.position
    element_type = _read_value_type(reader, f"the element type of {what}")
    if element_type == GGUFValueType.ARRAY:
        raise damaged(reader.path, type_start, f"{what} to hold plain values", "an array of arrays")
    count_start = reader.position
    length = reader.number(U64, f"the length of {what}")
    element_bytes = VALUE_SIZES_BYTES.get(element_type, 8)
    room = min(MAX_ARRAY_ELEMENTS, reader.left_bytes // element_bytes)
    if length > room:
        expected = f"{what} of at most {room} elements, as the file ends at byte {reader.size_bytes}"
        raise damaged(reader.path, count_start, expected, str(length))
    start = reader.position
    if element_type == GGUFValueType.STRING:
        _check_string_total(reader, count_start, length)
        reader.skip_strings(length, what)
    else:
        reader.skip(length * element_bytes, what)
    return ArrayInfo(element_type, length, start, reader.position - start)


def _alignment(path: Path, entries: dict[str, Entry]) -> int:
    entry = entries.get(Keys.General.ALIGNMENT)
    if entry is None:
        return DEFAULT_ALIGNMENT_BYTES
    key = Keys.General.ALIGNMENT
    if entry.type != GGUFValueType.UINT32 or not isinstance(entry.value, int):
        raise damaged(path, entry.offset_bytes, f"{key} of type uint32", TYPE_NAMES[entry.type])
    if entry.value == 0 or entry.value & (entry.value - 1):
        raise damaged(path, entry.offset_bytes, f"a power of two as {key}", str(entry.value))
    return entry.value
