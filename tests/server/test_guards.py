"""Who may ask, who is believed, and what reaches a terminal: the guards of a started artifact."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from support.other_user import plant_folder
from support.running import Running, browser_in, environment_of, run_to_end

PLAIN = ("--no-browser",)  # no port is asked for

LISTED = "https://app.example,http://localhost:3000"


@pytest.fixture(scope="module")
def listing(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that lets two origins in."""
    start = ("--port", "0", "--no-browser", "--cors-origins", LISTED)
    with Running([str(artifact)], tmp_path_factory.mktemp("home"), start) as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "HEAD", "PUT"])
def test_an_origin_that_was_named_may_ask_and_no_other(listing: Running, method: str) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:3001", "https://app.example.evil.example"):
        status, headers, body = listing.post("/tokenize", {"content": "a"}, {"Origin": origin}, method)
        assert (status, "Access-Control-Allow-Origin" in headers) == (403, False), origin
        if method != "HEAD":
            wanted = origin if origin == "null" else origin.lower()
            assert f"--cors-origins {LISTED},{wanted}." in json.loads(body)["error"]["message"]
    status, headers, _ = listing.post("/tokenize", {"content": "a"}, {"Origin": "https://app.example"}, method)
    assert status != 403
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == ("https://app.example", "Origin")


def test_localhost_lets_this_computer_s_pages_in(artifact: Path, tmp_path: Path) -> None:
    start = ("--port", "0", "--no-browser")
    with Running([str(artifact)], tmp_path, start, LLAMA_ARG_CORS_ORIGINS="localhost") as running:
        for origin, status in (("http://localhost:3000", 200), ("http://[::1]:9", 200), ("https://evil.example", 403)):
            answer = running.post("/tokenize", {"content": "a"}, {"Origin": origin})
            assert (answer[0], answer[1].get("Access-Control-Allow-Origin")) == (
                status, origin if status == 200 else None,
            )  # fmt: skip


def test_a_list_that_names_no_origin_is_refused(artifact: Path, tmp_path: Path) -> None:
    done = run_to_end([str(artifact), "--no-browser", "--cors-origins", "app.example"], HOME=str(tmp_path))
    assert done.returncode == 2
    assert 'https://example.com, with commas between them, found "app.example".' in done.stderr


def test_the_lock_and_the_log_are_no_way_to_another_file(artifact: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious\n")
    with Running([str(artifact)], tmp_path):
        pass
    [lock] = (tmp_path / ".cache/mkexe").glob("*.lock")
    state = tmp_path / ".local/state/mkexe"
    # without its lock a start is one beside the first
    for link in (Path.symlink_to, Path.hardlink_to):
        for replaced, log in (([], state / "tiny.log"), ([lock], state / "tiny-2.log")):
            for path in (*replaced, log):
                path.unlink(missing_ok=True)
                link(path, precious)
            with Running([str(artifact)], tmp_path):
                assert not log.is_symlink()
                assert "kernels: " in log.read_text()
            assert precious.read_text() == "precious\n"
        lock.unlink()
    os.mkfifo(lock)
    with Running([str(artifact)], tmp_path) as running:
        assert running.get("/health")[0] == 200


PLANTED = ["http://evil.example:80/", "http://127.0.0.1.evil.example:80/", "http://127.0.0.1@evil.example:80/", "file:///etc/",
           "http://127.0.0.1:8080", "http://127.0.0.1:80/\x1b[2J/"]  # fmt: skip


def test_a_planted_lock_opens_no_address_of_others(artifact: Path, tmp_path: Path) -> None:
    with Running([str(artifact)], tmp_path):
        pass
    [lock] = (tmp_path / ".cache/mkexe").glob("*.lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for address in PLANTED:
            lock.write_text(address + "\n")
            done = run_to_end([str(artifact), "health"], HOME=str(tmp_path))
            assert (done.stdout + done.stderr).startswith("http://127.0.0.1:8080: "), address
        variables, pipe = browser_in(tmp_path)
        with Running([str(artifact)], tmp_path, (), **variables) as running:
            assert pipe.read_text().strip() == running.address + "/"
            assert "It is running already; --new starts another.\n" not in running.log


@pytest.mark.parametrize("how", ["writable", "link"])
def test_no_lock_in_a_folder_that_others_may_have_made(artifact: Path, tmp_path: Path, how: str) -> None:
    folder = tmp_path / "shared/mkexe"
    plant_folder(folder, how)
    with Running([str(artifact)], tmp_path, PLAIN, XDG_RUNTIME_DIR=str(folder.parent)):
        assert list(folder.iterdir()) == []


def test_a_folder_that_is_open_to_its_group_is_closed(artifact: Path, tmp_path: Path) -> None:
    folder = tmp_path / ".cache/mkexe"
    folder.mkdir(parents=True)
    folder.chmod(0o775)
    with Running([str(artifact)], tmp_path, PLAIN):
        assert folder.stat().st_mode & 0o777 == 0o755
        assert len(list(folder.glob("*.lock"))) == 1


def test_nothing_waits_for_a_pipe(artifact: Path, tmp_path: Path) -> None:
    """A FIFO among the chats, and one in the place of the file itself."""
    chats = tmp_path / ".local/share/mkexe/tiny/chats"
    chats.mkdir(parents=True)
    os.mkfifo(chats / "chat-0001.json")
    with Running([str(artifact)], tmp_path) as running:
        headers = {"X-Mkexe-Token": running.json("/mkexe/session")["token"]}
        assert json.loads(running.get("/mkexe/chats", headers)[2])["chats"] == []
        status, _, body = running.get("/mkexe/chats/chat-0001", headers)
        assert (status, json.loads(body)["error"]["type"]) == (500, "not_read")
        status, _, body = running.post(
            "/mkexe/chats/chat-0001", {"title": "a", "messages": []}, headers | {"If-Match": "*"}
        )
        assert (status, json.loads(body)["error"]["type"]) == (500, "not_written")
    program = running.stored_runtime(artifact)
    os.mkfifo(tmp_path / "pipe")
    done = run_to_end(["sh", "-c", f'exec "{program}" verify'], MKEXE_ARTIFACT=str(tmp_path / "pipe"))
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, f"{tmp_path}/pipe: this is not an ordinary file")


def test_weights_beside_that_are_a_pipe_are_not_waited_for(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    real_mkexe("build", TINY_MODEL, "-o", tmp_path / "out", "--layout", "pair", "--target", "linux-x86_64")
    [weights] = tmp_path.glob("*.gguf")
    weights.unlink()
    os.mkfifo(weights)
    for command in ("verify", "run -p Hi"):
        done = run_to_end([str(tmp_path / "out"), *command.split()])
        assert done.returncode == 4
        assert "this is not an ordinary file" in done.stderr


ESCAPES = "\x1b]0;owned\x07\u202egnp.exe\u2069\x7f\u009b2J"
SAFE = "\ufffd]0;owned\ufffd\ufffdgnp.exe\ufffd\ufffd\ufffd2J"


def test_names_and_log_lines_reach_no_terminal_as_they_are(artifact: Path, tmp_path: Path) -> None:
    odd = shutil.copyfile(artifact, tmp_path / f"{ESCAPES}\n.exe")
    for command in (["info"], ["--help"], ["doctor"], ["no-such-command" + ESCAPES], ["info", ESCAPES],
                    ["--no-browser", f"--no-such{ESCAPES}"], ["--no-browser", "--threads", ESCAPES],
                    ["--port", "0", "--no-browser", "--lora", f"/no/{ESCAPES}"]):  # fmt: skip
        done = run_to_end([str(odd), *command], HOME=str(tmp_path))
        written = done.stdout + done.stderr
        assert SAFE in written, command
        assert not set(written) & set(ESCAPES) - set(SAFE), command
    assert SAFE in (tmp_path / ".local/state/mkexe/tiny.log").read_text()


def test_a_name_writes_no_line_of_its_own(artifact: Path, tmp_path: Path) -> None:
    """Where the file is damaged, too: by the script in its head, and by the program."""
    odd = shutil.copyfile(artifact, tmp_path / "a\n\x1b[2JReady.\nb\\c")
    assert run_to_end([str(odd), "--help"], HOME=str(tmp_path)).stdout.startswith("usage: a")
    assert "Ready.\ufffdb\\c [COMMAND]" in run_to_end([str(odd), "--help"], HOME=str(tmp_path)).stdout
    for size, status in ((odd.stat().st_size - 10, 4), (4500, 13)):
        os.truncate(odd, size)
        shutil.rmtree(tmp_path / ".cache") if status == 13 else None
        done = run_to_end([str(odd), "info"], HOME=str(tmp_path))
        if status == 13 and done.returncode == 4:
            continue  # a folder that all users share had the program
        assert done.returncode == status, done.stderr
        assert "\x1b" not in done.stderr
        assert "Ready." in done.stderr
        assert not any(line.startswith(("Ready.", "b\\c")) for line in done.stderr.splitlines()), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
@pytest.mark.parametrize("how", ["folder", "above", "link"])
def test_chats_are_not_kept_where_another_user_put_the_folder(artifact: Path, how: str) -> None:
    """As in /tmp, where everybody may write: who made the folder could read, remove and plant chats."""
    with tempfile.TemporaryDirectory() as name:
        shared = Path(name)
        shared.chmod(0o1777)
        copy = Path(shutil.copyfile(artifact, shared / "model"))
        chats, start = shared / "tiny-chats", ["--portable"]
        if how == "above":
            chats, start = shared / "data/mkexe/tiny/chats", []
        planted = shared / "data" if how == "above" else chats
        if how == "link":
            (shared / "elsewhere").mkdir()
            planted.symlink_to(shared / "elsewhere")
        else:
            planted.mkdir()
            planted.chmod(0o777)
        (shared / "home").mkdir()
        words = ("--port", "0", "--no-browser", *start)
        variables = {"XDG_DATA_HOME": str(shared / "data")} if how == "above" else {}
        for owner, kept in ((65533, "none"), (os.geteuid(), "folder")):
            os.chown(planted, owner, -1, follow_symlinks=False)
            with Running([str(copy)], shared / "home", words, **variables) as running:
                assert running.json("/mkexe/session")["chats"] == kept
                said = f"Chats are not kept: another user owns {chats} or a folder above it.\n"
                assert (said in running.log) == (kept == "none")


def said_on_a_terminal(command: list[str], home: Path) -> bytes:
    """What a program writes on a terminal of its own."""
    ours, theirs = os.openpty()
    with subprocess.Popen(command, env=environment_of(home), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs):
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 4096):
                said += piece
    os.close(ours)
    return said


def test_an_answer_obeys_no_one_but_the_reader(artifact: Path, tmp_path: Path) -> None:
    """On a terminal control characters are replaced; through a pipe the answer comes as it is."""
    grammar = r'root ::= "a\x1b]0;b\x07c"'
    command = ["sh", str(artifact), "run", "-p", "Hi", "--grammar", grammar]
    assert "a\ufffd]0;b\ufffdc".encode() in said_on_a_terminal(command, tmp_path)
    assert run_to_end(command[1:], HOME=str(tmp_path)).stdout == "a\x1b]0;b\x07c\n"
