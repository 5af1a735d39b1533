"""Who hears what goes on: progress counts what is done, once, and the core says it to nobody in particular."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from mkexe.base.copying import copy_file, hash_range
from mkexe.cli.reporters import JsonReporter, TerminalReporter
from mkexe.models.model_set import ModelFile
from mkexe.runtimes.ninja import StatusReader
from support.listener import Heard


@pytest.fixture
def file(tmp_path: Path) -> ModelFile:
    """Bytes of a file from the third on, behind some of our own."""
    path = tmp_path / "model"
    path.write_bytes(bytes(range(256)) * 9000)
    return ModelFile(path, "models/model", 2_000_005, 2, b"12345")


def test_hashing_tells_every_byte_once(file: ModelFile) -> None:
    heard = Heard("hashing", file.size_bytes)
    hash_range(file, heard)
    assert heard.done == file.size_bytes


def test_copying_tells_every_byte_hashed_and_every_byte_written(file: ModelFile, tmp_path: Path) -> None:
    hashed, written = Heard("hashed", file.size_bytes), Heard("written", file.size_bytes)
    with (tmp_path / "copy").open("w+b") as output:
        copy_file(file, output, 100, hashed, written)
    assert (hashed.done, written.done) == (file.size_bytes, file.size_bytes)
    assert (tmp_path / "copy").stat().st_size == 100 + file.size_bytes


def test_copying_in_chunks_tells_the_same(file: ModelFile) -> None:
    """A file in memory, between which the kernel cannot copy."""

    class Memory(io.BytesIO):
        def fileno(self) -> int:
            return -1

    written = Heard("written", file.size_bytes)
    copy_file(file, Memory(), 0, Heard("hashed", 0), written)
    assert written.done == file.size_bytes


def test_ninja_tells_the_steps_that_are_new() -> None:
    heard = Heard("compiling", 1)
    status = StatusReader(heard)
    for line in ("[1/7] CXX a/one.o", "warning: [2/7]", "[3/8] CXX two.o", "[3/8] CXX three.o", "[8/8] LINK all"):
        status.read(line)
    assert (heard.done, heard.total) == (8, 8)
    assert heard.doings == ["CXX a/one.o".rpartition("/")[2], "CXX two.o", "CXX three.o", "LINK all"]


def test_a_log_gets_a_line_at_the_start_and_seldom_another(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with TerminalReporter().steps_progress("compiling") as progress:
        progress.set_total(10)
        for _ in range(4):
            progress.advance(1, "two.o")
        now += 31
        progress.advance(1, "five.o")
    assert capsys.readouterr().err == "compiling ...\ncompiling: 50 % five.o\n"


def test_parts_of_a_result_are_printed_for_people_and_not_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    TerminalReporter().result("at once")
    JsonReporter().result("later")
    assert capsys.readouterr().out == "at once\n"
