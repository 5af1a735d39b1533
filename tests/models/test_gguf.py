"""Reading GGUF files: sound ones give what is in them, damaged ones one sentence that says what and where."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import struct
import tracemalloc
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkexe.errors import ModelError
from mkexe.models.gguf import byte_reader, header
from mkexe.models.gguf.check import (
    ArrayInfo,
    ModelFiles,
    ModelKind,
    check_companion,
    check_model,
    fetch_array,
    kind_of,
    read_gguf,
)
from mkexe.models.gguf.constants import Keys
from mkexe.models.gguf.header_records import GgufHeader, LongText, Scalar
from mkexe.models.gguf.model_kinds import DRAFT_ARCHITECTURES, IMAGE_ARCHITECTURES
from mkexe.models.gguf.split_reader import read_parts
from mkexe.models.gguf.supported import supported
from mkexe.models.gguf.types import REMOVED_TENSOR_TYPES, TENSOR_TYPES
from support.damaged_gguf import (
    ARR,
    F64,
    FILE_NAME,
    I32,
    MAKERS,
    PAIRS,
    SOUND,
    STR,
    TENSORS,
    TOKENS,
    U16,
    U32,
    Array,
    Case,
    Pair,
    Tensor,
    all_cases,
    replaced,
    write,
)
from support.work import count_read_bytes, counted_calls

REPOSITORY = Path(__file__).resolve().parents[2]
# twice what was counted: a call for each byte or each element too many would be far above
CALLS_PER_STRING = 10
CALLS_MAXIMUM = 13_000
CASES = all_cases()


def save(folder: Path, data: bytes, name: str = FILE_NAME) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(path: Path) -> str:
    """Return the message with which the whole check refuses a file, after checking its form."""
    with pytest.raises(ModelError) as caught:
        check_model(path)
    message: str = caught.value.message
    assert caught.value.hint, message
    assert path.name in message
    assert message.isprintable(), message
    assert message.endswith(".")
    assert ". " not in message.replace(path.name, ""), f"more than one sentence: {message}"
    return message


def values_of(header: GgufHeader) -> dict[str, Scalar]:
    """Every scalar and every short string by key."""
    return {key: e.value for key, e in header.entries.items() if not isinstance(e.value, ArrayInfo | LongText)}


def count_elements(files: ModelFiles) -> int:
    """Elements of all tensors of all parts."""
    return sum(header.parameter_count for header in files.headers)


def find_parts(path: Path) -> list[Path]:
    return [header.path for header in read_parts(path)]


# sound files


def write_model(path: Path, architecture: str = "llama", **options: Any) -> None:
    """Write a small model with the gguf package, an implementation that is not ours."""
    writer = gguf.GGUFWriter(path, architecture, split_max_tensors=options.get("tensors_per_part", 0))
    writer.add_type("model")
    writer.add_name("Tiny Test")
    writer.add_license("mit")
    writer.add_languages(["en", "de"])
    writer.add_file_type(options.get("file_type", gguf.LlamaFileType.MOSTLY_Q8_0))
    writer.add_context_length(2048)
    writer.add_embedding_length(64)
    writer.add_block_count(2)
    writer.add_custom_alignment(options.get("alignment", 32))
    tokenizer = options.get("tokenizer", "llama")
    if tokenizer:
        writer.add_tokenizer_model(tokenizer)
        writer.add_token_list(["<s>", "</s>", "a", "b"])
        writer.add_token_scores([0.0, 0.0, -1.0, -2.0])
        writer.add_token_types([3, 3, 1, 1])
        writer.add_chat_template("{{ messages }}")
    if tokenizer == "gpt2":
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_merges(["a b"])
    for index in range(options.get("tensors", 5)):
        writer.add_tensor(f"blk.{index}.weight", np.ones((4, 64), dtype=np.float32))
    packed = np.zeros((2, 68), dtype=np.uint8)
    if options.get("quantized", True):
        writer.add_tensor("output.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gemma3", "gpt-oss", "bert", "mamba2"])
@pytest.mark.parametrize("tokenizer", ["llama", "gpt2", "bert", "t5"])
def test_model_written_by_the_gguf_package_is_described(tmp_path: Path, architecture: str, tokenizer: str) -> None:
    path = tmp_path / "model.gguf"
    write_model(path, architecture, tokenizer=tokenizer)
    files = check_model(path)
    header = files.header
    assert files.parts == (path,)
    assert (header.architecture, header.name, header.license) == (architecture, "Tiny Test", "mit")
    assert (header.version, header.alignment_bytes, header.context_length) == (3, 32, 2048)
    assert (files.tensor_count, count_elements(files)) == (6, 5 * 4 * 64 + 2 * 64)
    assert files.quantization == header.quantization == "Q8_0"
    assert files.size_bytes == path.stat().st_size
    assert header.entries.keys() >= {Keys.Tokenizer.MODEL, Keys.Tokenizer.LIST, Keys.Tokenizer.CHAT_TEMPLATE}
    assert kind_of(header) is ModelKind.TEXT
    assert fetch_array(header, "general.languages") == ["en", "de"]


@pytest.mark.parametrize("alignment", [32, 64, 4096])
def test_tensors_lie_where_the_gguf_package_reads_them(tmp_path: Path, alignment: int) -> None:
    path = tmp_path / "model.gguf"
    write_model(path, alignment=alignment)
    header = read_gguf(path)
    reference = gguf.GGUFReader(path)
    assert header.data_offset_bytes == reference.data_offset
    expected = [(t.name, t.data_offset, t.n_bytes, tuple(t.shape.tolist())) for t in reference.tensors]
    assert [(t.name, t.offset_bytes, t.size_bytes, t.shape) for t in header.tensors] == expected


def test_every_value_type_is_read(tmp_path: Path) -> None:
    header = check_model(save(tmp_path, SOUND.data)).header
    plain = {key.decode(): value for key, kind, value in PAIRS if kind not in (ARR, STR)}
    texts = {key.decode(): value.decode() for key, kind, value in PAIRS if kind == STR and isinstance(value, bytes)}
    assert values_of(header) == plain | texts
    assert values_of(header)["tokenizer.ggml.add_bos_token"] is True
    assert header.entries["tokenizer.ggml.tokens"].value == ArrayInfo(
        gguf.GGUFValueType.STRING, 6, SOUND.at["value tokenizer.ggml.tokens"], 6 * 8 + 13
    )
    assert fetch_array(header, "x.wide") == [1.0, 2.0]
    assert fetch_array(header, "x.empty") == fetch_array(header, "x.f64") == []
    assert fetch_array(header, "tokenizer.ggml.tokens") == [t.decode() for t in TOKENS if isinstance(t, bytes)]
    with pytest.raises(ModelError, match=r"of at most 5 elements, found 6"):
        fetch_array(header, "tokenizer.ggml.tokens", limit=5)


def test_version_2_and_what_upstream_does_not_look_at_is_accepted(tmp_path: Path) -> None:
    pairs: list[Pair] = [*PAIRS, (b"made.up.key", STR, b"\xff\xfe"), (b"general.license", U32, 1)]
    del pairs[2]
    data = write(pairs, TENSORS, version=2).data
    header = check_model(save(tmp_path, data + b"trailing bytes")).header
    assert header.version == 2
    assert header.license == ""
    assert values_of(header)["made.up.key"] == "\ufffd\ufffd"


def test_padding_behind_the_last_tensor_may_be_missing(tmp_path: Path) -> None:
    end = read_gguf(save(tmp_path, SOUND.data)).tensors[-1].offset_bytes + TENSORS[-1].size_bytes
    assert end < len(SOUND.data)
    assert check_model(save(tmp_path, SOUND.data[:end])).tensor_count == len(TENSORS)
    assert "1 bytes missing" in refused(save(tmp_path, SOUND.data[: end - 1]))


def test_long_texts_stay_in_the_file(tmp_path: Path) -> None:
    pairs: list[Pair] = [*PAIRS, (b"tokenizer.huggingface.json", STR, b"j" * (3 << 20))]
    header = check_model(save(tmp_path, write(pairs, TENSORS).data)).header
    value = header.entries["tokenizer.huggingface.json"].value
    assert isinstance(value, LongText)
    assert value.size_bytes == 3 << 20
    assert "tokenizer.huggingface.json" not in values_of(header)


def test_strings_across_the_edge_of_the_read_window_are_walked(tmp_path: Path) -> None:
    texts: list[object] = [b"t" * ((1 << 20) >> shift) for shift in range(21)]
    texts *= 3
    pairs: list[Pair] = [*PAIRS, (b"x.texts", ARR, Array(STR, texts)), (b"x.end", U32, 7)]
    header = check_model(save(tmp_path, write(pairs, TENSORS).data)).header
    assert values_of(header)["x.end"] == 7


@pytest.mark.parametrize("window_bytes", range(8, 72))
def test_result_does_not_depend_on_the_read_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window_bytes: int
) -> None:
    path = save(tmp_path, SOUND.data)
    whole = read_gguf(path)
    monkeypatch.setattr(byte_reader, "WINDOW_BYTES", window_bytes)
    monkeypatch.setattr(header, "PROBE_BYTES", 8)  # else the probe of the magic is the window
    assert read_gguf(path) == whole


def test_reader_can_go_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_reader, "WINDOW_BYTES", 8)
    path = save(tmp_path, bytes(range(64)))
    with path.open("rb") as file:
        reader = byte_reader.HeaderReader(file, path, 64)
        for position in (40, 0, 44, 41):
            reader.position = position
            assert reader.take(2, "two bytes") == bytes([position, position + 1])


def test_quantization_without_file_type_is_what_most_tensors_have(tmp_path: Path) -> None:
    pairs = [pair for pair in PAIRS if pair[0] != b"general.file_type"]
    assert check_model(save(tmp_path, write(pairs, TENSORS).data)).quantization == "F32"
    pairs.append((b"general.file_type", U32, 999))
    assert check_model(save(tmp_path, write(pairs, TENSORS).data)).quantization == "F32"
    assert check_model(save(tmp_path, SOUND.data)).quantization == "Q4_K_M"


def test_kimi_tokenizer_needs_no_merges(tmp_path: Path) -> None:
    pairs = [p for p in replaced(b"tokenizer.ggml.pre", STR, b"kimi-k2") if p[0] != b"tokenizer.ggml.merges"]
    assert Keys.Tokenizer.LIST in check_model(save(tmp_path, write(pairs, TENSORS).data)).header.entries


def test_large_vocabulary_is_walked_with_few_calls_and_not_kept(tmp_path: Path) -> None:
    count = 150_000
    tokens = b"".join(struct.pack("<Q", 7) + b"%07d" % n for n in range(count))
    merges = b"".join(struct.pack("<Q", 15) + b"%07d %07d" % (n, n) for n in range(280_000))
    sound = write([(b"x.tokens", ARR, Array(STR, [])), (b"x.merges", ARR, Array(STR, [])), *PAIRS], TENSORS)
    body = bytearray(sound.data[: sound.at["list end"]])
    for name, number, content in (("x.merges", 280_000, merges), ("x.tokens", count, tokens)):
        at = sound.at[f"count {name}"]
        body[at : at + 8] = struct.pack("<Q", number) + content
    body += bytes(-len(body) % 32) + sound.data[sound.at["data"] :]
    path = save(tmp_path, bytes(body))
    with counted_calls() as calls:
        header = check_model(path).header
    assert calls.number < CALLS_PER_STRING * (count + 280_000), f"{calls.number} calls"
    value = header.entries["x.merges"].value
    assert isinstance(value, ArrayInfo)
    assert (value.length, value.size_bytes) == (280_000, len(merges))
    tracemalloc.start()
    read_gguf(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20, f"{peak} bytes"


def test_only_the_header_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a sparse file of 64 GiB no more than the reader's window."""
    file = write(PAIRS, TENSORS[-1:])
    at = file.at["dim1 newest"]
    rows = (64 << 30) // 18
    data = file.data[:at] + struct.pack("<q", rows) + file.data[at + 8 :]
    path = save(tmp_path, data)
    try:
        os.truncate(path, file.at["data"] + rows * 18)
    except OSError:
        pytest.skip("the file system has no sparse files of this size")
    with monkeypatch.context() as patched:
        read = count_read_bytes(patched)
        assert count_elements(check_model(path)) == rows * 64
    assert 0 < read.number <= 4 << 20
    os.truncate(path, file.at["data"] + rows * 18 - 12345)
    assert "found 12345 bytes missing" in refused(path)
    path.unlink()


# damage


def complaint(path: Path, case: Case) -> str:
    """Return what is wrong with how a damaged file is refused, or ''."""
    path.write_bytes(case.data)
    try:
        with counted_calls() as calls:
            check_model(path)
    except ModelError:
        if calls.number > CALLS_MAXIMUM:
            return f"{case.name}: took {calls.number} calls"
        message = refused(path)
    else:
        return "" if case.may_be_sound else f"{case.name}: accepted"
    if case.says not in message:
        return f"{case.name}: expected {case.says!r} in {message!r}"
    if case.offset is not None and not re.search(rf"\bbyte {case.offset}\b", message):
        return f"{case.name}: expected byte {case.offset} in {message!r}"
    return ""


@pytest.mark.parametrize("maker", MAKERS)
def test_damage_is_refused_with_one_sentence(tmp_path: Path, maker: str) -> None:
    complaints = [complaint(tmp_path / FILE_NAME, case) for case in MAKERS[maker]()]
    assert complaints
    assert not [text for text in complaints if text]


def test_there_are_enough_distinct_damaged_files() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.data for case in CASES}) >= 200
    assert sum(not case.may_be_sound for case in CASES) >= 200
    assert sum(case.offset is not None for case in CASES) >= 150


def test_damaged_files_take_little_memory(tmp_path: Path) -> None:
    """Every fifth file, as tracing is slow; the peak is that of Python's own allocations."""
    check_model(save(tmp_path, SOUND.data))
    tracemalloc.start()
    for case in CASES[::5]:
        path = save(tmp_path, case.data)
        tracemalloc.reset_peak()
        with contextlib.suppress(ModelError):
            check_model(path)
        assert tracemalloc.get_traced_memory()[1] < 50 << 20, case.name
    tracemalloc.stop()


def fuzzing(examples: int) -> settings:
    """The same few every day; others at every run of the soak tier."""
    return settings(max_examples=examples, deadline=None, derandomize=examples < 1000, database=None)


MANY = pytest.mark.parametrize("examples", [300, pytest.param(5000, marks=pytest.mark.soak)])


@MANY
def test_random_bytes_behind_the_magic_are_refused(tmp_path: Path, examples: int) -> None:
    @fuzzing(examples)
    @given(st.binary(max_size=400))
    def check(tail: bytes) -> None:
        refused(save(tmp_path, b"GGUF" + struct.pack("<I", 3) + tail))

    check()


@MANY
def test_random_changes_give_no_other_exception(tmp_path: Path, examples: int) -> None:
    @fuzzing(examples)
    @given(st.lists(st.tuples(st.integers(4, SOUND.at["data"] - 1), st.integers(0, 255)), min_size=1, max_size=6))
    def check(changes: list[tuple[int, int]]) -> None:
        data = bytearray(SOUND.data)
        for offset, value in changes:
            data[offset] = value
        path = save(tmp_path, bytes(data))
        try:
            check_model(path)
        except ModelError:
            refused(path)

    check()


def test_own_limits_are_enforced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, SOUND.data)
    for name, value, says in (
        ("MAX_KEYS", 10, f"at most 10 keys in a file of {len(SOUND.data)} bytes, found {len(PAIRS)}"),
        ("MAX_TENSORS", 3, f"at most 3 tensors in a file of {len(SOUND.data)} bytes, found {len(TENSORS)}"),
        ("MAX_ARRAY_STRINGS", 6, "at most 6 strings in the arrays of a file, found 7"),
        ("MAX_KEPT_BYTES", 100, "at most 100 bytes of keys and texts, found more"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(header, name, value)
            assert says in refused(path)
    assert check_model(path)


def test_text_from_the_file_is_escaped_in_messages(tmp_path: Path) -> None:
    key = b"k\x1b]0;pwned\x07\n\xe2\x80\xae" + b"x" * 200
    file = write([(key, U32, 1), (key, U32, 1)], [])
    assert r"'k\x1b]0;pwned\x07\n\u202exxx" in refused(save(tmp_path, file.data))


# what is not a GGUF at all

LOOKALIKES = [
    (b'\x40\0\0\0\0\0\0\0{"__metadata__":{}}', "a safetensors file"),
    (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl", "a PyTorch checkpoint"),
    (b"PK\x03\x04" + bytes(26) + b"model.gguf", "a ZIP archive"),
    (b"\x80\x02}q\0.", "a PyTorch pickle"),
    (b"MZ\x90\0\x03", "a Windows executable"),
    (b"MZmkexe='' <<'__T__'\n", "an executable that mkexe wrote"),
    (b"#!/bin/sh\n# mkexe artifact\n", "an executable that mkexe wrote"),
    (b"#!/bin/sh\necho hi\n", "a script"),
    (b"\x7fELF\x02\x01\x01", "a Linux executable"),
    (b"\xcf\xfa\xed\xfe\x0c", "a macOS executable"),
    (b"<!DOCTYPE html><html><title>404. Not found</title>", "a web page"),
    (b"\n\n  <html><body>", "a web page"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 42\n", "a Git LFS pointer"),
    (b'{"error":"Access restricted"}', "a JSON text"),
    (b"Entry not found", "a text that begins with 'Entry not found'"),
    (b"lmgg\x01\0\0\0", "a GGML file"),
    (b"fmgg\x01\0\0\0", "a GGMF file"),
    (b"tjgg\x03\0\0\0", "a GGJT file"),
    (b"algg\x01\0\0\0", "a LoRA adapter"),
    (b"FUGG\x03\0\0\0", "a GGUF with its bytes in big-endian order"),
    (b"\x1f\x8b\x08\0", "a gzip archive"),
    (bytes(100), "a file that begins with zeros"),
    (bytes(257) + b"ustar", "a tar archive"),
    (b"\x01\x02\xff\xfe", r"found '\x01\x02ÿþ'."),
]


@pytest.mark.parametrize(("data", "says"), LOOKALIKES)
def test_other_formats_are_named(tmp_path: Path, data: bytes, says: str) -> None:
    message = refused(save(tmp_path, data))
    assert "expected 'GGUF' at byte 0" in message
    assert says in message


def test_paths_that_are_no_files_are_explained(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "dangling.gguf").symlink_to(tmp_path / "gone.gguf")
    assert "does not exist" in refused(tmp_path / "missing.gguf")
    assert "does not exist" in refused(tmp_path / "dangling.gguf")
    assert "is a directory" in refused(folder)
    save(folder, SOUND.data, "one.gguf")
    with pytest.raises(ModelError) as caught:
        check_model(folder)
    assert "one.gguf" in caught.value.hint
    assert "is empty" in refused(save(tmp_path, b"", "empty.gguf"))
    with pytest.raises(ModelError, match="cannot be read"):
        check_model(tmp_path / ("n" * 5000))
    with pytest.raises(ModelError, match="cannot be read"):
        check_model(tmp_path / "a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "is not a regular file" in refused(tmp_path / "pipe.gguf")


def test_unreadable_file_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = save(tmp_path, SOUND.data)
    monkeypatch.setattr(Path, "open", deny)
    assert "cannot be read: Permission denied" in refused(path)


def test_file_that_shrinks_while_it_is_read_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, SOUND.data[:100])
    found = path.stat()
    before = SimpleNamespace(st_mode=found.st_mode, st_size=len(SOUND.data))
    monkeypatch.setattr(Path, "stat", lambda *_, **__: before)
    assert "changed while it was read" in refused(path)


# split models


def split_model(folder: Path, count: int = 5) -> list[Path]:
    """Write a model of `count` parts with the gguf package; returns their paths in order."""
    write_model(folder / "tiny.gguf", tensors=count, quantized=False, tensors_per_part=1)
    return [folder / f"tiny-{n:05d}-of-{count:05d}.gguf" for n in range(1, count + 1)]


def change(path: Path, key: bytes, value: bytes) -> int:
    """Overwrite the value of a key in a file; returns the value's offset."""
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<Q", len(key)) + key) + 8 + len(key) + 4
    data[at : at + len(value)] = value
    path.write_bytes(bytes(data))
    return at


def test_split_model_is_found_from_its_first_part(tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    files = check_model(parts[0])
    assert list(files.parts) == find_parts(parts[0]) == parts
    stated = [values_of(files.header)[f"split.{name}"] for name in ("no", "count", "tensors.count")]
    assert (stated, files.header.split_count) == ([0, 5, 5], 5)
    assert (files.tensor_count, count_elements(files)) == (5, 5 * 4 * 64)
    assert files.size_bytes == sum(part.stat().st_size for part in parts)
    assert files.quantization == "Q8_0"


def test_whole_model_is_its_only_part(tmp_path: Path) -> None:
    for number in (0, 1):
        data = write([*PAIRS, (b"split.count", U16, number)], TENSORS).data
        path = save(tmp_path, data, "whole.gguf")
        assert find_parts(path) == [path]


def test_split_model_behind_links_is_found_by_the_name_given(tmp_path: Path) -> None:
    """Download caches keep files under hashes and links with their names."""
    (tmp_path / "blobs").mkdir()
    links = []
    for index, part in enumerate(split_model(tmp_path)):
        part.rename(tmp_path / "blobs" / f"{index:x}")
        part.symlink_to(tmp_path / "blobs" / f"{index:x}")
        links.append(part)
    assert find_parts(links[0]) == links
    assert "its name does not say so" in refused(tmp_path / "blobs" / "0")


def test_missing_parts_are_named(tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    parts[1].unlink()
    parts[4].unlink()
    message = refused(parts[0])
    assert "found 2 missing: tiny-00002-of-00005.gguf, tiny-00005-of-00005.gguf." in message


def test_many_missing_parts_are_counted(tmp_path: Path) -> None:
    first = split_model(tmp_path, 2)[0]
    change(first, b"split.count", struct.pack("<H", 4096))
    path = first.rename(tmp_path / "tiny-00001-of-04096.gguf")
    message = refused(path)
    assert "found 4095 missing" in message
    assert "and 4085 more" in message
    at = change(path, b"split.count", struct.pack("<H", 4097))
    assert f"byte {at}: expected split.count of at most 4096, found 4097." in refused(path)


@pytest.mark.parametrize("index", [1, 4])
def test_other_part_than_the_first_is_refused(tmp_path: Path, index: int) -> None:
    parts = split_model(tmp_path)
    with pytest.raises(ModelError) as caught:
        find_parts(parts[index])
    assert f"is part {index + 1} of 5" in caught.value.message
    assert "tiny-00001-of-00005.gguf" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["model.gguf", "tiny-00002-of-00005.gguf", "tiny-00001-of-00004.gguf", "-00001-of-00005"]
)
def test_first_part_with_another_name_is_explained(tmp_path: Path, name: str) -> None:
    path = split_model(tmp_path)[0].rename(tmp_path / name)
    assert "part 1 of 5 of a split model, but its name does not say so" in refused(path)


def test_part_with_the_wrong_number_is_named(tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    at = change(parts[2], b"split.no", struct.pack("<H", 3))
    with pytest.raises(ModelError, match=rf"tiny-00003-of-00005.gguf .* byte {at}: expected split.no 2.* found 3\."):
        check_model(parts[0])


def test_part_of_another_count_is_named(tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    at = change(parts[3], b"split.count", struct.pack("<H", 7))
    with pytest.raises(ModelError, match=rf"tiny-00004-of-00005.gguf .* byte {at}: expected split.count 5.* found 7\."):
        check_model(parts[0])


def test_total_of_tensors_is_compared(tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    at = change(parts[0], b"split.tensors.count", struct.pack("<i", 9))
    assert f"byte {at}: expected split.tensors.count to be the 5 tensors of all 5 parts, found 9." in refused(parts[0])


def test_tensor_in_two_parts_is_named(tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    parts[3].write_bytes(parts[3].read_bytes().replace(b"blk.3.weight", b"blk.1.weight"))
    with pytest.raises(ModelError, match=r"00004-of-00005.gguf holds tensor 'blk.1.weight', which tiny-00002-of-00005"):
        check_model(parts[0])


def test_damage_in_a_later_part_names_that_part(tmp_path: Path) -> None:
    parts = split_model(tmp_path)
    size = parts[4].stat().st_size
    os.truncate(parts[4], size - 5)
    with pytest.raises(ModelError, match=rf"tiny-00005-of-00005.gguf is incomplete, it ends at byte {size - 5}"):
        check_model(parts[0])


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([(b"split.count", U32, 5)], "split.count of type uint16, found uint32"),
        ([(b"split.count", U16, 5)], "expected the key split.no, found none"),
        ([(b"split.count", U16, 5), (b"split.no", I32, 0)], "split.no of type uint16, found int32"),
    ],
)
def test_split_keys_that_upstream_aborts_on_are_refused(tmp_path: Path, pairs: list[Pair], says: str) -> None:
    assert says in refused(save(tmp_path, write([*PAIRS, *pairs], TENSORS).data, "t-00001-of-00005.gguf"))


def test_piece_of_a_cut_file_is_recognised(tmp_path: Path) -> None:
    path = save(tmp_path, SOUND.data[: SOUND.at["data"] + 10], "model.gguf.part1of2")
    with pytest.raises(ModelError) as caught:
        check_model(path)
    assert "join the pieces" in caught.value.hint


# kinds and tables


def test_companions_are_told_apart(tmp_path: Path) -> None:
    projector = replaced(b"general.architecture", STR, b"clip")
    path = save(tmp_path, write(projector, TENSORS).data)
    assert check_companion(path, ModelKind.PROJECTOR).architecture == "clip"
    with pytest.raises(ModelError, match=r"is a projector .*: expected a LoRA adapter"):
        check_companion(path, ModelKind.ADAPTER)
    adapter: list[Pair] = [*PAIRS, (b"adapter.type", STR, b"lora")]
    assert kind_of(read_gguf(save(tmp_path, write(adapter, TENSORS).data))) is ModelKind.ADAPTER
    imatrix: list[Pair] = [(b"imatrix.chunk_count", U32, 1)]
    assert "is an importance matrix" in refused(save(tmp_path, write(imatrix, TENSORS).data))


def test_similar_architecture_is_mentioned(tmp_path: Path) -> None:
    path = save(tmp_path, write(replaced(b"general.architecture", STR, b"qwen3moee"), TENSORS).data)
    with pytest.raises(ModelError) as caught:
        check_model(path)
    assert "qwen3moe," in caught.value.hint


def test_list_of_architectures_is_sound() -> None:
    known = supported()
    assert re.fullmatch(r"[0-9a-f]{40}", known.commit)
    assert {"llama", "qwen3", "gpt-oss", "gemma3", "deepseek2", "bert"} <= known.architectures
    assert not {"clip", "(unknown)", "controlvector", *IMAGE_ARCHITECTURES} & known.architectures
    assert {*DRAFT_ARCHITECTURES, "wavtokenizer-dec"} <= known.architectures
    assert {"llama", "gpt2", "bert", "t5", "rwkv"} <= known.tokenizers
    assert {"default", "llama-bpe", "qwen2", "gpt-4o"} <= known.pre_tokenizers
    assert {"llama", "qwen3", "deepseek2"} <= known.kv_cache_plain
    assert {"gemma3", "gpt-oss", "llama4"} <= known.kv_cache_at_most
    assert known.kv_cache_plain | known.kv_cache_at_most <= known.architectures
    assert not known.kv_cache_plain & known.kv_cache_at_most
    for other in ("mamba", "jamba", "qwen3next", "deepseek32", "bert"):
        assert other not in known.kv_cache_plain | known.kv_cache_at_most


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_architectures", REPOSITORY / "native/list_architectures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_architectures_are_taken_from_llama_cpp_source(tmp_path: Path) -> None:
    write_llama_cpp(tmp_path)
    assert generator().collect(tmp_path, "c" * 40) == {
        "generated_by": "native/list_architectures.py",
        "llama_cpp_commit": "c" * 40,
        "architectures": ["a_1", "b-2", "child", "looped", "none-made", "own-memory", "rec", "windowed"],
        "kv_cache_plain": ["a_1", "b-2", "child"],
        "kv_cache_at_most": ["windowed"],
        "tokenizers": ["spm"],
        "pre_tokenizers": ["p", "q"],
    }
    (tmp_path / "src/llama-arch.cpp").write_text("// moved\n")
    with pytest.raises(SystemExit):
        generator().collect(tmp_path, "c" * 40)


MODELS = """
void llama_model_a::load_arch_hparams(llama_model_loader & ml) {
    if (hparams.n_layer_all == 3 && hparams.swa_type == 1) { type = 1; }
    hparams.swa_type = LLAMA_SWA_TYPE_NONE;
}
void llama_model_windowed::load_arch_hparams(llama_model_loader & ml) {
    hparams.swa_type = LLAMA_SWA_TYPE_STANDARD;
}
void llama_model_looped::load_arch_hparams(llama_model_loader & ml) {
    hparams.n_layer_all   = 2 * hparams.n_layer_all;
}
"""


def write_llama_cpp(folder: Path) -> None:
    """What native/list_architectures.py reads of llama.cpp's source, with made-up architectures."""
    (folder / "src/models").mkdir(parents=True)
    (folder / "src/models/models.cpp").write_text(MODELS)
    (folder / "src/models/models.h").write_text("struct llama_model_child : public llama_model_a {\n};\n")
    made = {"A": "a", "B": "a", "CHILD": "child", "WINDOWED": "windowed", "LOOPED": "looped", "REC": "a", "OWN": "a"}
    cases = "".join(
        f"    case LLM_ARCH_{number}:\n        return new llama_model_{name}(params);\n"
        for number, name in made.items()
    )
    (folder / "src/llama-model.cpp").write_text(
        f"static llama_model * llama_model_mapping(llm_arch arch) {{\n{cases}}}\n"
        "llama_memory_i * llama_model::create_memory(int) const {\n    case LLM_ARCH_OWN:\n    default:\n"
        "        if (arch == 1) { case LLM_ARCH_A: }\n}\n"
    )
    (folder / "src/llama-arch.cpp").write_text(
        'static const std::map<llm_arch, const char *> LLM_ARCH_NAMES = {\n    { LLM_ARCH_CLIP, "clip" }, // dummy\n'
        '    { LLM_ARCH_B,     "b-2" },\n    { LLM_ARCH_A, "a_1"},\n    { LLM_ARCH_UNKNOWN, "(unknown)" },\n'
        '    { LLM_ARCH_CHILD, "child" },\n    { LLM_ARCH_WINDOWED, "windowed" },\n    { LLM_ARCH_LOOPED, "looped" },\n'
        '    { LLM_ARCH_REC, "rec" },\n    { LLM_ARCH_OWN, "own-memory" },\n    { LLM_ARCH_NONE, "none-made" },\n};\n'
        "bool llm_arch_is_recurrent(const llm_arch & arch) {\n    case LLM_ARCH_REC:\n}\n"
        "bool llm_arch_is_hybrid(const llm_arch & arch) {\n}\n"
    )
    (folder / "src/llama-vocab.cpp").write_text(
        'if (tokenizer_model == "none") {} else if (tokenizer_model == "spm" || tokenizer_model == "test") {}\n'
        'if (tokenizer_pre == "p" || \n tokenizer_pre == "q") {} throw("unknown pre-tokenizer type: ");\n'
        'if (tokenizer_pre == "elsewhere") {}\n'
    )


UPSTREAM_TYPES = """
F32 1 4, F16 1 2, Q4_0 32 18, Q4_1 32 20, -, -, Q5_0 32 22, Q5_1 32 24, Q8_0 32 34, Q8_1 32 36, Q2_K 256 84,
Q3_K 256 110, Q4_K 256 144, Q5_K 256 176, Q6_K 256 210, Q8_K 256 292, IQ2_XXS 256 66, IQ2_XS 256 74, IQ3_XXS 256 98,
IQ1_S 256 50, IQ4_NL 32 18, IQ3_S 256 110, IQ2_S 256 82, IQ4_XS 256 136, I8 1 1, I16 1 2, I32 1 4, I64 1 8, F64 1 8,
IQ1_M 256 56, BF16 1 2, -, -, -, TQ1_0 256 54, TQ2_0 256 66, -, -, -, MXFP4 32 17, NVFP4 64 36, Q1_0 128 18, Q2_0 64 18
"""
"""ggml_type_name, ggml_blck_size and ggml_type_size of types 0 to 42, as llama.cpp 0c1e57098 answers."""


def test_tensor_types_are_those_of_the_pinned_llama_cpp() -> None:
    listed = [entry.split() for entry in UPSTREAM_TYPES.replace("\n", " ").split(",")]
    expected = {n: (e[0], int(e[1]), int(e[2])) for n, e in enumerate(listed) if len(e) == 3}
    assert {n: (t.name, t.block_size, t.block_bytes) for n, t in TENSOR_TYPES.items()} == expected
    assert sorted(REMOVED_TENSOR_TYPES) == [n for n, e in enumerate(listed) if len(e) == 1]


def test_size_of_every_tensor_type_is_computed(tmp_path: Path) -> None:
    for number, tensor_type in TENSOR_TYPES.items():
        file = write(PAIRS, [Tensor(b"t", (tensor_type.block_size * 2, 3), 0)])
        data = file.data[: file.at["data"]]
        at = file.at["tensor type t"]
        data = data[:at] + struct.pack("<i", number) + data[at + 4 :] + bytes(6 * tensor_type.block_bytes)
        assert read_gguf(save(tmp_path, data)).tensors[0].size_bytes == 6 * tensor_type.block_bytes
        assert "found 1 bytes missing" in refused(save(tmp_path, data[:-1]))


def test_float_and_wide_values_keep_their_precision(tmp_path: Path) -> None:
    pairs: list[Pair] = [*PAIRS, (b"x.pi", F64, 3.141592653589793)]
    assert values_of(read_gguf(save(tmp_path, write(pairs, TENSORS).data)))["x.pi"] == 3.141592653589793
