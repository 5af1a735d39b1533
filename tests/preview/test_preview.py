"""`mkexe preview` through real HTTP: the page as mkexe.toml makes it, reloads, scripted answers, a model behind."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from mkexe.page import bundle
from support.asking import FRANCE
from support.previewing import Preview, previewing

CHAT = {"format": 1, "id": "chat-0001", "title": "Roses", "updated": "2026-01-01T00:00:00Z",
        "messages": [{"role": "user", "content": "Why are they RED?"}]}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    (path / "mkexe.toml").write_text('[page]\ntitle = "Garden"\nsystem_prompt = "@prompt.txt"\n')
    (path / "prompt.txt").write_text("Be brief.")
    return path


@pytest.fixture
def preview(mkexe: Mkexe, folder: Path) -> Iterator[Preview]:
    with previewing(mkexe, folder) as running:
        running.token = running.json("/mkexe/session")["token"]
        yield running


def test_settings_are_made_anew_at_every_load(preview: Preview, folder: Path) -> None:
    assert preview.json("/build.json") == {
        "title": "Garden", "system_prompt": "Be brief.", "model_name": "Scripted answers",
    }  # fmt: skip
    (folder / "mkexe.toml").write_text('[page]\ntitle = "Orchard"\naccent = "#123456"\n')
    changed = preview.json("/build.json")
    assert (changed["title"], changed["accent"], changed["system_prompt"]) == ("Orchard", "#123456", "")


@pytest.mark.parametrize("name", ["mkexe.toml", "prompt.txt"])
def test_a_changed_file_reloads_open_pages(preview: Preview, folder: Path, name: str) -> None:
    status, index = preview.get("/")
    assert status == 200
    assert '<script src="preview-reload.js" defer></script>\n</head>' in index
    assert "EventSource" in preview.get("/preview-reload.js")[1]
    connection, events = preview.open("/preview-changes")
    with contextlib.closing(connection):
        assert events.readline() == b": watching\n"
        with (folder / name).open("a") as file:
            file.write("\n# more\n")
        said = iter(events.readline, b"")
        assert next(line for line in said if line.startswith(b"data:")) == b"data: changed\n"


def test_a_change_before_the_page_listens_is_not_missed(preview: Preview, folder: Path) -> None:
    assert preview.get("/")[0] == 200
    (folder / "mkexe.toml").write_text('[page]\ntitle = "Already changed"\n')
    connection, events = preview.open("/preview-changes")
    with contextlib.closing(connection):
        said = [events.readline() for _ in range(4)]
        assert b"data: changed\n" in said, said


def test_a_mistake_is_shown_in_the_page_until_it_is_corrected(preview: Preview, folder: Path) -> None:
    (folder / "mkexe.toml").write_text('[page]\ntitel = "<b>"\n')
    status, text = preview.get("/")
    assert status == 500
    assert "line 2, page.titel: no such key" in text
    assert "did you mean title?" in text
    assert "preview-reload.js" in text
    (folder / "mkexe.toml").write_text('[page]\ntitle = "Right"\n')
    assert preview.get("/")[0] == 200
    assert preview.json("/build.json")["title"] == "Right"


def test_only_this_computer_s_browser_is_answered(preview: Preview) -> None:
    assert preview.get("/", Host="example.org")[0] == 403
    assert preview.get("/mkexe/session", Origin="http://example.org")[0] == 403
    assert preview.get("/mkexe/session", Origin=f"http://{preview.address}")[0] == 200


def test_scripted_answers_stream_as_llama_server_does(preview: Preview) -> None:
    assert preview.json("/health") == {"status": "ok"}
    assert preview.json("/props")["default_generation_settings"]["n_ctx"] > 0
    assert preview.json("/mkexe/progress")["state"] == "ready"
    question = {"messages": [{"role": "user", "content": "Hello?"}], "stream": True}
    connection, response = preview.open("/v1/chat/completions", "POST", question)
    with contextlib.closing(connection):
        assert response.headers["Content-Type"] == "text/event-stream"
        events = [line[6:].decode() for line in response if line.startswith(b"data: ")]
    assert events[-1].strip() == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert text.startswith("You wrote: Hello?\n\nThis answer is scripted")
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["timings"]["predicted_per_second"] > 0
    short = preview.json("/v1/chat/completions", "POST", {**question, "stream": False, "max_tokens": 3})
    assert short["choices"][0]["message"]["content"] == "You wrote: Hello?"
    assert short["choices"][0]["finish_reason"] == "length"


def test_chats_are_kept_in_memory_as_the_interface_says(preview: Preview) -> None:
    path = "/mkexe/chats/chat-0001"
    assert preview.get(path, "POST", CHAT, If_Match='"0"')[0] == 409
    revision = preview.json(path, "POST", CHAT, If_Match="*")["revision"]
    assert preview.json(path) == CHAT
    row = preview.json("/mkexe/chats")["chats"][0]
    assert (row["id"], row["title"], row["messages"], row["revision"]) == ("chat-0001", "Roses", 1, revision)
    assert len(preview.json("/mkexe/chats?search=red")["chats"]) == 1
    assert preview.json("/mkexe/chats?search=blue")["chats"] == []
    newer = preview.json(path, "POST", {**CHAT, "title": "Tulips"}, If_Match=f'"{revision}"')["revision"]
    status, text = preview.get(path, "POST", CHAT, If_Match=f'"{revision}"')
    assert (status, json.loads(text)["error"]["revision"]) == (409, newer)
    connection, response = preview.open("/mkexe/chats")
    connection.close()
    assert preview.get("/mkexe/chats", If_None_Match=response.headers["ETag"])[0] == 304
    assert preview.json(path, "DELETE") == {}
    assert preview.get(path)[0] == 404
    assert preview.get("/mkexe/chats/UPPER-CASE")[0] == 400
    preview.token = "wrong"
    assert preview.get("/mkexe/chats")[0] == 403


def test_an_answer_comes_piece_by_piece(preview: Preview) -> None:
    """Each event is a chunk of the response, whose size stands before it (RFC 9112, 7.1)."""
    question = json.dumps({"messages": [{"role": "user", "content": "Hello?"}], "stream": True}).encode()
    host, port = preview.address.split(":")
    with socket.create_connection((host, int(port)), 60) as connection, connection.makefile("rb") as received:
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {preview.address}\r\nContent-Length: {len(question)}\r\n\r\n"
        )
        connection.sendall(head.encode() + question)
        while received.readline() != b"\r\n":
            pass
        for _ in range(5):
            piece = received.read(int(received.readline(), 16) + 2)
            assert piece.startswith(b"data: {")
            assert piece.count(b"data: ") == 1


def test_ctrl_c_ends_it_with_open_streams_and_nothing_is_logged(mkexe: Mkexe, folder: Path) -> None:
    """`previewing` sends SIGINT and asks for status 0."""
    with contextlib.ExitStack() as open_things, previewing(mkexe, folder) as running:
        question = {"messages": [{"role": "user", "content": "Hello?"}], "stream": True}
        for words in (("/preview-changes",), ("/v1/chat/completions", "POST", question), ("/preview-changes",)):
            connection, events = running.open(*words)
            open_things.callback(connection.close)
            assert events.readline()
        assert running.get("/", Host="example.org")[0] == 403
        assert running.get("/nothing")[0] == 404
    assert running.errors.splitlines() == [
        "the page reloads when mkexe.toml, its files or the page's sources change; Ctrl-C stops mkexe"
    ]


def test_what_is_not_there_is_said_as_the_interface_says(preview: Preview) -> None:
    for method, path in (("GET", "/nothing"), ("POST", "/health"), ("DELETE", "/mkexe/chats")):
        status, text = preview.get(path, method)
        assert (status, json.loads(text)["error"]["type"]) == (404, "not_found_error")
    assert preview.get("/mkexe/quit", "POST")[0] == 403
    status, text = preview.get("/v1/chat/completions", "POST", [])
    assert (status, json.loads(text)["error"]["message"]) == (400, "expected a JSON object")


def test_the_page_s_files_have_its_content_policy(preview: Preview) -> None:
    connection, response = preview.open("/")
    with contextlib.closing(connection):
        assert response.headers["Content-Security-Policy"].startswith(bundle.CONTENT_SECURITY_POLICY)
        assert response.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Server"] is None


@pytest.mark.parametrize("name", ["starlette", "uvicorn"])
def test_what_is_not_installed_is_named_with_the_command(mkexe: Mkexe, tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('No module named {name}', name='{name}')")
    path = os.pathsep.join([str(tmp_path), mkexe.environment["PYTHONPATH"]])
    failed = mkexe("preview", environment={"PYTHONPATH": path}, status=8)
    assert f"error: the Python package {name} is not installed" in failed.stderr
    assert 'hint: pip install "mkexe[studio]"' in failed.stderr


def test_a_taken_port_is_refused(mkexe: Mkexe, preview: Preview) -> None:
    port = preview.address.rpartition(":")[2]
    failed = mkexe("preview", "--port", port, status=2)
    assert f"port {port}: " in failed.stderr


def test_a_config_that_is_not_there_is_refused(mkexe: Mkexe, tmp_path: Path) -> None:
    assert "nowhere.toml: does not exist" in mkexe("preview", "--config", "nowhere.toml", status=2).stderr


@pytest.mark.boot
@pytest.mark.usefixtures("runtimes")
def test_a_model_answers_behind_the_page_and_ends_with_the_preview(real_mkexe: Mkexe, folder: Path) -> None:
    with previewing(real_mkexe, folder, "--model", TINY_MODEL) as running:
        assert running.json("/build.json")["title"] == "Garden"
        running.token = running.json("/mkexe/session")["token"]
        while running.json("/mkexe/progress")["state"] != "ready":
            pass
        question = {"messages": [{"role": "user", "content": FRANCE}], "temperature": 0}
        said = running.json("/v1/chat/completions", "POST", question)["choices"][0]["message"]["content"]
        assert "Paris" in said
        left = children_of(running.child.pid)
        assert left
    assert [pid for pid in left if Path(f"/proc/{pid}").exists()] == []
    assert list((real_mkexe.cache / "preview").iterdir()) == []


def children_of(pid: int) -> list[int]:
    """The processes that a process started and that run."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(word) for task in tasks.iterdir() for word in (task / "children").read_text().split()]
