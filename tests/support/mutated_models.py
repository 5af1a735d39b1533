"""Models that differ from a sound one in one value, tensor or token: what the format allows and no loader expects.

`Model` is read from a GGUF, changed as a dictionary, and written byte by byte: it can hold what no library writes.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType

from mkexe.models.gguf.types import VALUE_FORMATS

ALIGNMENT = 32
TOKENS = "tokenizer.ggml.tokens"
LETTERS = VALUE_FORMATS | {GGUFValueType.BOOL: "?"}
INTEGERS = (GGUFValueType.UINT32, GGUFValueType.INT32, GGUFValueType.UINT64)


@dataclass
class Value:
    """A value of the metadata; `element` is the type of an array's elements."""

    type: GGUFValueType
    value: Any
    element: GGUFValueType | None = None


@dataclass
class Weights:
    """A tensor: its shape has the row length first. Data of None are zeros."""

    shape: tuple[int, ...]
    type: GGMLQuantizationType
    data: bytes | None = None

    @property
    def size_bytes(self) -> int:
        block, size = GGML_QUANT_SIZES[self.type]
        return int(np.prod(self.shape, dtype=np.int64)) // block * size


@dataclass
class Model:
    """All that a GGUF holds."""

    values: dict[str, Value] = field(default_factory=dict)
    tensors: dict[str, Weights] = field(default_factory=dict)

    def set(self, key: str, value: Any, type_: GGUFValueType | None = None) -> None:
        """Give a key another value, of the type that it has where none is said."""
        old = self.values.get(key)
        kind = type_ or (old.type if old else GGUFValueType.UINT32)
        self.values[key] = Value(kind, value, old.element if old and kind is GGUFValueType.ARRAY else None)

    def retype(self, name: str, type_: GGMLQuantizationType, shape: tuple[int, ...] | None = None) -> None:
        """Give a tensor another type or shape, and zeros as its data."""
        self.tensors[name] = Weights(shape or self.tensors[name].shape, type_)

    def write(self, path: Path) -> Path:
        """Write the file and return its path."""
        path.write_bytes(self._header() + self._data())
        return path

    def _header(self) -> bytes:
        out = b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.values))
        for key, value in self.values.items():
            out += _text(key.encode()) + struct.pack("<i", value.type) + _bytes_of(value)
        offset = 0
        for name, tensor in self.tensors.items():
            out += _text(name.encode()) + struct.pack(f"<I{len(tensor.shape)}q", len(tensor.shape), *tensor.shape)
            out += struct.pack("<iQ", tensor.type, offset)
            offset += _padded(tensor.size_bytes)
        return out.ljust(_padded(len(out)), b"\0")

    def _data(self) -> bytes:
        return b"".join(
            (tensor.data or b"").ljust(_padded(tensor.size_bytes), b"\0") for tensor in self.tensors.values()
        )


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _text(data: bytes) -> bytes:
    return struct.pack("<Q", len(data)) + data


def _bytes_of(value: Value) -> bytes:
    if value.type is GGUFValueType.ARRAY:
        assert value.element is not None
        items = b"".join(_bytes_of(Value(value.element, item)) for item in value.value)
        return struct.pack("<iQ", value.element, len(value.value)) + items
    if value.type is GGUFValueType.STRING:
        return _text(value.value if isinstance(value.value, bytes) else value.value.encode())
    return struct.pack("<" + LETTERS[value.type], value.value)


def read_model(path: Path) -> Model:
    """Read a GGUF whole."""
    reader = gguf.GGUFReader(path)
    model = Model()
    for key, held in reader.fields.items():
        if key.startswith("GGUF."):
            continue
        kind, *elements = held.types
        # an empty array does not say what it would hold
        element = (elements or [GGUFValueType.UINT32])[0] if kind is GGUFValueType.ARRAY else None
        model.values[key] = Value(kind, held.contents() if kind is not GGUFValueType.ARRAY or elements else [], element)
    for tensor in reader.tensors:
        shape = tuple(int(length) for length in tensor.shape)
        model.tensors[tensor.name] = Weights(shape, tensor.tensor_type, tensor.data.tobytes())
    return model


Change = Callable[[Model], None]


def changed(model: Model, change: Change) -> Model:
    """A copy with one change."""
    other = copy.deepcopy(model)
    change(other)
    return other


def set_key(key: str, value: object, kind: GGUFValueType | None = None) -> Change:
    """Give a key a value, of the type that it has where none is said."""
    return lambda model: model.set(key, value, kind)


def as_architecture(name: str) -> Change:
    """Say that the model is of another architecture, with the same parameters under its name."""

    def change(model: Model) -> None:
        before = f"{model.values['general.architecture'].value}."
        model.set("general.architecture", name)
        for key in [key for key in model.values if key.startswith(before)]:
            model.values[f"{name}.{key.removeprefix(before)}"] = model.values.pop(key)

    return change


def drop_key(key: str) -> Change:
    """Take a key out."""

    def change(model: Model) -> None:
        del model.values[key]

    return change


def retype(name: str, kind: str, shape: tuple[int, ...] | None = None) -> Change:
    """Give a tensor another type, and another shape."""
    return lambda model: model.retype(name, GGMLQuantizationType[kind], shape)


def drop_tensor(name: str) -> Change:
    """Take a tensor out."""

    def change(model: Model) -> None:
        del model.tensors[name]

    return change


def add_tensor(name: str) -> Change:
    """Put one more tensor in: a row of 256 zeros."""
    return lambda model: model.tensors.update({name: Weights((256,), GGMLQuantizationType.F32)})


def set_item(key: str, place: int, value: object) -> Change:
    """Give one element of an array another value."""

    def change(model: Model) -> None:
        model.values[key].value[place] = value

    return change


def set_items(key: str, items: list[Any]) -> Change:
    """Give an array other elements."""

    def change(model: Model) -> None:
        model.values[key].value = items

    return change


def all_changes(model: Model) -> Iterator[tuple[str, Change]]:
    """Every change of the wide sweep, by a name that says what it does; in the same order at every call."""
    for key, held in model.values.items():
        if not key.startswith("general."):
            yield f"{key} is missing", drop_key(key)
        for value in _other_values(key, held):
            yield f"{key} = {value!r:.20}", set_key(key, value)
    for name, tensor in model.tensors.items():
        if not name.startswith(("blk.0.", "blk.1.")):  # the last block has the same
            yield from _changes_of(name, tensor)
    for name in _TOO_MUCH:
        yield f"{name} too much", add_tensor(name)
    yield from _changes_of_tokens(model)


def _other_values(key: str, held: Value) -> tuple[object, ...]:
    if held.type in INTEGERS:
        near = (held.value + 1, held.value - 1, held.value * 2)
        return tuple(number % 2**32 for number in (0, 1, 2, 3, *near, 2**31 - 1, 2**31, 2**32 - 1))
    if held.type is GGUFValueType.FLOAT32:
        return (-1.0, 0.0, 1e30, float("nan"), float("inf"))
    if held.type is GGUFValueType.BOOL:
        return (not held.value,)
    if held.type is GGUFValueType.STRING and key != "general.architecture":
        return ("", "x", "a\0b", "\x1b[2J", "ä" * 5000)
    return ()


OTHER_TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_K", "I8", "I64", "F64")
_TOO_MUCH = (
    "blk.0.nothing.weight", "output.bias", "blk.9.attn_norm.weight", "rope_freqs.weight", "blk.0.attn_q.bias",
)  # fmt: skip


def _changes_of(name: str, held: Weights) -> Iterator[tuple[str, Change]]:
    own = held.type.name
    yield f"{name} is missing", drop_tensor(name)
    yield f"{name} twice as wide", retype(name, own, (held.shape[0] * 2, *held.shape[1:]))
    yield f"{name} one row less", retype(name, own, (*held.shape[:-1], held.shape[-1] - 1))
    yield f"{name} of one dimension more", retype(name, own, (*held.shape, 2))
    for other in OTHER_TYPES:
        if other != own:
            yield f"{name} of type {other}", retype(name, other)


def _changes_of_tokens(model: Model) -> Iterator[tuple[str, Change]]:
    tokens = model.values[TOKENS].value
    for place, text in ((0, ""), (5, "a\0"), (6, tokens[5]), (7, "\xff" * 300), (len(tokens) - 1, "")):
        yield f"token {place} = {text!a:.20}", set_item(TOKENS, place, text)
    for kind in (0, 2, 3, 6, 7, -1):
        yield f"every token of type {kind}", set_items("tokenizer.ggml.token_type", [kind] * len(tokens))
    for merges in ([], ["x", "a  b", "no space", " "]):
        yield f"{len(merges)} wrong merges", set_items("tokenizer.ggml.merges", merges)
