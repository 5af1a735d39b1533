"""Keys that the list of processes does not show, and folders that nobody else may look into."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import Mkexe
from support.running import Running, run_to_end

OPEN = ("--host", "0.0.0.0", "--port", "0", "--no-browser")


def test_a_server_for_others_asks_for_a_key_that_is_not_seen(artifact: Path) -> None:
    for key in ("", " "):
        done = run_to_end([str(artifact), *OPEN], LLAMA_API_KEY=key)
        assert done.returncode == 2
        assert "Add --api-key-file with a file that contains a key of your choice, or set LLAMA_API_KEY" in done.stderr
    assert "--api-key-file FILE" in run_to_end([str(artifact), "serve", "--help"]).stdout


@pytest.mark.parametrize("content", [None, "", "\n\n", "# only a remark\n", "\ufeff\r\n", "folder"])
def test_a_file_without_a_key_is_refused(artifact: Path, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "keys"
    if content == "folder":
        file.mkdir()  # what a container makes for a file that is not there
    elif content is not None:
        file.write_text(content)
    for start in (OPEN, ("--port", "0", "--no-browser")):
        done = run_to_end([str(artifact), *start, "--api-key-file", str(file)])
        assert done.returncode == 2, done.stderr
        assert re.search("^--api-key-file: .*expected .* with a key on each line", done.stderr, re.MULTILINE)
        assert str(file) in done.stderr
    done = run_to_end([str(artifact), "run", "-p", "Hello"], LLAMA_ARG_API_KEY_FILE=str(file))
    assert (done.returncode, "LLAMA_ARG_API_KEY_FILE: " in done.stderr) == (2, True)


def test_an_empty_key_is_refused(artifact: Path) -> None:
    done = run_to_end([str(artifact), "--port", "0", "--no-browser", "--api-key", ""])
    assert (done.returncode, "--api-key: expected a key, found an empty one." in done.stderr) == (2, True)


def test_a_file_that_an_editor_on_windows_wrote_counts(artifact: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(b"\xef\xbb\xbfsesame\r\n# another\r\nopen\r\n")
    start = ("--port", "0", "--no-browser", "--api-key-file", str(file))
    with Running([str(artifact)], tmp_path, start) as running:
        for key, status in (("sesame", 200), ("open", 200), ("other", 401), ("", 401)):
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            assert running.get("/props", headers)[0] == status, key


@pytest.mark.parametrize("layout", ["script", "native"])
def test_every_folder_that_it_makes_is_for_its_user_alone(
    real_mkexe: Mkexe, artifact: Path, tmp_path: Path, layout: str
) -> None:
    """The script sets a umask of its own; a native program makes folders under the one it finds."""
    file = tmp_path / "tiny"
    real_mkexe("convert", artifact, "--layout", layout, "--target", "linux-x86_64", "-o", file)
    started = '"$@"' if layout == "native" else 'sh "$@"'
    with Running(["-c", f"umask 000 && exec {started}", "sh", str(file)], tmp_path) as running:
        headers = {"X-Mkexe-Token": running.json("/mkexe/session")["token"], "If-Match": "*"}
        assert running.post("/mkexe/chats/chat-0001", {"title": "One", "messages": []}, headers)[0] == 200
    made = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert tmp_path / ".local/share/mkexe/tiny/chats" in made
    assert {path: oct(path.stat().st_mode & 0o777) for path in made if path.stat().st_mode & 0o077} == {}
