"""The start and the commands of the Windows program, under Wine 8: not Windows itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from needs import need
from running import Running, browser_in, run_to_end

FRANCE = "What is the capital of France?"
PARIS = "The capital of France is Paris."


@pytest.fixture(scope="module")
def program(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact under a name of its own, in a folder that serves as home, with a prefix of Wine in it."""
    need("wine")
    home = tmp_path_factory.mktemp("wine")
    return Path(shutil.copyfile(artifact, home / "tiny.exe"))


def variables(program: Path) -> dict[str, str]:
    return {"WINEPREFIX": str(program.parent / "prefix"), "WINEDEBUG": "-all", "HOME": str(program.parent)}


def wine(program: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program to its end under Wine."""
    environment = {"PATH": os.environ["PATH"]} | variables(program)
    return subprocess.run(
        ["wine", str(program), *words], env=environment, input=typed, capture_output=True, text=True, timeout=300
    )


def test_run_answers_and_reads_pipes(program: Path) -> None:
    done = wine(program, "run", "-p", FRANCE, "--temp", "0")
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")
    done = wine(program, "run", "--temp", "0", typed=FRANCE)
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")


def test_a_chat_through_pipes(program: Path) -> None:
    done = wine(program, "chat", "--temp", "0", typed=f"{FRANCE}\n/quit\n")
    assert done.returncode == 0
    assert f"> {PARIS}\n" in done.stdout


def test_a_second_start_finds_the_first_and_its_page_ends_it(program: Path) -> None:
    start = ["-c", 'exec wine "$@"', "sh", str(program)]
    with Running(start, program.parent, ("--no-browser",), **variables(program)) as first:
        second = wine(program, "--no-browser")
        assert second.returncode == 0
        assert "It is running already; --new starts another." in second.stderr
        assert f"    {first.address}/" in second.stderr
        token = first.json("/mkexe/session")["token"]
        chat = {"title": "One", "messages": []}
        headers = {"X-Mkexe-Token": token, "If-Match": "*"}
        assert first.post("/mkexe/chats/chat-0001", chat, headers)[0] == 200
        assert [entry["title"] for entry in first.json("/mkexe/chats", headers)["chats"]] == ["One"]
        assert first.post("/mkexe/quit", {}, headers)[0] == 202
        assert first.wait() == 0


def test_the_browser_opens_the_page(program: Path) -> None:
    """ShellExecute is Wine's here, which hands the address to the Linux desktop's xdg-open."""
    start = ["-c", 'exec wine "$@"', "sh", str(program)]
    tools, pipe = browser_in(program.parent)
    with Running(start, program.parent, (), **variables(program) | tools) as running:
        assert pipe.read_text().strip() == running.address + "/"
        assert "This address opens in your browser.\n" in running.log


def test_wrong_words_are_explained(program: Path) -> None:
    done = wine(program, "frobnicate")
    assert done.returncode == 2
    assert "is no command" in done.stderr


def test_the_help_is_the_same_as_on_linux(program: Path, artifact: Path) -> None:
    assert wine(program, "--help").stdout == run_to_end([str(artifact), "--help"]).stdout
