"""What a mistyped command line is told: the same form as every other error."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import scrubbed_environment
from mkexe import cli
from mkexe.artifact import reader


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["biuld"], "mkexe: unknown command biuld", "did you mean build?"),
        (["zzzzz"], "mkexe: unknown command zzzzz", "known are build, advise, convert"),
        (["build"], "mkexe build: MODEL.gguf is missing", "mkexe build --help has examples"),
        (["build", "m.gguf", "--targt", "all"], "mkexe build: unknown option --targt", "did you mean --target?"),
        (["build", "m.gguf", "--targ=all"], "mkexe build: unknown option --targ", "did you mean --target?"),
        (["build", "m.gguf", "--zzzzzzz"], "mkexe build: unknown option --zzzzzzz", "mkexe build --help lists"),
        (["build", "m.gguf", "other"], "mkexe build: unknown argument other", "mkexe build --help shows"),
        (["build", "m.gguf", "--name"], "mkexe build: --name: expected one argument", "mkexe build --help"),
        (["--versio"], "mkexe: unknown option --versio", "did you mean --version?"),
        (["build", "--titel", "x"], "mkexe build: unknown option --titel", "did you mean --title?"),
        (["runtime", "lits"], "mkexe runtime: unknown command lits", "did you mean list?"),
        (["boot", "f", "--timeout", "x"], "mkexe boot: --timeout: expected a number, found 'x'", "mkexe boot --help"),
        (["boot", "f", "--timeout", "nan"], "--timeout: expected seconds above 0", "leave it out"),
        (["boot", "f", "--timeout", "-1"], "--timeout: expected seconds above 0", "leave it out"),
        (["runtime", "build", "--target", ""], "--target: expected the name of a target, found ''", "known are linux"),
        (["runtime", "build", "--target", "linux-x86"], "--target: unknown target 'linux-x86'", "mean linux-x86_64?"),
        (["runtime", "build", "--target", "linux-amd64"], "unknown target 'linux-amd64'", "mean linux-x86_64?"),
        (["runtime", "build", "--target", "linux/arm64"], "unknown target 'linux/arm64'", "mean linux-aarch64?"),
        (["runtime", "build", "--target", "darwin-arm64"], "unknown target 'darwin-arm64'", "mean macos-aarch64?"),
        (["runtime", "build", "--target", "win64"], "unknown target 'win64'", "mean windows-x86_64?"),
        (["runtime", "build", "--target", "mars"], "--target: unknown target 'mars'", "known are linux-x86_64"),
        (["runtime", "build", "--target", "hots"], "--target: unknown target 'hots'", "did you mean host?"),
        (["runtime", "build", "--all", "--target", "host"], "--all and --target exclude each other", "leave one"),
        (["preview", "--port", "70000"], "--port: expected 0 to 65535, found 70000", "free one"),
        (["build", "m.gguf", "--config", "nowhere.toml"], "nowhere.toml: does not exist", "--config"),
        (["build", "m.gguf", "--accent", "blue"], "--accent: expected a colour as #rrggbb, found 'blue'", "#008080"),
        (["build", "m.gguf", "--lock", "temprature"], "--lock: the page has no setting 'temprature'", "temperature?"),
        (["build", "m.gguf", *["--question", "q"] * 9], "--question: expected at most 8 questions, found 9", "remove"),
    ],
)
def test_a_wrong_command_line_gets_what_where_and_the_next_step(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str, hint: str
) -> None:
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    error, _, advice = said.partition("hint: ")
    assert message in error
    assert hint in advice
    assert "usage:" not in said.lower()


@pytest.mark.parametrize("words", ["--version", "--help", "convert --help", "runtime list", "runtime list --json"])
@pytest.mark.parametrize(("where", "why"), [("/dev/full", "No space left on device"), ("&-", "Bad file descriptor")])
def test_standard_output_that_cannot_be_written_is_named(tmp_path: Path, words: str, where: str, why: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m mkexe {words} >{where}', sys.executable],
        env=scrubbed_environment(tmp_path), capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    said = f"error: mkexe cannot write to standard output: {why}\nhint: redirect it, or free some space\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize(
    ("limit", "says"), [(700 << 20, "memory: ulimit -v is 716800 kB\nhint: raise"), (-1, "memory\nhint: close other")]
)
def test_no_more_memory_is_no_defect(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, limit: int, says: str
) -> None:
    def fail(_: Path) -> None:
        raise MemoryError

    monkeypatch.setattr(reader, "open_artifact", fail)
    monkeypatch.setattr(resource, "getrlimit", lambda which: {resource.RLIMIT_AS: (limit, -1)}[which])
    assert cli.main(["inspect", "x"]) == 1
    assert f"error: there is no more {says}" in capsys.readouterr().err
