"""The start as a person sees it: address, browser, port, second start, quit; and the guards of the HTTP server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from support.asking import FRANCE, PARIS
from support.running import Running, browser_in, environment_of, run_to_end

pytestmark = pytest.mark.usefixtures("unpacked")

PLAIN = ("--no-browser",)  # no port is asked for


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home of its own: no other test's instance is found from there."""
    return tmp_path


@pytest.fixture(scope="module")
def server(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running([str(artifact)], tmp_path_factory.mktemp("home")) as running:
        yield running


def token_of(running: Running) -> dict[str, str]:
    """The header that the endpoints under /mkexe/ ask for."""
    return {"X-Mkexe-Token": session_of(running)["token"]}


def session_of(running: Running) -> dict[str, Any]:
    return running.json("/mkexe/session")


def test_the_browser_opens_the_page(artifact: Path, home: Path) -> None:
    variables, pipe = browser_in(home)
    with Running([str(artifact)], home, (), **variables) as running:
        assert pipe.read_text().strip() == running.address + "/"
        assert "This address opens in your browser.\n" in running.log


@pytest.mark.parametrize(
    ("variables", "reason"),
    [({}, "there is no desktop here|this is a container"), ({"container": "podman"}, "this is a container"),
     ({"DISPLAY": ":99", "SSH_CONNECTION": "1 2 3 4"}, "this is an SSH session")],
)  # fmt: skip
def test_without_a_desktop_the_address_is_enough(
    artifact: Path, home: Path, variables: dict[str, str], reason: str
) -> None:
    with Running([str(artifact)], home, (), **variables) as running:
        sentence = rf"Open this address in a browser \(none is opened: ({reason})\)\.\n"
        assert re.search(sentence, "".join(running.log))


def test_a_second_start_opens_the_first_one_s_page(artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home, PLAIN) as first:
        second = run_to_end([str(artifact), "--no-browser"], HOME=str(home))
        assert second.returncode == 0
        assert "It is running already; --new starts another.\n" in second.stderr
        assert f"    {first.address}/\n" in second.stderr
        variables, pipe = browser_in(home)
        assert run_to_end([str(artifact)], 120, HOME=str(home), **variables).returncode == 0
        assert pipe.read_text().strip() == first.address + "/"
        with Running([str(artifact)], home, ("--new", "--no-browser")) as third:
            assert third.address != first.address
            assert third.ask(FRANCE) == PARIS


def test_a_second_start_drops_no_option_without_a_word(artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home, PLAIN) as first:
        wrong = run_to_end([str(artifact), *PLAIN, "--bogus"], HOME=str(home))
        assert (wrong.returncode, "--bogus" in wrong.stderr) == (2, True)
        other = run_to_end([str(artifact), *PLAIN, "--ctx-size", "512"], HOME=str(home))
        assert "It is running already, with the options of its own start; --new starts another.\n" in other.stderr
        (home / "keys").write_text("sesame\n")
        with Running([str(artifact)], home, (*PLAIN, "--ephemeral")) as second:
            assert second.address != first.address
            assert session_of(second)["chats"] == "none"
        with Running([str(artifact)], home, (*PLAIN, "--api-key-file", str(home / "keys"))) as third:
            assert third.address != first.address
            assert third.get("/props")[0] == 401


def test_a_killed_one_is_not_found_and_its_chats_are(artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home, PLAIN) as first:
        chat = {"title": "One", "messages": [{"id": "a", "parent": None, "role": "user", "content": "Hi"}]}
        headers = token_of(first) | {"If-Match": "*"}
        assert first.post("/mkexe/chats/chat-0001", chat, headers)[0] == 200
        first.send_signal(signal.SIGKILL)
        first.wait()
        with Running([str(artifact)], home, PLAIN) as second:
            assert not any("running already" in line for line in second.log)
            chats = json.loads(second.get("/mkexe/chats", token_of(second))[2])["chats"]
            assert [entry["title"] for entry in chats] == ["One"]


def test_the_next_free_port_is_taken(artifact: Path, home: Path) -> None:
    with contextlib.ExitStack() as stack:
        taken = stack.enter_context(socket.socket())
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody else listens there: as good
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        running = stack.enter_context(Running([str(artifact)], home, PLAIN))
        assert 8080 < urllib.parse.urlsplit(running.address).port < 8180  # type: ignore[operator]


def test_a_port_that_was_asked_for_is_taken_or_refused(artifact: Path, home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_to_end([str(artifact), "--port", str(port), "--no-browser"], HOME=str(home))
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 is not available: another program uses it" in done.stderr
    assert "Leave out --port" in done.stderr


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_is_none_is_refused(artifact: Path, home: Path, port: str) -> None:
    done = run_to_end([str(artifact), "--port", port, "--no-browser"], HOME=str(home))
    assert done.returncode == 2
    assert f'--port: expected 0 to 65535, found "{port}".' in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["--prot", "8080"], '"--prot" is not an option: did you mean --port?'),
     (["--no-browsr"], '"--no-browsr" is not an option: did you mean --no-browser?'),
     (["--port=9000"], '"--port=9000" is not an option: write it with a space, as in --port 9000.'),
     (["--temp", "abc"], '--temp: expected a number of at least 0, found "abc".'),
     (["--top-p", "nan"], '--top-p: expected a number from 0 to 1, found "nan".')],
)  # fmt: skip
def test_a_wrong_option_is_named_in_one_sentence(artifact: Path, home: Path, words: list[str], sentence: str) -> None:
    done = run_to_end([str(artifact), *PLAIN, *words], HOME=str(home))
    assert done.returncode == 2
    assert done.stderr.endswith(f"\n{sentence}\nTry --help, or --help-server for all of llama.cpp's options.\n")


def test_the_page_s_button_ends_the_program(artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home) as running:
        assert running.post("/mkexe/quit", {})[0] == 403
        assert running.post("/mkexe/quit", {}, token_of(running))[0] == 202
        assert running.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_answers(artifact: Path, home: Path, number: signal.Signals) -> None:
    with Running([str(artifact)], home) as running:
        address = urllib.parse.urlsplit(running.address)
        body = json.dumps({"prompt": "Once", "n_predict": -1, "ignore_eos": True, "stream": True}).encode()
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(
                b"POST /completion HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            assert b"200 OK" in connection.recv(4096)
            running.send_signal(number)
            assert running.wait() == 0


def test_it_ends_when_nobody_asks(artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home, ("--port", "0", "--no-browser", "--exit-when-idle", "0.02")) as running:
        assert running.wait() == 0
        assert "There was no question for 0.02 minutes: the program ends.\n" in running.log


def test_it_ends_with_the_program_that_started_it(artifact: Path, home: Path) -> None:
    """The end of the pipe is all that it sees of that program's end; what comes through it is nothing to it."""
    os.mkfifo(home / "input")
    ours = os.open(home / "input", os.O_RDWR)
    words = ["-c", f'exec sh "$0" "$@" <"{home}/input"', str(artifact)]
    with Running(words, home, ("--port", "0", "--no-browser", "--exit-with-input")) as running:
        os.write(ours, b"anything\n")
        assert running.ask(FRANCE) == PARIS
        os.close(ours)
        assert running.wait() == 0
    assert "Standard input has closed: the program ends.\n" in running.log


def test_without_that_option_input_is_nothing_to_it(artifact: Path, home: Path) -> None:
    with Running(["-c", 'exec sh "$0" "$@" </dev/null', str(artifact)], home) as running:
        assert running.ask(FRANCE) == PARIS


def test_other_computers_need_a_key(artifact: Path, home: Path) -> None:
    done = run_to_end([str(artifact), "--host", "0.0.0.0", "--no-browser"], HOME=str(home))
    assert done.returncode == 2
    assert "Add --api-key" in done.stderr
    start = ("--host", "0.0.0.0", "--port", "0", "--api-key", "sesame", "--no-browser")
    with Running([str(artifact)], home, start) as running:
        assert running.address.startswith("http://127.0.0.1:")
        assert running.get("/mkexe/session")[0] == 401
        assert running.get("/mkexe/session", {"Authorization": "Bearer sesame"})[0] == 200


@pytest.mark.parametrize(
    ("header", "value", "error"),
    [("Host", "evil.example", "foreign_host"), ("Origin", "https://evil.example", "foreign_origin"),
     ("Origin", "null", "foreign_origin")],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/health", "/props", "/mkexe/session", "/v1/models"])
def test_foreign_pages_get_nothing(server: Running, header: str, value: str, error: str, path: str) -> None:
    status, _, body = server.get(path, {header: value})
    assert status == 403
    assert json.loads(body)["error"]["type"] == error


def test_its_own_origin_may_ask(server: Running) -> None:
    assert server.get("/health", {"Origin": server.address})[0] == 200


def test_responses_carry_the_guards(server: Running) -> None:
    for path in ("/", "/health", "/no-such-page"):
        headers = server.get(path)[1]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert headers["Content-Security-Policy"].endswith("; frame-ancestors 'none'")
        assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert "Access-Control-Allow-Origin" not in headers


def test_own_endpoints_ask_for_the_token(server: Running) -> None:
    for path in ("/mkexe/progress", "/mkexe/chats"):
        assert server.get(path)[0] == 403
        assert server.get(path, {"X-Mkexe-Token": "0" * 32})[0] == 403
        assert server.get(path, token_of(server))[0] == 200
    progress = json.loads(server.get("/mkexe/progress", token_of(server))[2])
    assert (progress["state"], progress["fraction"]) == ("ready", 1)
    assert progress["bytes_done"] == progress["bytes_total"] > 1_000_000


def test_chats_keep_what_they_are_given(server: Running) -> None:
    headers = token_of(server)
    chat = {"title": "Zwei", "unknown": {"stays": True}, "messages": []}
    status, _, body = server.post("/mkexe/chats/chat-0002", chat, headers | {"If-Match": "*"})
    assert status == 200
    revision = json.loads(body)["revision"]
    status, answer, body = server.get("/mkexe/chats/chat-0002", headers)
    assert (status, answer["ETag"]) == (200, f'"{revision}"')
    assert json.loads(body) == chat | {"format": 1, "id": "chat-0002"}
    folder = Path(session_of(server)["chats_folder"])
    assert json.loads((folder / "chat-0002.json").read_text()) == json.loads(body)
    assert oct((folder / "chat-0002.json").stat().st_mode)[-3:] == "600"

    tag = server.get("/mkexe/chats", headers)[1]["ETag"]
    assert server.get("/mkexe/chats", headers | {"If-None-Match": tag})[0] == 304
    late = server.post("/mkexe/chats/chat-0002", chat, headers | {"If-Match": '"0000"'})
    assert (late[0], json.loads(late[2])["error"]["revision"]) == (409, revision)
    assert (
        server.post("/mkexe/chats/chat-0002", chat | {"title": "Drei"}, headers | {"If-Match": f'"{revision}"'})[0]
        == 200
    )
    assert server.get("/mkexe/chats", headers | {"If-None-Match": tag})[0] == 200
    assert server.post("/mkexe/chats/chat-0002", None, headers, "DELETE")[0] == 200
    assert server.get("/mkexe/chats/chat-0002", headers)[0] == 404


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "UPPER-CASE", "short", "%2e%2e%2fchat-0001"])
def test_a_chat_s_name_is_no_path(server: Running, name: str) -> None:
    assert server.get(f"/mkexe/chats/{name}", token_of(server))[0] in (400, 404)


def test_a_full_disk_is_said_and_loses_nothing(artifact: Path, home: Path) -> None:
    """A file system of 64 KiB for the chats, mounted in a namespace of the server's own."""
    chats = home / "data"
    chats.mkdir()
    script = f'mount -t tmpfs -o size=64k none "{chats}" && exec sh "$0" "$@"'
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    start = ("--port", "0", "--no-browser")
    with Running(["-c", 'exec "$@"', "sh", *unshare, "sh", "-c", script, str(artifact)], home, start,
                 XDG_DATA_HOME=str(chats)) as running:  # fmt: skip
        headers = token_of(running) | {"If-Match": "*"}
        small = {"title": "small", "messages": []}
        assert running.post("/mkexe/chats/chat-0001", small, headers)[0] == 200
        large = {"title": "x" * 200_000, "messages": []}
        status, _, body = running.post("/mkexe/chats/chat-0001", large, headers)
        assert (status, json.loads(body)["error"]["type"]) == (507, "disk_full")
        assert json.loads(running.get("/mkexe/chats/chat-0001", headers)[2])["title"] == "small"


def test_chats_stay_beside_the_file_where_that_was_asked_for(artifact: Path, home: Path) -> None:
    """As on a stick that goes from one computer to another: the next home sees the same chats."""
    stick, chat = home / "stick", {"title": "portable", "messages": []}
    stick.mkdir()
    program = shutil.copyfile(artifact, stick / "assistant")
    start = ("--port", "0", "--no-browser", "--portable")
    for owner in ("one", "two"):
        (home / owner).mkdir()
        with Running([str(program)], home / owner, start) as running:
            assert Path(session_of(running)["chats_folder"]) == stick / "tiny-chats"
            headers = token_of(running) | {"If-Match": "*"}
            if owner == "one":
                assert running.post("/mkexe/chats/chat-0001", chat, headers)[0] == 200
            assert json.loads(running.get("/mkexe/chats/chat-0001", headers)[2])["title"] == "portable"
        assert list((home / owner).rglob("chat-*.json")) == []


def test_nothing_is_kept_where_that_was_asked_for(artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home, ("--port", "0", "--no-browser", "--ephemeral")) as running:
        assert session_of(running)["chats"] == "none"
        assert running.get("/mkexe/chats", token_of(running))[0] == 404
    assert not (home / ".local/share").exists()


def test_llama_s_log_goes_to_a_file(artifact: Path, home: Path) -> None:
    with Running([str(artifact)], home) as running:
        assert not any("load_model" in line or "llama" in line for line in running.log), running.log
    assert "kernels: " in (home / ".local/state/mkexe/tiny.log").read_text()
    with Running([str(artifact), "--verbose"], home) as running:
        pass
    assert any("kernels: " in line for line in running.log)


def test_a_model_larger_than_the_memory_is_refused(artifact: Path, home: Path) -> None:
    script = """
        mount -t tmpfs none /sys/fs/cgroup && cd /sys/fs/cgroup &&
        echo 1000000 >memory.max && echo 400000 >memory.current && exec sh "$0" --no-browser
    """
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    done = subprocess.run(
        [*unshare, "sh", "-c", script, str(artifact)], env=environment_of(home), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 14
    assert "This model needs more than" in done.stderr
    assert "--no-memory-check" in done.stderr


def test_a_chat_longer_than_the_memory_is_refused(artifact: Path, home: Path) -> None:
    done = run_to_end([str(artifact), "--port", "0", "--no-browser", "-c", "2000000000"], HOME=str(home))
    assert done.returncode == 14
    assert "A chat of 2000000000 tokens needs" in done.stderr
    assert "Choose a smaller --ctx-size" in done.stderr


def test_a_failed_load_says_the_first_reason(artifact: Path, home: Path) -> None:
    done = run_to_end([str(artifact), "--port", "0", "--no-browser", "--lora", "/no/such.gguf"], HOME=str(home))
    assert done.returncode == 1
    assert "The model could not be loaded.\n" in done.stderr
    assert "/no/such.gguf" in done.stderr
    assert "An adapter (--lora) must be a file that was made for this model." in done.stderr
    assert "verify checks the file" not in done.stderr
    assert f"The whole log: {home}/.local/state/mkexe/tiny.log\n" in done.stderr


def test_the_documented_options_are_those_of_the_program(artifact: Path) -> None:
    """Both have the same texts in the same order; help breaks its lines."""
    text = run_to_end([str(artifact), "serve", "--help"]).stdout
    rows = text.partition("\noptions:\n")[2].partition("\n\n")[0]
    found = re.findall(r"^  (\S.*?)(?: {2,}|\x00)(.*)$", rows.replace("\n" + " " * 24, "\x00"), re.MULTILINE)
    program = [(names, says.replace("\x00", " ")) for names, says in found]
    section = (ROOT / "docs/starting.md").read_text().partition("\n## Options\n")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(.+)` \| (.+) \|$", section, re.MULTILINE)
    assert documented == program
