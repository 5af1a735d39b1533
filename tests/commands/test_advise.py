"""`mkexe advise` from outside, and the two lines of it that `mkexe build` ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODEL, Mkexe, install_fake_runtime
from support.executables import Pe
from support.small_models import write_small_model
from support.split_model import split_gguf

# tiny.gguf: llama.block_count 3, attention.head_count_kv 2, embedding_length 256 / attention.head_count 4 = 64 numbers
# in a key and as many in a value, of 2 bytes each (F16); context_length 2048 is a multiple of 256
TINY_TOKEN_BYTES = 3 * 2 * (64 + 64) * 2
TINY_CACHE = 2048 * TINY_TOKEN_BYTES  # 3,145,728


def advice_of(mkexe: Mkexe, *arguments: str | Path) -> Any:
    return json.loads(mkexe("advise", *arguments, "--json").stdout)


def by_system(found: Any) -> dict[str, Any]:
    return {item["system"]: item for item in found["systems"]}


@pytest.fixture(scope="module")
def large_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 5 GiB that takes no room: its weights are a hole in the file."""
    return write_small_model(tmp_path_factory.mktemp("large") / "large.gguf", large_bytes=5 << 30, large_tensors=2)


def test_memory_is_weights_and_what_llama_cpp_keeps_of_a_chat(mkexe: Mkexe) -> None:
    assert TINY_CACHE == 3_145_728
    weights = TINY_MODEL.stat().st_size
    assert advice_of(mkexe, TINY_MODEL)["memory"] == {
        "weights": weights,
        "contexts": [{"tokens": 2048, "cache": TINY_CACHE, "total": weights + TINY_CACHE}],
        "exact": True,
    }


def test_a_long_context_gets_a_figure_of_its_own(mkexe: Mkexe, tmp_path: Path) -> None:
    """1 layer, 2 heads of 32 / 2 numbers, keys and values, 2 bytes each; 5,000 tokens become 5,120 (steps of 256)."""
    model = write_small_model(tmp_path / "small.gguf", context_length=5000)
    contexts = advice_of(mkexe, model)["memory"]["contexts"]
    token_bytes = 1 * 2 * (16 + 16) * 2
    assert [(item["tokens"], item["cache"]) for item in contexts] == [
        (4096, 4096 * token_bytes),
        (5000, 5120 * token_bytes),
    ]
    said = mkexe("advise", model).stdout
    assert "with a chat of 4,096 tokens" in said
    assert "with a chat of 5,000 tokens" in said
    assert "without --ctx-size" in said
    assert "a quarter of the memory that is then free, at most 8.6 GB" in said


def test_a_small_model_is_one_file_for_everybody_and_nothing_is_written(mkexe: Mkexe, tmp_path: Path) -> None:
    before = sorted(path for path in tmp_path.rglob("*"))
    found = advice_of(mkexe, TINY_MODEL)
    assert sorted(path for path in tmp_path.rglob("*")) == before
    assert (found["file"], found["layout"], found["reason"], found["limits"]) == ("tiny.exe", "exe", "", [])
    assert TINY_MODEL.stat().st_size < found["size"] <= TINY_MODEL.stat().st_size + 25_000_000
    systems = by_system(found)
    assert all(item["starts"] for item in systems.values())
    assert systems["Windows"]["start"] == "double click tiny.exe"
    assert "less than 4 GiB, and this one has about 27.9 MB" in systems["Windows"]["limit"]
    assert "Run anyway" in systems["Windows"]["notes"][0]
    for name in ("Linux", "macOS"):
        assert systems[name]["start"] == "sh tiny.exe in a terminal"
        assert len(systems[name]["targets"]) == 2
    assert any("tiny.command" in note and "Open Anyway" in note for note in systems["macOS"]["notes"])


def test_what_is_too_large_for_windows_and_fat32_is_said(mkexe: Mkexe, large_model: Path) -> None:
    found = advice_of(mkexe, large_model)
    assert (found["file"], found["layout"]) == ("large.cmd", "script")
    assert "Windows refuses to start programs of 4 GiB or more" in found["reason"]
    assert "--layout pair --split-size 4GB" in found["limits"][0]
    windows = by_system(found)["Windows"]
    assert windows["start"] == "double click large.cmd"
    assert windows["limit"].startswith("none")
    assert "must keep its ending .cmd" in windows["notes"][0]
    assert any("Smart App Control" in note and "--layout pair" in note for note in windows["notes"])
    failed = mkexe("advise", large_model, "--layout", "exe", status=2)
    assert "this one would have 5.02 GiB" in failed.stderr
    assert "--layout script or --layout pair" in failed.stderr


def test_what_cannot_be_cut_for_fat32_needs_another_disk(mkexe: Mkexe, tmp_path: Path) -> None:
    whole = write_small_model(tmp_path / "whole.gguf", large_bytes=5 << 30)
    assert advice_of(mkexe, whole)["limits"][0].endswith("cannot hold a file of 4 GiB or more: use exFAT")


def test_the_advice_is_what_the_build_then_does(mkexe: Mkexe, tmp_path: Path) -> None:
    install_fake_runtime(mkexe.cache, "windows-x86_64", Pe().build())
    model = write_small_model(tmp_path / "huge.gguf", large_bytes=4_400_000_000)
    found = advice_of(mkexe, model)
    built = json.loads(mkexe("build", model, "-o", tmp_path / found["file"], "--json").stdout)
    (tmp_path / found["file"]).unlink()
    assert built["layout"] == found["layout"] == "script"
    assert built["memory"] == found["memory"]
    advised = [target for system in found["systems"] for target in system["targets"]]
    assert sorted(built["targets"]) == sorted(advised)


def test_files_beside_are_named(mkexe: Mkexe, large_model: Path, tmp_path: Path) -> None:
    found = advice_of(mkexe, large_model, "--layout", "pair")
    assert (found["file"], found["beside"]) == ("large.exe", ["large.gguf"])
    assert found["size"] <= 25_000_000
    assert "FAT32" in found["limits"][0]
    for system in found["systems"]:
        assert "large.gguf must lie in the same folder" in system["notes"]
    first = split_gguf(write_small_model(tmp_path / "small.gguf"), tmp_path / "parts", parts=2)
    found = advice_of(mkexe, first, "--layout", "pair")
    assert found["beside"] == ["small-00001-of-00002.gguf", "small-00002-of-00002.gguf"]
    assert found["limits"] == []
    sizes = [path.stat().st_size for path in (tmp_path / "parts").iterdir()]
    assert found["memory"]["weights"] == sum(sizes)


@pytest.mark.parametrize(("layout", "told"), [("native", True), ("script", False), ("pair", False)])
def test_a_double_click_on_linux_starts_a_native_file_only(mkexe: Mkexe, layout: str, told: bool) -> None:
    """docs/layouts.md, "A double click on Linux"."""
    found = advice_of(mkexe, TINY_MODEL, "--layout", layout, "--target", "linux-x86_64")
    assert any("double click" in note for note in by_system(found)["Linux"]["notes"]) == told


@pytest.mark.parametrize(
    ("arguments", "file", "starts"),
    [
        (("--target", "linux-x86_64"), "tiny", {"Linux": "sh tiny in a terminal"}),
        (("--target", "windows-x86_64"), "tiny.exe", {"Windows": "double click tiny.exe"}),
        (
            ("--layout", "native", "--target", "linux-aarch64"), "tiny",
            {"Linux": "chmod +x tiny, then ./tiny"},
        ),
        (("--layout", "app"), "tiny.app.zip", {"macOS": "unpack tiny.app.zip, then double click tiny.app"}),
        (
            ("--layout", "oci"), "tiny.oci.tar",
            {"Linux": "podman load -i tiny.oci.tar, or another program for containers"},
        ),
    ],
)  # fmt: skip
def test_systems_without_a_program_inside(
    mkexe: Mkexe, arguments: tuple[str, ...], file: str, starts: dict[str, str]
) -> None:
    found = advice_of(mkexe, TINY_MODEL, *arguments)
    assert found["file"] == file
    assert {name: item["start"] for name, item in by_system(found).items() if item["starts"]} == starts
    for name in {"Linux", "Windows", "macOS"} - set(starts):
        assert by_system(found)[name]["start"] == f"not at all: no program for {name} is inside"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere.gguf"], 3, "nowhere.gguf does not exist"),
        (["README.md"], 3, "README.md"),
        (["tiny.gguf", "--target", "beos-m68k"], 2, "--target: unknown target 'beos-m68k'"),
        (["tiny.gguf", "--layout", "egg"], 2, "--layout: unknown layout 'egg'"),
        (["tiny.gguf", "--layout", "native", "--target", "all"], 2, "layout native holds one program"),
        (["tiny.gguf", "--layout", "app", "--target", "linux-x86_64"], 2, "layout app is only for macOS"),
    ],
)
def test_mistakes_are_those_of_build(
    mkexe: Mkexe, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, message: str
) -> None:
    monkeypatch.chdir(TINY_MODEL.parent)
    failed = mkexe("advise", *arguments, status=status)
    assert message in failed.stderr
    assert "hint:" in failed.stderr
    assert failed.stderr == mkexe("build", *arguments, status=status).stderr


def test_the_text_says_it_for_each_system(mkexe: Mkexe) -> None:
    said = mkexe("advise", TINY_MODEL).stdout
    assert "about 6.1 MB with a chat of 2,048 tokens (weights 2.9 MB, chat 3.1 MB)" in said
    for block in (
        "Linux (x86_64, aarch64)\n  start ",
        "Windows (x86_64)\n  start ",
        "macOS (x86_64, aarch64)\n  start ",
    ):
        assert f"\n\n{block}" in said
    assert max(len(line) for line in said.splitlines()) <= 160


def test_build_ends_with_how_to_start_it_and_the_memory(mkexe: Mkexe, tmp_path: Path) -> None:
    install_fake_runtime(mkexe.cache, "windows-x86_64", Pe().build())
    said = mkexe("build", TINY_MODEL, "-o", tmp_path / "tiny.exe").stdout.splitlines()[-2:]
    start = "Linux, macOS: sh tiny.exe in a terminal; Windows: double click tiny.exe"
    assert [line.split(maxsplit=1) for line in said] == [
        ["start", start],
        ["memory", "about 6.1 MB with a chat of 2,048 tokens (weights 2.9 MB, chat 3.1 MB)"],
    ]
    found = json.loads(mkexe("build", TINY_MODEL, "-o", tmp_path / "tiny", "--json").stdout)
    assert found["start"] == "Linux, macOS: sh tiny in a terminal; Windows: name it tiny.exe, then double click it"
    assert found["memory"] == advice_of(mkexe, TINY_MODEL)["memory"]
    converted = json.loads(
        mkexe("convert", tmp_path / "tiny", "--layout", "script", "-o", tmp_path / "a b.cmd", "--json").stdout
    )
    assert converted["start"] == "Linux, macOS: sh 'a b.cmd' in a terminal; Windows: double click a b.cmd"
    assert converted["memory"] is None


def test_a_name_that_cannot_be_used_is_told_what_to_do_about_it(mkexe: Mkexe, tmp_path: Path) -> None:
    """Advice takes no --name."""
    model = write_small_model(tmp_path / "what?.gguf")
    assert "rename the model's file" in mkexe("advise", model, status=2).stderr
    assert "hint: choose another with --name" in mkexe("build", model, status=2).stderr
