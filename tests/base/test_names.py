"""Names that a file cannot have on every system are refused before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from mkexe.base.file_names import find_name_problem
from support.small_models import write_small_model

TARGET = ("--target", "linux-x86_64")
RESERVED = ["con", "NUL", "aux.exe", "com1", "LPT9.cmd", "nul.tar.gz", "CON .x"]


@pytest.mark.parametrize("name", [*RESERVED, "a.", "a ", "...", "a" * 300])
def test_names_that_some_system_cannot_have_are_refused(mkexe: Mkexe, tmp_path: Path, name: str) -> None:
    done = mkexe("build", TINY_MODEL, "--name", name, "-o", tmp_path / "out", status=2)
    assert "hint: choose another with --name" in done.stderr or "hint: choose one with --name" in done.stderr
    done = mkexe("build", TINY_MODEL, "-o", f"{tmp_path}/{name}", status=2)
    assert "hint: choose another with -o" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_model_s_file_of_such_a_name_is_refused(mkexe: Mkexe, tmp_path: Path) -> None:
    write_small_model(tmp_path / "con.gguf")
    done = mkexe("build", tmp_path / "con.gguf", "--name", "good", "-o", tmp_path / "out", status=2)
    assert "con.gguf: the name begins with 'con', which is a device on Windows" in done.stderr
    assert "hint: rename the model's file" in done.stderr


@pytest.mark.parametrize("name", ["a\nb", "a\tb", "a\x1b[2Jb", "a\u202eb", "a\udcffb", "-"])
def test_names_that_other_files_could_not_quote_are_refused(mkexe: Mkexe, tmp_path: Path, name: str) -> None:
    """Also where files beside carry the name, whose names stand in the manifest."""
    mkexe("build", TINY_MODEL, "-o", tmp_path / "good", *TARGET)
    for command in (("build", TINY_MODEL, *TARGET), ("convert", tmp_path / "good")):
        done = mkexe(*command, "--layout", "pair", "-o", f"{tmp_path}/{name}", status=2)
        assert "hint: " in done.stderr
        assert "\x1b" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good", "home"]


def test_an_empty_name_is_not_the_usual_one(mkexe: Mkexe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `-o "$OUT"` is where the variable is not set."""
    monkeypatch.chdir(tmp_path)
    for option in ("-o", "--mmproj", "--icon"):
        assert "expected a file's name" in mkexe("build", TINY_MODEL, *TARGET, option, "", status=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize("name", ["console", "a.b", "nullable.exe", "é" * 50, "COM10", ".hidden", "a b.exe", "x" * 200])
def test_other_names_are_good(name: str) -> None:
    assert find_name_problem(name) == ""
