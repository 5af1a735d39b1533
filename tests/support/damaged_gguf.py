"""Damaged GGUF files, made one field at a time from a sound one whose every field's offset is known.

The writer here is the test's own, byte by byte after the description in ggml/include/gguf.h, so that it can write
what no library would.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

U8, I8, U16, I16, U32, I32, F32, BOOL, STR, ARR, U64, I64, F64 = range(13)
LETTERS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "b", U64: "Q", I64: "q", F64: "d"}

BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 8: (32, 34), 12: (256, 144), 30: (1, 2), 42: (64, 18)}
"""Block size in elements and bytes of the tensor types used here."""


@dataclass(frozen=True)
class Array:
    """An array value: element type and elements."""

    element_type: int
    items: list[object]


@dataclass(frozen=True)
class Tensor:
    """A tensor to write; a data offset of None is placed behind the tensor before it."""

    name: bytes
    shape: tuple[int, ...]
    type_number: int = 0
    offset: int | None = None

    @property
    def size_bytes(self) -> int:
        block, size = BLOCKS[self.type_number]
        elements = 1
        for length in self.shape:
            elements *= length
        return elements // block * size


Pair = tuple[bytes, int, object]


@dataclass
class Written:
    """The bytes of a file and where each field begins."""

    data: bytes = b""
    at: dict[str, int] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        self.at[name] = len(self.data)

    def add(self, layout: str, *values: object) -> None:
        self.data += struct.pack("<" + layout, *values)

    def add_string(self, text: bytes) -> None:
        self.data += struct.pack("<Q", len(text)) + text

    def add_value(self, name: str, value_type: int, value: object) -> None:
        self.mark(f"type {name}")
        self.add("i", value_type)
        if value_type == ARR:
            assert isinstance(value, Array)
            self.mark(f"element {name}")
            self.add("i", value.element_type)
            self.mark(f"count {name}")
            self.add("Q", len(value.items))
            self.mark(f"value {name}")
            for item in value.items:
                self._add_plain(value.element_type, item)
            return
        self.mark(f"value {name}")
        self._add_plain(value_type, value)

    def _add_plain(self, value_type: int, value: object) -> None:
        if value_type == STR:
            assert isinstance(value, bytes)
            self.add_string(value)
        else:
            self.add(LETTERS[value_type], value)

    def patched(self, name: str, layout: str, *values: object) -> bytes:
        """Return the bytes with one field overwritten."""
        new = struct.pack("<" + layout, *values)
        start = self.at[name]
        return self.data[:start] + new + self.data[start + len(new) :]


def padded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def write(pairs: list[Pair], tensors: list[Tensor], alignment: int = 32, version: int = 3) -> Written:
    """Return the file with the given pairs and tensors, the last tensor padded too, as llama.cpp writes it."""
    out = Written(b"GGUF", {"magic": 0})
    out.mark("version")
    out.add("I", version)
    out.mark("tensor count")
    out.add("q", len(tensors))
    out.mark("key count")
    out.add("q", len(pairs))
    for key, value_type, value in pairs:
        name = key.decode("latin-1")
        out.mark(f"key {name}")
        out.add_string(key)
        out.add_value(name, value_type, value)
    offset = 0
    for tensor in tensors:
        _write_tensor(out, tensor, offset)
        offset += padded(tensor.size_bytes, alignment)
    out.mark("list end")
    if tensors:
        out.data += bytes(padded(len(out.data), alignment) - len(out.data))
    out.mark("data")
    out.data += bytes(offset)
    return out


def _write_tensor(out: Written, tensor: Tensor, offset: int) -> None:
    name = tensor.name.decode("latin-1")
    out.mark(f"name {name}")
    out.add_string(tensor.name)
    out.mark(f"dims {name}")
    out.add("I", len(tensor.shape))
    for axis, length in enumerate(tensor.shape):
        out.mark(f"dim{axis} {name}")
        out.add("q", length)
    out.mark(f"tensor type {name}")
    out.add("i", tensor.type_number)
    out.mark(f"offset {name}")
    out.add("Q", offset if tensor.offset is None else tensor.offset)


TOKENS: list[object] = [b"<s>", b"</s>", b"a", b"b", b"\xc3\xa9", b"ab"]

PAIRS: list[Pair] = [
    (b"general.architecture", STR, b"llama"),
    (b"general.name", STR, b"Tiny"),
    (b"general.license", STR, b"apache-2.0"),
    (b"general.alignment", U32, 32),
    (b"general.file_type", U32, 15),
    (b"llama.context_length", U32, 4096),
    (b"llama.embedding_length", U32, 256),
    (b"llama.block_count", U32, 1),
    (b"tokenizer.ggml.model", STR, b"gpt2"),
    (b"tokenizer.ggml.pre", STR, b"llama-bpe"),
    (b"tokenizer.ggml.tokens", ARR, Array(STR, TOKENS)),
    (b"tokenizer.ggml.token_type", ARR, Array(I32, [1] * 6)),
    (b"tokenizer.ggml.scores", ARR, Array(F32, [0.5] * 6)),
    (b"tokenizer.ggml.merges", ARR, Array(STR, [b"a b"])),
    (b"tokenizer.ggml.bos_token_id", U32, 0),
    (b"tokenizer.ggml.add_bos_token", BOOL, 1),
    (b"tokenizer.chat_template", STR, b"{% for m in messages %}{{ m.content }}{% endfor %}"),
    (b"x.u8", U8, 200),
    (b"x.i8", I8, -3),
    (b"x.u16", U16, 60000),
    (b"x.i16", I16, -30000),
    (b"x.i32", I32, -5),
    (b"x.f32", F32, 1.5),
    (b"x.u64", U64, 2**60),
    (b"x.i64", I64, -(2**60)),
    (b"x.f64", F64, 2.25),
    (b"x.empty", ARR, Array(STR, [])),
    (b"x.wide", ARR, Array(F64, [1.0, 2.0])),
]
TENSORS = [
    Tensor(b"token_embd.weight", (256, 6), 12),
    Tensor(b"blk.0.attn_q.weight", (256, 4), 8),
    Tensor(b"blk.0.ffn_norm.weight", (9,), 0),
    Tensor(b"output_norm.weight", (3,), 0),
    Tensor(b"scale", (), 0),
    Tensor(b"four", (2, 1, 3, 2), 1),
    Tensor(b"newest", (64, 2), 42),
]
FILE_NAME = "broken.gguf"
SOUND = write(PAIRS, TENSORS)


@dataclass(frozen=True)
class Case:
    """A damaged file: what its error must say, and at which byte; a flip may also leave a sound file."""

    name: str
    data: bytes
    says: str = ""
    offset: int | None = None
    may_be_sound: bool = False


def replaced(key: bytes, value_type: int, value: object) -> list[Pair]:
    return [(key, value_type, value) if pair[0] == key else pair for pair in PAIRS]


def without(key: bytes) -> list[Pair]:
    return [pair for pair in PAIRS if pair[0] != key]


def patch(name: str, says: str, at: str, layout: str, *values: object, shift: int = 0) -> Case:
    """Return a case with one field overwritten, whose error names that field's offset plus `shift`."""
    return Case(name, SOUND.patched(at, layout, *values), says, SOUND.at[at] + shift)


def header_cases() -> Iterator[Case]:
    for version, says in ((0, "version 0"), (1, "version 1, which"), (4, "version 4"), (99, "version 99")):
        yield patch(f"version {version}", says, "version", "I", version)
    for version in (1, 2, 3):
        yield patch(f"version {version} swapped", f"version {version} in big-endian", "version", "I", version << 24)
    yield patch("version 0x30000", "version 196608", "version", "I", 3 << 16)
    for what in ("tensor count", "key count"):
        for count in (-1, -(2**63), 2**63 - 1, 2**32, 10**6, len(SOUND.data)):
            yield patch(f"{what} {count}", f"found {count}", what, "q", count)
    yield Case("one key too many", SOUND.patched("key count", "q", len(PAIRS) + 1))
    yield Case("one key too few", SOUND.patched("key count", "q", len(PAIRS) - 1))
    yield Case("one tensor too many", SOUND.patched("tensor count", "q", len(TENSORS) + 1))
    yield Case("no keys", SOUND.patched("key count", "q", 0))


def key_cases() -> Iterator[Case]:
    for pair in PAIRS:
        name = pair[0].decode()
        for length in (2**16, 2**31, 2**63, 2**64 - 1):
            yield patch(f"key length {length} {name}", f"found a length of {length}", f"key {name}", "Q", length)
        yield patch(f"empty key {name}", "of at least one byte, found an empty one", f"key {name}", "Q", 0, shift=8)
        yield patch(f"key not UTF-8 {name}", "in UTF-8, found byte 0xff", f"key {name}", "QB", len(name), 255, shift=8)
        yield patch(f"key with NUL {name}", "without a zero byte", f"key {name}", "QB", len(name), 0, shift=8)
        for number in (13, -1, 2**31 - 1):
            says = f"value type of '{name}' from 0 to 12, found {number}"
            yield patch(f"value type {number} {name}", says, f"type {name}", "i", number)
    for index in (1, len(PAIRS) - 1):
        pairs = [*PAIRS, PAIRS[index]]
        file = write(pairs, TENSORS)
        name = PAIRS[index][0].decode()
        yield Case(f"{name} twice", file.data, f"'{name}' a second time", file.at[f"key {name}"])


def value_cases() -> Iterator[Case]:
    for key, value_type, value in PAIRS:
        name = key.decode()
        if value_type == STR:
            for length in (len(SOUND.data), 2**30 + 1, 2**63, 2**64 - 1):
                says = f"the value of '{name}'"
                yield patch(f"text length {length} {name}", says, f"value {name}", "Q", length)
        if isinstance(value, Array):
            yield from array_cases(name, value)
    for alignment in (0, 3, 33, 48, 2**32 - 1):
        says = f"a power of two as general.alignment, found {alignment}"
        yield patch(f"alignment {alignment}", says, "value general.alignment", "I", alignment)
    for value_type in (U16, I32, U64, STR, ARR):
        new: object = {STR: b"32", ARR: Array(U32, [32])}.get(value_type, 32)
        file = write(replaced(b"general.alignment", value_type, new), TENSORS)
        at = file.at["value general.alignment"] - (12 if value_type == ARR else 0)
        yield Case(f"alignment of type {value_type}", file.data, "general.alignment of type uint32", at)


def array_cases(name: str, value: Array) -> Iterator[Case]:
    for number in (13, -1, 2**31 - 1):
        yield patch(f"element type {number} {name}", f"'{name}' from 0 to 12", f"element {name}", "i", number)
    says = f"the array '{name}' to hold plain values, found an array of arrays"
    yield patch(f"nested {name}", says, f"element {name}", "i", ARR)
    for length in (2**30 + 1, 2**61, 2**63, 2**64 - 1):
        yield patch(f"array length {length} {name}", f"found {length}", f"count {name}", "Q", length)
    if value.element_type == STR and value.items:
        for length in (len(SOUND.data), 2**30 + 1, 2**64 - 1):
            says = f"string 0 of the array '{name}'"
            yield patch(f"element length {length} {name}", says, f"value {name}", "Q", length)


def tensor_cases() -> Iterator[Case]:
    for tensor in TENSORS:
        name = tensor.name.decode()
        for length in (64, 65, 2**31, 2**64 - 1):
            yield patch(f"name length {length} {name}", "of at most 63 bytes", f"name {name}", "Q", length)
        yield patch(f"empty name {name}", "found an empty one", f"name {name}", "Q", 0, shift=8)
        yield patch(f"name not UTF-8 {name}", "in UTF-8", f"name {name}", "QB", len(name), 0xC0, shift=8)
        yield patch(f"name with NUL {name}", "zero byte", f"name {name}", "QBB", len(name), 97, 0, shift=9)
        for dims in (5, 255, 2**31, 2**32 - 1):
            yield patch(
                f"{dims} dimensions {name}", f"at most 4 dimensions of tensor '{name}'", f"dims {name}", "I", dims
            )
        yield from shape_cases(tensor, name)
        for number in (43, 99, -1, -(2**31)):
            says = f"a known type of tensor '{name}', from 0 to 42, found {number}"
            yield patch(f"tensor type {number} {name}", says, f"tensor type {name}", "i", number)
        for number in (4, 5, 31, 32, 33, 36, 37, 38):
            says = "which llama.cpp no longer reads"
            yield patch(f"removed type {number} {name}", says, f"tensor type {name}", "i", number)
        yield from offset_cases(name)
    twice = write(PAIRS, [*TENSORS, TENSORS[2]])
    yield Case(
        "tensor twice", twice.data, "'blk.0.ffn_norm.weight' a second time", twice.at["name blk.0.ffn_norm.weight"]
    )


def shape_cases(tensor: Tensor, name: str) -> Iterator[Case]:
    for axis in range(len(tensor.shape)):
        for length in (0, -1, -(2**63)):
            says = f"dimension {axis} of tensor '{name}' to be at least 1, found {length}"
            yield patch(f"dimension {axis} {length} {name}", says, f"dim{axis} {name}", "q", length)
    for axis in range(1, len(tensor.shape)):
        says = f"tensor '{name}' to have fewer than 2^63 elements"
        yield patch(f"dimension {axis} overflows {name}", says, f"dim{axis} {name}", "q", 2**62)
    if BLOCKS[tensor.type_number][0] > 1:
        says = f"rows of tensor '{name}' to be a multiple of"
        yield patch(f"half a block {name}", says, f"dim0 {name}", "q", tensor.shape[0] - 1)


def offset_cases(name: str) -> Iterator[Case]:
    stated = struct.unpack_from("<Q", SOUND.data, SOUND.at[f"offset {name}"])[0]
    for change, says in ((1, "not a multiple of the alignment 32"), (32, "leaves a gap"), (2**40, "leaves a gap")):
        yield patch(f"offset +{change} {name}", says, f"offset {name}", "Q", stated + change)
    if stated:
        yield patch(f"offset overlaps {name}", "overlaps the tensor", f"offset {name}", "Q", stated - 32)
    yield patch(f"offset maximum {name}", "found 18446744073709551615", f"offset {name}", "Q", 2**64 - 1)


def truncation_cases() -> Iterator[Case]:
    """Cut the header before, and one byte into, every field, and the data at several places."""
    for name, start in SOUND.at.items():
        if 4 <= start < SOUND.at["list end"]:
            yield Case(f"cut before {name}", SOUND.data[:start], "", None)
            yield Case(f"cut in {name}", SOUND.data[: start + 1], "", None)
    for size in (1, 2, 3):
        yield Case(f"cut to {size} bytes", SOUND.data[:size], "is not a GGUF", 0)
    texts = write([(b"x.texts", ARR, Array(STR, [b"a" * 40, b"b" * 40]))], [])
    for missing in (1, 8, 39, 40):
        yield Case(f"{missing} bytes of a text missing", texts.data[:-missing], "string 1 of the array 'x.texts'")
    end = SOUND.at["data"] + sum(padded(t.size_bytes, 32) for t in TENSORS[:-1]) + TENSORS[-1].size_bytes
    for missing in (1, 31, 32, 100, end - SOUND.at["data"], end - SOUND.at["list end"]):
        size = end - missing
        yield Case(f"{missing} bytes of data missing", SOUND.data[:size], f"found {missing} bytes missing", size)


def model_cases() -> Iterator[Case]:
    """Damage what only the whole check looks at: architecture, basic numbers, tokenizer."""
    for key in (b"llama.context_length", b"llama.embedding_length", b"llama.block_count"):
        name = key.decode()
        yield Case(f"{name} missing", write(without(key), TENSORS).data, f"lacks the key {name}")
        for value in (0, 2**32 - 1):
            yield patch(f"{name} {value}", f"expected {name} from", f"value {name}", "I", value)
        wrong = write(replaced(key, U64, 8), TENSORS)
        yield Case(f"{name} of type 10", wrong.data, f"{name} of type uint32, found uint64", wrong.at[f"value {name}"])
    yield from architecture_cases()
    yield from tokenizer_cases()


def architecture_cases() -> Iterator[Case]:
    key = b"general.architecture"
    yield Case("no architecture", write(without(key), TENSORS).data, "does not name its architecture")
    yield Case("empty architecture", write(replaced(key, STR, b""), TENSORS).data, "does not name its architecture")
    wrong = write(replaced(key, U32, 1), TENSORS)
    at = wrong.at["value general.architecture"]
    yield Case("architecture a number", wrong.data, "general.architecture of type string, found uint32", at)
    for name in (b"llamma", b"(unknown)", b"llama\0", b"\xff\xfe", b"x" * 5000, b"\x1b[31mred"):
        odd = write(replaced(key, STR, name), TENSORS)
        at = odd.at["value general.architecture"]
        yield Case(f"architecture {name[:9]!r}", odd.data, "cannot be run: expected an architecture", at)
    for name, says in (
        (b"clip", "is a projector"),
        (b"flux", "is an image"),
        (b"controlvector", "is a control vector"),
    ):
        yield Case(f"architecture {name!r}", write(replaced(key, STR, name), TENSORS).data, says)
    for name, says in (
        (b"adapter", "is a LoRA adapter"),
        (b"mmproj", "is a projector"),
        (b"imatrix", "is an importance"),
    ):
        data = write([*PAIRS, (b"general.type", STR, name)], TENSORS).data
        yield Case(f"general.type {name!r}", data, says)
    yield Case("no tensors", write(PAIRS, []).data, "is a vocabulary without weights")
    low = write(replaced(b"general.alignment", U32, 8), TENSORS, alignment=8)
    yield Case("alignment 8", low.data, "cannot be mapped into memory")


def tokenizer_cases() -> Iterator[Case]:
    prefix = b"tokenizer.ggml."
    for name in (b"model", b"tokens", b"merges"):
        yield Case(f"no {name!r}", write(without(prefix + name), TENSORS).data, "tokenizer: expected")
    for value, says in (
        (b"none", "has no tokenizer"),
        (b"no_vocab", "has no tokenizer"),
        (b"new9", "tokenizer 'new9'"),
    ):
        data = write(replaced(prefix + b"model", STR, value), TENSORS).data
        yield Case(f"tokenizer {value!r}", data, says)
    data = write(replaced(prefix + b"pre", STR, b"brand-new"), TENSORS).data
    yield Case("unknown pre-tokenizer", data, "needs the pre-tokenizer 'brand-new'")
    changes: list[tuple[bytes, int, object, str]] = [
        (b"tokens", ARR, Array(STR, []), "to hold a vocabulary, found 0 tokens"),
        (b"tokens", ARR, Array(U8, [1]), "to be an array of string, found an array of uint8"),
        (b"tokens", STR, b"a", "to be an array of string, found string"),
        (b"scores", ARR, Array(F32, [0.5] * 5), "to have an element for each of 6 tokens, found 5"),
        (b"scores", ARR, Array(F64, [0.5] * 6), "to be an array of float32 or int32, found an array of float64"),
        (b"token_type", ARR, Array(I32, [1]), "to have an element for each of 6 tokens, found 1"),
        (b"token_type", U32, 1, "to be an array of int32, found uint32"),
        (b"merges", ARR, Array(U8, [1]), "to be an array of string, found an array of uint8"),
        (b"merges", ARR, Array(I32, [1]), "to be an array of string, found an array of int32"),
        (b"bos_token_id", I32, 1, "of type uint32, found int32"),
        (b"add_bos_token", U8, 1, "of type bool, found uint8"),
        (b"pre", U8, 1, "of type string, found uint8"),
    ]
    for name, value_type, new, says in changes:
        file = write(replaced(prefix + name, value_type, new), TENSORS)
        key = (prefix + name).decode()
        at = file.at[f"type {key}"] + 4
        yield Case(f"{key} {says}", file.data, f"{key} {says}", at)


def flip_cases(seed: int = 20, count: int = 150) -> Iterator[Case]:
    """Overwrite one to eight random bytes of the header."""
    chance = random.Random(seed)
    for index in range(count):
        data = bytearray(SOUND.data)
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(SOUND.at["data"])] = chance.randrange(256)
        yield Case(f"flip {index}", bytes(data), may_be_sound=True)


def splice_cases(seed: int = 21, count: int = 100) -> Iterator[Case]:
    """Cut out, repeat or cut off random pieces of the file."""
    chance = random.Random(seed)
    for index in range(count):
        start, end = sorted(chance.sample(range(len(SOUND.data)), 2))
        data = (
            SOUND.data[:start] + SOUND.data[end:],
            SOUND.data[:end] + SOUND.data[start:],
            SOUND.data[:end],
        )[index % 3]
        yield Case(f"splice {index}", data, may_be_sound=True)


MAKERS = {
    "header": header_cases,
    "keys": key_cases,
    "values": value_cases,
    "tensors": tensor_cases,
    "truncation": truncation_cases,
    "model": model_cases,
    "flips": flip_cases,
    "splices": splice_cases,
}


def all_cases() -> list[Case]:
    """Return every case; names are unique."""
    return [case for maker in MAKERS.values() for case in maker()]
