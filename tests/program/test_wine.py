"""The start and the commands of the Windows program, under Wine 8: not Windows itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import Mkexe
from mkexe.artifact.reader import open_artifact
from support.asking import ASK, FRANCE, PARIS
from support.random_model import write_random_model
from support.running import Running, browser_in, run_to_end
from support.slow_disk import slow_disk
from support.wine import WinePrefix
from support.wine_desktop import until

MODEL_BYTES = 120_000_000
PORT = ("--port", "0", "--no-browser")
WINE = ("-c", 'exec wine "$@"', "sh")  # behind `sh`


@pytest.fixture(scope="module")
def program(artifact: Path, wine_prefix: WinePrefix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact under a name of its own, in a folder that serves as home, with a prefix of Wine in it."""
    home = tmp_path_factory.mktemp("wine")
    wine_prefix.copy(home / "prefix")
    return Path(shutil.copyfile(artifact, home / "tiny.exe"))


def variables(program: Path) -> dict[str, str]:
    return {"WINEPREFIX": str(program.parent / "prefix"), "WINEDEBUG": "-all", "HOME": str(program.parent)}


def wine(program: Path, *words: str, typed: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end under Wine."""
    environment = {"PATH": os.environ["PATH"]} | variables(program) | extra
    return subprocess.run(
        ["wine", str(program), *words], env=environment, input=typed, capture_output=True, text=True, timeout=300
    )


def test_run_answers_and_reads_pipes(program: Path) -> None:
    done = wine(program, *ASK)
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")
    done = wine(program, "run", "--temp", "0", typed=FRANCE)
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")


def test_a_chat_through_pipes(program: Path) -> None:
    done = wine(program, "chat", "--temp", "0", typed=f"{FRANCE}\n/quit\n")
    assert done.returncode == 0
    assert f"> {PARIS}\n" in done.stdout


def test_a_second_start_finds_the_first_and_its_page_ends_it(program: Path) -> None:
    with Running([*WINE, str(program)], program.parent, ("--no-browser",), **variables(program)) as first:
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
    tools, pipe = browser_in(program.parent)
    with Running([*WINE, str(program)], program.parent, (), **variables(program) | tools) as running:
        assert pipe.read_text().strip() == running.address + "/"
        assert "This address opens in your browser.\n" in running.log


def test_a_slow_disk_shows_how_far_the_model_is(
    real_mkexe: Mkexe, runtimes: dict[str, Path], program: Path, tmp_path: Path
) -> None:
    """Wine reads the file through Linux, which holds it in its own cache: when Windows reads is not what this shows."""
    write_random_model(tmp_path / "large.gguf", size_bytes=MODEL_BYTES)
    large = tmp_path / "large.exe"
    real_mkexe("build", tmp_path / "large.gguf", "-o", large, "--target", "windows-x86_64")
    [weights] = open_artifact(large).manifest.weights()
    end = weights.offset + weights.size
    with (
        slow_disk(large, tmp_path / "disk", end - int(0.4 * weights.size), end) as disk,
        Running([*WINE, str(disk.file)], program.parent, PORT, **variables(program)).at_once() as running,
    ):
        assert disk.reached.wait(60)
        token = {"X-Mkexe-Token": running.json("/mkexe/session")["token"]}

        def progress() -> dict[str, Any]:
            return running.json("/mkexe/progress", token)

        assert (progress()["state"], progress()["bytes_total"]) == ("loading", weights.size)
        until(lambda: progress()["fraction"] > 0.4, lambda: str(progress()))
        assert 0.4 < progress()["fraction"] < 0.7
        disk.go_on()
        until(lambda: progress()["state"] == "ready", lambda: str(progress()))


def test_it_ends_with_its_input(program: Path) -> None:
    done = wine(program, "--no-browser", "--port", "0", "--exit-with-input", typed="anything\n")
    assert done.returncode == 0, done.stderr
    assert "Standard input has closed: the program ends." in done.stderr


def test_options_count_however_many_there_are(program: Path) -> None:
    """Upstream took the process's own command line where it had as many words as those that it was given."""
    words = ["serve", "--no-browser", "--new", "--portable", "--ephemeral", "--no-quit", "--no-memory-check"]
    done = wine(program, *words, "--exit-with-input", "--exit-when-idle", "5")
    assert done.returncode == 0, done.stderr
    assert "Standard input has closed: the program ends." in done.stderr
    done = wine(program, *ASK, "--system", "x", "--verbose", LLAMA_ARG_THREADS="2")
    assert done.returncode == 0, done.stderr[-2000:]
    # about as many words as a start adds to those of llama.cpp (runtime/upstream/server-arguments.cpp)
    for more in (6, 7, 8, 9, 10):
        done = wine(program, "serve", *["--no-browser"] * more, "--port", "0", "--exit-with-input", typed="x\n")
        assert done.returncode == 0, (more, done.stderr)


def test_wrong_words_are_explained(program: Path) -> None:
    done = wine(program, "frobnicate")
    assert done.returncode == 2
    assert "is not a command" in done.stderr


def test_the_help_is_the_same_as_on_linux(program: Path, artifact: Path) -> None:
    assert wine(program, "--help").stdout == run_to_end([str(artifact), "--help"]).stdout
