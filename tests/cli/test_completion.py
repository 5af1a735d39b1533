"""Shell completion: the scripts are loaded by real shells, and words are typed into them as a person does."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path

import pyte
import pytest

from conftest import scrubbed_environment
from support.needs import need
from support.powershell import syntax_errors

TIMEOUT_S = 120
SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
COMPLETED = {
    "mkexe conv": "mkexe convert",
    "mkexe runtime li": "mkexe runtime list",
    "mkexe build --split": "mkexe build --split-size",
    "mkexe convert a.exe --layout nat": "mkexe convert a.exe --layout native",
    "mkexe build m.gguf --target windows": "mkexe build m.gguf --target windows-x86_64",
    "mkexe build m.gguf --lock temp": "mkexe build m.gguf --lock temperature",
    "mkexe build rose": "mkexe build rosebud.gguf",
    "mkexe build m.gguf --icon rose": "mkexe build m.gguf --icon rosebud.gguf",
}
CLEAR = "\x15"  # Ctrl-U empties the line
FIRST = {"zsh": "autoload -U compinit; compinit -u; "}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment whose `mkexe` is this checkout's."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "mkexe"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mkexe "$@"\n')
    program.chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return scrubbed_environment(tmp_path, PATH=path, TERM="xterm", LC_ALL="C.UTF-8")


def mkexe(environment: dict[str, str], **variables: str) -> str:
    done = subprocess.run(
        ["mkexe"], env=environment | variables, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    assert done.stderr == ""
    return done.stdout


class Terminal:
    """A shell in a pseudo-terminal."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._leader, follower = pty.openpty()
        self._child = subprocess.Popen(
            command, stdin=follower, stdout=follower, stderr=follower, env=environment, cwd=folder,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(follower)
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)

    def type(self, keys: str) -> None:
        os.write(self._leader, keys.encode())

    def expect(self, text: str) -> None:
        """Wait until a line on the screen ends with this text."""
        while not any(line.rstrip().endswith(text) for line in self._screen.display):
            ready, _, _ = select.select([self._leader], [], [], TIMEOUT_S)
            assert ready, "\n".join(self._screen.display)
            self._stream.feed(os.read(self._leader, 65536))

    def close(self) -> None:
        self._child.kill()
        self._child.wait()
        os.close(self._leader)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_what_is_typed(environment: dict[str, str], tmp_path: Path, shell: str) -> None:
    need(shell)
    (tmp_path / "completion").write_text(mkexe(environment, _MKEXE_COMPLETE=f"source_{shell}"))
    (tmp_path / "rosebud.gguf").touch()
    terminal = Terminal(SHELLS[shell], environment, tmp_path)
    try:
        terminal.type(f"{FIRST.get(shell, '')}. ./completion; echo is'-'ready\n")
        terminal.expect("is-ready")
        for typed, completed in COMPLETED.items():
            terminal.type(f"{typed}\t")
            terminal.expect(completed)
            terminal.type(CLEAR)
    finally:
        terminal.close()


def test_powershell_s_script_can_be_parsed(environment: dict[str, str]) -> None:
    script = mkexe(environment, _MKEXE_COMPLETE="source_powershell")
    assert syntax_errors(script) == []
    assert "Register-ArgumentCompleter -Native -CommandName mkexe" in script


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        ("mkexe build m.gguf --setting theme", "theme", ["theme=light", "theme=dark"]),
        ("mkexe build m.gguf --language d", "d", ["de"]),
        ("mkexe ver", "ver", ["verify"]),
    ],
)
def test_powershell_is_offered_values(environment: dict[str, str], words: str, begun: str, offered: list[str]) -> None:
    lines = mkexe(
        environment, _MKEXE_COMPLETE="complete_powershell", _TYPER_COMPLETE_ARGS=words,
        _TYPER_COMPLETE_WORD_TO_COMPLETE=begun,
    ).splitlines()  # fmt: skip
    assert [line.partition(":::")[0] for line in lines] == offered
