"""The help of every command, and words that only our command line reads as it does."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from conftest import scrubbed_environment
from mkexe import cli
from mkexe.cli.parser import Command

COMMANDS = [
    "build",
    "advise",
    "convert",
    "preview",
    "boot",
    "inspect",
    "verify",
    "extract",
    "runtime build",
    "runtime list",
]
PATHS = ["", *COMMANDS, "runtime"]


def help_of(folder: Path, words: str, width: int, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mkexe", *words.split(), "--help"],
        env=scrubbed_environment(folder) | {"COLUMNS": str(width)} | environment,
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def options_of(words: list[str]) -> SimpleNamespace:
    """The options that a command gets; it does not run."""
    options: dict[str, Any] = {}
    with mock.patch.object(Command, "invoke", lambda _, context: options.update(context.params)):
        assert cli.main(words) == 0
    return SimpleNamespace(**options)


@pytest.mark.parametrize("words", PATHS)
def test_help_fits_80_columns_and_has_no_escapes_in_a_pipe(tmp_path: Path, words: str) -> None:
    text = help_of(tmp_path, words, 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert f"Usage: {' '.join(['mkexe', *words.split()])} " in text
    assert "…" not in text  # nothing is cut
    assert not re.search(r"<[\w\[\]]+>", text)  # Python's types: metavars name the values
    assert "{" not in text.partition("Usage: ")[2].partition("\n")[0]


def test_no_color_is_respected_where_colours_are_forced(tmp_path: Path) -> None:
    colours = re.compile(r"\x1b\[(?:\d+;)*3\d")
    assert colours.search(help_of(tmp_path, "build", 80, FORCE_COLOR="1", TERM="xterm", NO_COLOR=""))
    assert not colours.search(help_of(tmp_path, "build", 80, FORCE_COLOR="1", TERM="xterm", NO_COLOR="1"))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_example_in_the_help_is_a_line_that_the_command_accepts(tmp_path: Path, words: str) -> None:
    lines = [line.strip() for line in help_of(tmp_path, words, 80).partition("\n Examples")[2].splitlines()]
    examples = [line for line in lines if line]
    assert examples
    for example in examples:
        assert example.startswith(f"mkexe {words}")
        options_of(shlex.split(example)[1:])


@pytest.mark.parametrize("words", ["", "runtime"])
def test_a_command_that_has_commands_shows_its_help_where_none_is_named(
    capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert cli.main(words.split()) == 2
    said = capsys.readouterr()
    assert "Usage: mkexe" in said.out
    assert "build" in said.out
    assert said.err == ""


def test_minus_h_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["build", "-h"]) == 0
    assert "Usage: mkexe build" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("build m --arg --verbose", "arg", ["--verbose"]),
        ("build m --arg --json --arg=-x", "arg", ["--json", "-x"]),
        ("build m -oout", "output", "out"),
        ("build m -o=out", "output", "out"),
        ("build m --output=--json", "output", "--json"),
        ("build m --name=", "name", ""),
        ("build m --greeting '- hello -'", "greeting", "- hello -"),
        ("build m --greeting -", "greeting", "-"),
        ("build m --target a --json --target b", "target", ["a", "b"]),
        ("build m", "target", ()),
        ("build m --no-links", "links", True),
        ("build --json -- -m", "model", Path("-m")),
        ("boot f --timeout -1", "timeout", -1.0),
        ("extract f a -C out b", "entries", ["a", "b"]),
    ],
)
def test_words_are_read_as_they_are_meant(words: str, name: str, value: object) -> None:
    assert getattr(options_of(shlex.split(words)), name) == value


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("build m --name --json", "mkexe build: --name: expected one argument"),
        ("build m --json=yes", "mkexe build: --json: takes no value, found 'yes'"),
        ("build m --jso", "mkexe build: unknown option --jso"),
        ("build m -jx", "mkexe build: unknown option -jx"),
        ("convert f", "mkexe convert: --layout is missing"),
        ("preview --port x", "mkexe preview: --port: expected a whole number, found 'x'"),
        ("runtime --jsn", "mkexe runtime: unknown option --jsn"),
        ("--", "mkexe: Missing command."),
    ],
)
def test_words_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str], words: str, problem: str) -> None:
    assert cli.main(words.split()) == 2
    assert f"error: {problem}\n" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["--version", "--help", "build --help"])
def test_help_imports_nothing_that_takes_long(tmp_path: Path, words: str) -> None:
    """What commands work with is imported when they run."""
    slow = {"PIL", "cyclonedx", "filelock", "gguf", "jinja2", "lief", "numpy", "pydantic", "starlette", "uvicorn"}
    program = (
        f"import sys; from mkexe import cli; status = cli.main({words.split()!r}); "
        f"sys.exit(status or ' '.join({slow!r} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=scrubbed_environment(tmp_path), capture_output=True, text=True, timeout=600
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["help"], ["--help"]),
        (["help", "runtime", "list"], ["runtime", "list", "--help"]),
        (["version"], ["--version"]),
    ],
)
def test_what_people_type_as_a_command_means_the_option(
    capsys: pytest.CaptureFixture[str], words: list[str], meant: list[str]
) -> None:
    assert cli.main(words) == 0
    found = capsys.readouterr()
    assert cli.main(meant) == 0
    assert found.out == capsys.readouterr().out != ""
