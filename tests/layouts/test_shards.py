"""`--split-size`: the weights beside a pair as several GGUFs, each of at most that size.

Read back with the gguf package; that llama.cpp joins them is seen in tests/layouts/test_layouts.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest

from conftest import Mkexe
from mkexe.artifact.reader import open_artifact
from support.small_models import write_small_model
from support.split_model import split_gguf

TARGET = ("--target", "linux-x86_64")
PAIR = ("--layout", "pair", *TARGET)
SPLIT_KEYS = ("split.no", "split.count", "split.tensors.count")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model.gguf")


def write_model(path: Path, alignment: int = 32, tensors: int = 7) -> Path:
    """Keys of every kind, and tensors of different types and sizes that fill no whole blocks."""
    writer = gguf.GGUFWriter(path, "llama")
    if alignment != 32:
        writer.add_custom_alignment(alignment)
    for name, number in (("context_length", 64), ("embedding_length", 32), ("block_count", 1), ("vocab_size", 4)):
        writer.add_uint32(f"llama.{name}", number)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(16)
    writer.add_name("Käse " * 3)
    writer.add_bool("x.yes", True)
    writer.add_float64("x.pi", 3.141592653589793)
    writer.add_string("x.long", "l" * 70_000)
    writer.add_array("x.numbers", [1, 2, 3])
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", "a"])
    writer.add_token_scores([0.0, 0.0, 0.0, 0.0])
    writer.add_token_types([2, 3, 3, 1])
    rng = np.random.default_rng(1)
    writer.add_tensor("token_embd.weight", rng.standard_normal((4, 32)).astype(np.float32))
    for number in range(tensors):
        kind = np.float32 if number % 2 else np.float16
        writer.add_tensor(f"x.{number}.weight", rng.standard_normal((3 + number, 5)).astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def shards_of(mkexe: Mkexe, command: tuple[str | Path, ...], out: Path, size: str) -> list[Path]:
    done = mkexe(*command, *PAIR, "-o", out, "--split-size", size, "--json")
    return [Path(path) for path in json.loads(done.stdout)["beside"]]


def keys_of(reader: gguf.GGUFReader) -> dict[str, object]:
    return {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}


def tensors_of(*paths: Path) -> list[tuple[str, gguf.GGMLQuantizationType, list[int], bytes]]:
    readers = [gguf.GGUFReader(path) for path in paths]
    return [
        (tensor.name, tensor.tensor_type, tensor.shape.tolist(), tensor.data.tobytes())
        for reader in readers
        for tensor in reader.tensors
    ]


@pytest.mark.parametrize("alignment", [32, 256])
@pytest.mark.parametrize("size", ["72KB", "71500", "1GB"])
def test_all_tensors_are_there_in_order_and_all_keys_in_the_first(
    mkexe: Mkexe, tmp_path: Path, alignment: int, size: str
) -> None:
    model = write_model(tmp_path / "model.gguf", alignment, tensors=40)
    found = shards_of(mkexe, ("build", model), tmp_path / "out", size)
    assert tensors_of(*found) == tensors_of(model)
    if size == "1GB":
        assert [path.name for path in found] == ["out.gguf"]
        assert found[0].read_bytes() == model.read_bytes()
        return
    assert len(found) > 1
    assert [path.name for path in found] == [f"out-{n + 1:05}-of-{len(found):05}.gguf" for n in range(len(found))]
    assert max(path.stat().st_size for path in found) <= {"72KB": 72_000, "71500": 71_500}[size]
    every = [keys_of(gguf.GGUFReader(path)) for path in found]
    assert {key: value for key, value in every[0].items() if key not in SPLIT_KEYS} == keys_of(gguf.GGUFReader(model))
    for number, keys in enumerate(every):
        assert [keys[key] for key in SPLIT_KEYS] == [number, len(found), 41]
        assert keys.get("general.alignment", 32) == alignment
        if number:
            assert keys.keys() <= {*SPLIT_KEYS, "general.alignment"}


def test_the_artifact_names_them_and_finds_them_good(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    found = shards_of(mkexe, ("build", model), tmp_path / "out", "71400")
    [record] = open_artifact(tmp_path / "out").manifest.models
    assert [part.size for part in record.parts] == [path.stat().st_size for path in found]
    assert "good" in mkexe("verify", tmp_path / "out").stdout
    with found[1].open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\xff")
    assert found[1].name in mkexe("verify", tmp_path / "out", status=4).stdout


def test_the_same_model_is_cut_alike_wherever_it_lies(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """Out of the GGUF, out of an artifact that holds it, and out of one that was cut before."""
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    built = shards_of(mkexe, ("build", model), tmp_path / "out", "71400")
    mkexe("build", model, *TARGET, "-o", tmp_path / "one")
    again = shards_of(mkexe, ("convert", tmp_path / "one"), tmp_path / "b" / "out", "71400")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]
    third = shards_of(mkexe, ("convert", tmp_path / "out"), tmp_path / "c" / "out", "71400")
    assert [path.read_bytes() for path in third] == [path.read_bytes() for path in built]


def test_a_split_model_is_cut_further(mkexe: Mkexe, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.gguf", tensors=20)
    first = split_gguf(model, tmp_path / "parts", parts=2)
    found = shards_of(mkexe, ("build", first), tmp_path / "out", "71400")
    assert len(found) > 2
    assert sorted(tensors_of(*found)) == sorted(tensors_of(model))
    counts = [keys_of(gguf.GGUFReader(path))["split.count"] for path in found]
    assert counts == [len(found)] * len(found)


def test_what_cannot_be_cut_is_refused(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    for size, says in (
        ("600", "the keys of model.gguf alone need 7"),
        ("0", "--split-size: expected a size, found '0'"),
        ("4 apples", "--split-size: expected a size, found '4 apples'"),
    ):
        failed = mkexe("build", model, *PAIR, "-o", tmp_path / "out", "--split-size", size, status=2)
        assert says in failed.stderr
        assert "hint:" in failed.stderr
    failed = mkexe("build", model, *TARGET, "-o", tmp_path / "out", "--split-size", "4GB", status=2)
    assert "--split-size is for layout pair" in failed.stderr
    assert "--layout pair" in failed.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_tensor_that_is_too_large_is_named(mkexe: Mkexe, tmp_path: Path) -> None:
    model = write_small_model(tmp_path / "model.gguf", large_bytes=128_000)
    failed = mkexe("build", model, *PAIR, "-o", tmp_path / "out", "--split-size", "100KB", status=2)
    assert "the tensor 'output.weight' cannot be split and needs a file of 128" in failed.stderr
    assert "choose a larger --split-size" in failed.stderr
    assert not list(tmp_path.glob("out*"))


def test_a_damaged_source_is_not_cut(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    mkexe("build", model, *TARGET, "-o", tmp_path / "one")
    weights = open_artifact(tmp_path / "one").manifest.weights()[0]
    with (tmp_path / "one").open("r+b") as file:
        file.seek(weights.offset + weights.size - 40)
        file.write(b"damage")
    failed = mkexe("convert", tmp_path / "one", *PAIR, "-o", tmp_path / "out", "--split-size", "71400", status=4)
    assert weights.sha256 in failed.stderr
    assert not list(tmp_path.glob("out*"))


def test_it_stands_in_the_configuration_too(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    (tmp_path / "mkexe.toml").write_text('[build]\nlayout = "pair"\nsplit_size = "71400"\n')
    config = ("--config", tmp_path / "mkexe.toml")
    done = mkexe("build", model, *TARGET, *config, "-o", tmp_path / "out", "--json")
    assert len(json.loads(done.stdout)["beside"]) > 1
