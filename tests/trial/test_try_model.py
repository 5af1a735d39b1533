"""When this machine's runtime is asked about a model: before anything slow, and by `advise` too. It is a script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe, fake_executable, install_fake_runtime
from mkexe.runtimes import targets

HOST = targets.host_target()
REFUSING = "#!/bin/sh\necho 'refused: it is made of cheese'\nexit 3\n"
REFUSING_GRAMMARS = """#!/bin/sh
case $* in check-model*--grammar*) echo 'refused: failed to parse grammar'; exit 3; esac
"""
# says who it is to whoever reads the pipe, and goes on until it is ended
WAITING = '#!/bin/sh\necho $$ >"$TMPDIR/pipe"\nexec sleep 600\n'
NOT_COMPILED = "mkexe did not test the model: the runtime for this machine is not compiled (mkexe runtime build)"


def replace_runtime(mkexe: Mkexe, script: str | None) -> None:
    """Let this machine's runtime be `script`, or be missing."""
    for folder in (mkexe.cache / "runtimes").glob(f"{HOST}-*"):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    if script is not None:
        install_fake_runtime(mkexe.cache, HOST, script.encode())
        next((mkexe.cache / "runtimes").glob(f"{HOST}-*/mkexe-runtime")).chmod(0o755)


def test_a_model_is_refused_before_anything_is_compiled(mkexe: Mkexe, tmp_path: Path) -> None:
    """Windows' runtime is not there, and could not be compiled: no source may be fetched."""
    replace_runtime(mkexe, REFUSING)
    words = ("--target", "windows-x86_64", "-o", tmp_path / "out")
    done = mkexe("build", TINY_MODEL, *words, status=3, environment={"PIP_NO_INDEX": "1"})
    assert "tiny.gguf cannot be used: it is made of cheese." in done.stderr
    assert "compiling" not in done.stderr


def test_advice_is_given_of_models_that_work(mkexe: Mkexe) -> None:
    replace_runtime(mkexe, REFUSING)
    assert "it is made of cheese" in mkexe("advise", TINY_MODEL, status=3).stderr
    replace_runtime(mkexe, None)
    assert mkexe("advise", TINY_MODEL).stderr.splitlines() == [NOT_COMPILED]


def test_default_options_are_named_where_the_model_works_without_them(mkexe: Mkexe, tmp_path: Path) -> None:
    words = ("build", TINY_MODEL, "--target", HOST, "-o", tmp_path / "out", "--arg", "--grammar 'bad(('")
    replace_runtime(mkexe, REFUSING_GRAMMARS)
    said = mkexe(*words, status=2).stderr
    assert "error: default options '--grammar bad((': failed to parse grammar\n" in said
    assert "hint: the model works without them: correct --arg" in said
    replace_runtime(mkexe, REFUSING)
    assert "tiny.gguf cannot be used: it is made of cheese." in mkexe(*words, status=3).stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["build", "advise"])
def test_what_is_interrupted_while_it_tries_leaves_nothing(
    mkexe: Mkexe, tmp_path: Path, command: str, number: int
) -> None:
    """Neither a temporary folder nor the runtime itself, whatever signal comes."""
    replace_runtime(mkexe, WAITING)
    temporary, out = tmp_path / "temporary", tmp_path / "out"
    temporary.mkdir()
    out.mkdir()
    os.mkfifo(temporary / "pipe")
    words = ["-o", str(out / "out"), "--target", HOST] if command == "build" else []
    child = subprocess.Popen(
        [sys.executable, "-m", "mkexe", command, str(TINY_MODEL), *words],
        env=mkexe.environment | {"TMPDIR": str(temporary)}, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # the tests themselves may be started with nohup
    )  # fmt: skip
    runtime = int((temporary / "pipe").read_text())
    child.send_signal(number)
    said = child.communicate(timeout=60)[1]
    assert child.returncode == 130, said
    assert "interrupted; no half-written file is left" in said
    assert os.listdir(temporary) == ["pipe"]
    assert os.listdir(out) == []
    with pytest.raises(ProcessLookupError):
        os.kill(runtime, 0)


def test_old_packs_and_leftovers_are_removed(mkexe: Mkexe, tmp_path: Path) -> None:
    """As after many updates: the runtime is another each time, and its pack with it."""
    leftover = mkexe.cache / "packs" / f".x86_64-0123.xz.{2**31 - 1}"
    leftover.parent.mkdir()
    leftover.write_bytes(b"of a build that was killed")
    for number in range(6):
        for folder in (mkexe.cache / "runtimes").glob("linux-x86_64-*"):
            folder.rename(tmp_path / f"runtime{number}")
        install_fake_runtime(mkexe.cache, "linux-x86_64", fake_executable("linux-x86_64") + b"%d" % number)
        mkexe("build", TINY_MODEL, "-o", tmp_path / "out", "--target", "linux-x86_64")
    assert len(list((mkexe.cache / "packs").iterdir())) == 4
    assert not leftover.exists()
    assert "good" in mkexe("verify", tmp_path / "out").stdout
