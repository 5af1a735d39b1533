"""Names and titles from strangers steer no terminal: wherever they come from, and wherever they are shown."""

from __future__ import annotations

import io
import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Mkexe
from mkexe import cli
from mkexe.artifact.reader import open_artifact
from mkexe.base.plain_text import cleaned, one_line
from mkexe.cli import console
from mkexe.errors import UsageError
from mkexe.layouts import app
from support.damaged_artifacts import manifest_of, with_text
from support.small_models import write_small_model

EVIL = "\x1b[2J\x1b]0;owned\x07\rReady.\nfake\x9b31m\x7f\u202egpj\u2066x\u2028[/bold]:smile:"
RAW = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# a line of its own that the evil text would make
FAKE = re.compile(r"^(Ready\.|fake)", re.MULTILINE)
TARGET = ("--target", "linux-x86_64")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(mkexe: Mkexe, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """A command in this process: exit status, stdout and stderr, which hold nothing raw."""
    monkeypatch.setenv("MKEXE_CACHE", str(mkexe.cache))

    def start(*words: str | Path) -> tuple[int, str, str]:
        status = cli.main([str(word) for word in words])
        said = capfd.readouterr()
        for text in (said.out, said.err):
            assert not RAW.search(text), ascii(text)
            assert not FAKE.search(text), ascii(text)
        return status, said.out, said.err

    return start


@pytest.mark.parametrize(
    ("text", "shown", "clean"),
    [
        ("a\x1bb", r"a\x1bb", "a b"),
        ("a\nb\tc\r", r"a\x0ab\x09c\x0d", "a b c"),
        ("\x00\x7f\x80\x9f", r"\x00\x7f\x80\x9f", ""),
        ("a\u202eb\u2069", r"a\u202eb\u2069", "a b"),
        ("a\u2028b\u2029", r"a\u2028b\u2029", "a b"),
        ("\udcff\ud800", r"\xff\ud800", ""),
        ("Käse 模型 👩‍🌾 שלום\u200f", "Käse 模型 👩‍🌾 שלום\u200f", "Käse 模型 👩‍🌾 שלום\u200f"),
    ],
)
def test_what_is_unsafe_is_shown_as_an_escape_and_left_out_of_names(text: str, shown: str, clean: str) -> None:
    assert one_line(text) == shown
    assert cleaned(text) == clean


def test_a_model_that_calls_itself_something_evil(run: Run, tmp_path: Path) -> None:
    """Build, inspect, verify, convert and advise show it harmless, and no file that is written holds it."""
    model = write_small_model(tmp_path / "m\x1b[31m\nReady.\x9b\u202e.gguf", name=f"Nice {EVIL}", license_name=EVIL)
    out = tmp_path / "out"
    assert run("build", model, "-o", out, *TARGET, "--name", "small")[0] == 0
    plain = model.rename(tmp_path / "plain.gguf")
    assert run("advise", plain)[0] == 0
    assert json.loads(run("advise", plain, "--json")[1])
    status, said, _ = run("inspect", out)
    assert (status, "Nice [2J" in said) == (0, True)
    assert run("verify", out)[0] == 0
    assert run("extract", out, "-C", tmp_path / "x")[0] == 0
    assert run("convert", out, "--layout", "pair", "-o", tmp_path / "pair")[0] == 0
    manifest = open_artifact(out).manifest
    for text in (manifest.page["title"], manifest.model.name, manifest.model.license, *zipfile.ZipFile(out).namelist()):
        assert one_line(text) == text
    assert not RAW.search(open_artifact(tmp_path / "pair").manifest_text.decode())


def test_a_manifest_with_something_evil_in_every_text(run: Run, tmp_path: Path) -> None:
    """As somebody could write one: what reads it shows it harmless, and what is made of it holds none of it."""
    out, evil = tmp_path / "out", tmp_path / "evil"
    assert run("build", write_small_model(tmp_path / "small.gguf"), "-o", out, *TARGET)[0] == 0
    data = out.read_bytes()
    document = manifest_of(data)[2]
    document |= {
        "created": EVIL,
        "generator": EVIL,
        "layout": EVIL,
        "default_args": [EVIL],
        "optional_features": [EVIL],
    }
    document["page"] |= {"title": EVIL, "more": EVIL}
    document["models"][0] |= {"name": EVIL, "architecture": EVIL, "license": EVIL}
    document["runtimes"][0]["build"] |= {EVIL: EVIL}
    evil.write_bytes(with_text(data, json.dumps(document, ensure_ascii=False).encode()))
    assert run("inspect", evil)[0] == 0
    status, said, _ = run("inspect", evil, "--json")
    assert (status, json.loads(said)["page"]["title"], said.isascii()) == (0, EVIL, True)
    assert run("verify", evil)[0] in (0, 4)
    assert run("convert", evil, "--layout", "pair", "-o", tmp_path / "pair")[0] == 0
    made = open_artifact(tmp_path / "pair").manifest
    assert one_line(made.page["title"] + made.model.name + made.model.license) == cleaned(EVIL) * 3
    for place in (("name",), ("models", 0, "parts", 0, "entry"), ("runtimes", 0, "target"), ("files", 0, "entry")):
        changed = manifest_of(data)[2]
        holder: Any = changed
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = EVIL
        evil.write_bytes(with_text(data, json.dumps(changed).encode()))
        for words in (["inspect", evil], ["convert", evil, "--layout", "script"], ["extract", evil, "-C", tmp_path]):
            assert run(*words)[0] == 4 or place == ("name",), place


def test_a_file_name_that_is_no_text(run: Run, tmp_path: Path) -> None:
    """Bytes that are not UTF-8, and brackets that a terminal library could take for its own."""
    for name in (os.fsdecode(b"\xff\x1b[2J.gguf"), "[red]x[bold.gguf", ":smile:.gguf"):
        model = tmp_path / name
        shutil.copy(write_small_model(tmp_path / "small.gguf"), model)
        assert run("build", model, "-o", tmp_path / "out", *TARGET, "--name", "small")[0] == 0
        assert run("verify", tmp_path / "out")[0] == 0
        status, _, said = run("inspect", model)
        assert (status, "error: " in said) == (4, True)
        out = tmp_path / f"{name.replace(chr(27), '')}.out"
        status, said, refused = run("build", model, "-o", out, *TARGET, "--name", "small")
        if out.name.isascii():
            assert (status, out.is_file(), out.name in said) == (0, True, True)
        else:  # other files quote the name, and it cannot be written there
            assert (status, out.exists(), one_line(out.name) in refused) == (2, False, True)


def test_arguments_are_shown_harmless_and_refused_in_texts(run: Run, tmp_path: Path) -> None:
    for words in ([EVIL], ["build", EVIL], ["inspect", EVIL], ["build", "m", f"--{EVIL}"], ["boot", "x", "--on", EVIL]):
        assert run(*words)[0] != 0
    model = write_small_model(tmp_path / "small.gguf")
    for text in ("\x1b", "\x9b", "\u202e", "\udcff"):
        assert run("build", model, "--title", text)[0] == 2
        assert run("build", model, "--name", text)[0] == 2
    assert run("build", model, "-o", tmp_path / "a\0b")[0] == 2
    assert run("extract", model, "-C", tmp_path / "a\0b")[0] == 4


def test_the_app_s_property_list_takes_any_title() -> None:
    facts = app.AppFacts("small", cleaned(f"A & B {EVIL}"), 0, "11.0", [], b"")
    assert "A & B" in plistlib.loads(plistlib.dumps(app.info_plist(facts)))["CFBundleDisplayName"]


def test_a_terminal_gets_no_raw_characters_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables, progress bars and messages as they are drawn on a terminal: with the terminal's own escapes alone."""
    writers: list[Callable[[], None]] = [
        lambda: console.table(("a", "b"), [(EVIL, EVIL)]),
        lambda: console.result(EVIL),
        lambda: console.say(EVIL),
        lambda: console.error(UsageError(EVIL, EVIL, f"{EVIL}\n{EVIL}")),
    ]
    for write in writers:
        drawn = io.StringIO()
        monkeypatch.setattr(sys, "stdout", drawn)
        monkeypatch.setattr(sys, "stderr", drawn)
        monkeypatch.setenv("FORCE_COLOR", "1")
        write()
        text = re.sub(r"\x1b\[[\d;]*m", "", drawn.getvalue())
        assert "Ready" in text
        assert not RAW.search(text), ascii(text)


def test_a_terminal_without_unicode_gets_escapes(mkexe: Mkexe, tmp_path: Path) -> None:
    out = tmp_path / "模型"
    mkexe("build", write_small_model(tmp_path / "small.gguf", name="模型"), "-o", out, *TARGET)
    done = subprocess.run(
        [sys.executable, "-m", "mkexe", "inspect", out], capture_output=True,
        env=mkexe.environment | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
