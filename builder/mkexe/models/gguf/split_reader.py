"""Find the parts of a model that was split over several GGUF files, and check that they fit together.

Names and keys are those of llama.cpp: `llama_split_path`, `llama_split_prefix` (src/llama.cpp), the constructor of
`llama_model_loader` (src/llama-model-loader.cpp) and tools/gguf-split.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from mkexe.errors import ModelError
from mkexe.models.gguf.constants import GGUFValueType, Keys
from mkexe.models.gguf.header import read_gguf
from mkexe.models.gguf.header_records import GgufHeader
from mkexe.models.gguf.messages import damaged, file_name, printable, shown, unusable

NAME_PATTERN = re.compile(r"(?P<prefix>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)
NAMED_IN_MESSAGE = 10
MAX_PARTS = 4096
"""Parts of a model; published ones have fewer than 200. A limit of our own."""

SPLIT_NO = Keys.Split.LLM_KV_SPLIT_NO
SPLIT_COUNT = Keys.Split.LLM_KV_SPLIT_COUNT
SPLIT_TENSORS = Keys.Split.LLM_KV_SPLIT_TENSORS_COUNT

SAME_MODEL = "fetch all parts again from the same place, so that they belong to one model"


def split_name(prefix: str, index: int, count: int) -> str:
    """Return the file name of part `index` (from 0) of `count`, as `llama_split_path` spells it."""
    return f"{prefix}-{index + 1:05d}-of-{count:05d}.gguf"


def read_parts(path: Path) -> list[GgufHeader]:
    """Return the checked headers of all parts of a model in order. A model that is not split is its only part.

    Raises ModelError if `path` is not the first part, if parts are missing, or if they do not fit together.
    """
    first = read_gguf(path)
    count = _number(first, SPLIT_COUNT, GGUFValueType.UINT16) if SPLIT_COUNT in first.entries else 0
    if count <= 1:
        return [first]
    if count > MAX_PARTS:
        offset = first.entries[SPLIT_COUNT].offset_bytes
        raise damaged(path, offset, f"{SPLIT_COUNT} of at most {MAX_PARTS}", str(count))
    _check_is_first(first, count)
    headers = [first] + [read_gguf(part) for part in _other_paths(path, count)]
    for index, header in enumerate(headers):
        _check_part(header, index, count)
    _check_tensors(headers)
    return headers


def _number(header: GgufHeader, key: str, wanted: GGUFValueType) -> int:
    """Return a number that upstream reads with one fixed type; it aborts or throws for any other."""
    entry = header.entries.get(key)
    if entry is None:
        reason = f"is one part of a split model, but lacks a key: expected the key {key}, found none"
        raise unusable(header.path, reason, SAME_MODEL)
    if entry.type != wanted or not isinstance(entry.value, int):
        expected = f"{key} of type {wanted.name.lower()}"
        raise damaged(header.path, entry.offset_bytes, expected, entry.type.name.lower())
    return entry.value


def _check_is_first(header: GgufHeader, count: int) -> None:
    number = _number(header, SPLIT_NO, GGUFValueType.UINT16)
    named = NAME_PATTERN.fullmatch(header.path.name)
    if number != 0:
        ending = f"the file whose name ends in -00001-of-{count:05d}.gguf"
        first = split_name(named["prefix"], 0, count) if named else ending
        reason = f"is part {number + 1} of {count} of a split model: expected part 1"
        raise unusable(header.path, reason, f"give {printable(first)}; mkexe finds the other parts in the same folder")
    if named is None or int(named["number"]) != 1 or int(named["count"]) != count:
        reason = f"is part 1 of {count} of a split model, but its name does not say so, and mkexe finds parts by name"
        raise unusable(header.path, reason, f"rename it and its parts to NAME-00001-of-{count:05d}.gguf and so on")


def _other_paths(path: Path, count: int) -> list[Path]:
    """Return the paths of parts 2 to `count`; raises ModelError that names the missing ones."""
    named = NAME_PATTERN.fullmatch(path.name)
    names = [split_name(named["prefix"] if named else path.stem, index, count) for index in range(1, count)]
    missing = [name for name in names if not os.path.exists(os.path.join(path.parent, name))]
    if missing:
        listed = printable(", ".join(missing[:NAMED_IN_MESSAGE]))
        more = f" and {len(missing) - NAMED_IN_MESSAGE} more" if len(missing) > NAMED_IN_MESSAGE else ""
        reason = f"is part 1 of {count} of a split model: expected all parts beside it, found {len(missing)} missing"
        raise ModelError(f"{file_name(path)} {reason}: {listed}{more}.", f"put them into {printable(str(path.parent))}")
    return [path.with_name(name) for name in names]


def _check_part(header: GgufHeader, index: int, count: int) -> None:
    """Check that a part's keys match its name; upstream checks only the number, not the count."""
    number = _number(header, SPLIT_NO, GGUFValueType.UINT16)
    if number != index:
        offset = header.entries[SPLIT_NO].offset_bytes
        expected = f"{SPLIT_NO} {index}, as its name says part {index + 1}"
        raise damaged(header.path, offset, expected, str(number), SAME_MODEL)
    entry = header.entries.get(SPLIT_COUNT)
    if entry is not None and entry.value != count:
        expected = f"{SPLIT_COUNT} {count}, as in the first part"
        raise damaged(header.path, entry.offset_bytes, expected, str(header.split_count), SAME_MODEL)


def _check_tensors(headers: list[GgufHeader]) -> None:
    """Check that all parts together have the number of tensors that the first part states, each name only once."""
    first = headers[0]
    stated = _number(first, SPLIT_TENSORS, GGUFValueType.INT32)
    seen: dict[str, Path] = {}
    for header in headers:
        for tensor in header.tensors:
            if tensor.name in seen:
                reason = f"holds tensor {shown(tensor.name)}, which {file_name(seen[tensor.name])} holds too"
                raise unusable(header.path, f"{reason}: expected every tensor in one part only", SAME_MODEL)
            seen[tensor.name] = header.path
    if len(seen) != stated:
        offset = first.entries[SPLIT_TENSORS].offset_bytes
        expected = f"{SPLIT_TENSORS} to be the {len(seen)} tensors of all {len(headers)} parts"
        raise damaged(first.path, offset, expected, str(stated), SAME_MODEL)
