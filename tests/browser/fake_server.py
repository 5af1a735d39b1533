"""A small stand-in for llama-server: serves the built page and answers as a test scripts it.

Nothing here waits for a time to pass. A test holds an answer back with a `Gate` and opens it when it has seen what
it wanted to see.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import select
import socket
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mkexe.page.bundle import CONTENT_SECURITY_POLICY

# stricter than the page's own <meta> only in what a <meta> cannot say
CSP_HEADER = f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'"
GATE_LIMIT_S = 30.0
_TEMPLATE_TOKENS = 10  # what a chat template adds to a message
# what upstream never lets a browser keep without asking (tools/server/server-http.cpp); all else is immutable
_REVALIDATED = ("index.html", "sw.js", "build.json")
# what asks for the key that a server has; the page's own files and health do not
_GUARDED = ("mkexe/session", "props")
_TYPES = {
    ".bin": "application/octet-stream",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


class Gate:
    """Holds an answer back until `open` is called; `reached` is set when the answer stands before it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def wait(self, connection: socket.socket | None) -> bool:
        """False when the browser hung up on `connection`, or the test never opened the gate."""
        self.reached.set()
        for _ in range(int(GATE_LIMIT_S / 0.02)):
            if self._opened.wait(0.02):
                return True
            if connection and select.select([connection], [], [], 0)[0] and connection.recv(1, socket.MSG_PEEK) == b"":
                return False
        return False


class HangUp:
    """Ends the connection in the middle of an answer, and the answer with it, as when the program dies."""


class Cut:
    """Ends the connection in the middle of an answer. The answer is written on, and can be asked for from any byte."""


Step = str | dict[str, Any] | Gate | HangUp | Cut


@dataclass(frozen=True)
class Answer:
    """A streamed answer: text pieces, whole chunks, gates. Ends with a reason and `[DONE]` unless it hangs up."""

    steps: Sequence[Step]
    finish_reason: str = "stop"
    tokens_per_second: float | None = None


@dataclass(frozen=True)
class Refusal:
    """An HTTP error, in llama-server's form unless `body` says otherwise."""

    status: int
    message: str = ""
    type: str = "server_error"
    body: str | None = None

    def text(self) -> str:
        error = {"message": self.message, "type": self.type, "code": self.status}
        return self.body if self.body is not None else json.dumps({"error": error})


def chunk(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    """A piece of a streamed chat completion."""
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


class Stream:
    """What was written under the name in X-Conversation-Id (upstream: tools/server/server-stream.cpp)."""

    def __init__(self) -> None:
        self._data = b""
        self._done = False
        self._changed = threading.Condition()

    def write(self, data: bytes) -> None:
        with self._changed:
            self._data += data
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._done = True
            self._changed.notify_all()

    def pieces(self, offset: int) -> Iterator[bytes]:
        """All from byte `offset` on, as it comes."""
        while True:
            with self._changed:
                while not self._done and len(self._data) <= offset and self._changed.wait(GATE_LIMIT_S):
                    pass
                piece = self._data[offset:]
            if not piece:
                return
            offset += len(piece)
            yield piece


@dataclass
class FakeServer:
    """Serves `page_dir` below `prefix`; a test changes its attributes while it runs."""

    page_dir: Path
    prefix: str = "/"
    loading: bool = False
    settings: dict[str, Any] | None = field(
        default_factory=lambda: {"title": "Garden helper", "system_prompt": "", "model_name": "Tiny 1B"}
    )
    props: dict[str, Any] = field(
        default_factory=lambda: {
            "default_generation_settings": {"n_ctx": 4096},
            "modalities": {"vision": False, "audio": False},
        }
    )
    session_name: str | None = None
    progress: dict[str, Any] | None = None
    quit_allowed: bool = False
    chats_folder: str | None = None
    chats_problem: str = ""
    token: str = ""
    page_key: str = ""
    chats: dict[str, str] = field(default_factory=dict)
    chat_refusal: Refusal | None = None
    unreadable: dict[str, Refusal] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    lost_replays: int = 0
    media_tokens: int = 0
    counts: int = 0
    ended_streams: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    api_key: str | None = None
    answers: deque[Answer | Refusal] = field(default_factory=deque)
    chat_requests: list[dict[str, Any]] = field(default_factory=list)
    page_requests: list[str] = field(default_factory=list)
    isolated_files: bool = True
    without: re.Pattern[str] = field(default_factory=lambda: re.compile("(?!)"))
    hung_up: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        return self.origin + self.prefix

    def start(self) -> None:
        """Listen; after `stop`, on the same port again. Every start has another token."""
        fake = self
        self.token = secrets.token_hex(16)

        class Handler(_Handler):
            server_state = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Close the port, as when the program is closed."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Handler(BaseHTTPRequestHandler):
    server_state: FakeServer

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        state = self.server_state
        path = urlsplit(self.path).path
        if not path.startswith(state.prefix):
            self._send(404, "text/plain", b"outside of the prefix")
            return
        name = path[len(state.prefix) :] or "index.html"
        if name in _GUARDED and not self._has_key():
            return
        if self._refuse_own(name):
            return
        if name == "health":
            self._health()
        elif name == "build.json" and state.settings is not None:
            self._send(200, "application/json", json.dumps(state.settings).encode())
        elif name == "mkexe/session" and state.session_name is not None:
            folder = state.chats_folder
            kept = folder is not None and state.chats_problem == ""
            session = {"name": state.session_name, "token": state.token, "quit": state.quit_allowed}
            session |= {"chats": "folder" if kept else "none", "chats_folder": folder or ""}
            session |= {"chats_problem": state.chats_problem, "page_key": state.page_key}
            self._send(200, "application/json", json.dumps(session).encode())
        elif name == "mkexe/progress" and state.progress is not None:
            self._send(200, "application/json", json.dumps(state.progress).encode())
        elif name == "mkexe/chats" or name.startswith("mkexe/chats/"):
            self._get_chats(name.removeprefix("mkexe/chats").removeprefix("/"))
        elif name == "v1/stream":
            self._replay()
        elif name == "props" and not state.loading:
            self._send(200, "application/json", json.dumps(state.props).encode())
        elif (state.page_dir / name).is_file() and ".." not in name and not state.without.search(name):
            state.page_requests.append(name)
            self._send(200, _TYPES[Path(name).suffix], (state.page_dir / name).read_bytes(), name not in _REVALIDATED)
        else:
            self._send(404, "text/plain", b"not found")

    def do_POST(self) -> None:
        state = self.server_state
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._has_key() or self._refuse_own(self.path.removeprefix(state.prefix)):
            return
        if self.path == f"{state.prefix}tokenize" and not state.loading:
            # every word is a token
            tokens = list(range(len(json.loads(body)["content"].split())))
            self._send(200, "application/json", json.dumps({"tokens": tokens}).encode())
            return
        if self.path == f"{state.prefix}v1/chat/completions/input_tokens" and not state.loading:
            state.counts += 1
            count = _TEMPLATE_TOKENS + sum(map(self._tokens_of, json.loads(body)["messages"]))
            self._send(200, "application/json", json.dumps({"input_tokens": count}).encode())
            return
        if self.path == f"{state.prefix}mkexe/quit":
            state.ended.set()
            self._send(202, "application/json", b"{}")
            return
        if self.path.startswith(f"{state.prefix}mkexe/chats/"):
            self._write_chat(self.path.rpartition("/")[2], body.decode())
            return
        if self.path != f"{state.prefix}v1/chat/completions":
            self._send(404, "text/plain", b"not found")
            return
        state.chat_requests.append(json.loads(body))
        answer = state.answers.popleft() if state.answers else Refusal(500, "no answer was scripted")
        if isinstance(answer, Refusal):
            self._send(answer.status, "application/json", answer.text().encode())
        else:
            self._stream(answer)

    def _tokens_of(self, message: dict[str, Any]) -> int:
        """Every word is a token, every picture and recording as many as the test says."""
        content = message["content"]
        if isinstance(content, str):
            return len(content.split())
        texts = [part["text"] for part in content if part["type"] == "text"]
        return len(" ".join(texts).split()) + (len(content) - len(texts)) * self.server_state.media_tokens

    def do_DELETE(self) -> None:
        path = urlsplit(self.path)
        if path.path.endswith("v1/stream"):
            self.server_state.ended_streams.append(parse_qs(path.query)["conv_id"][0])
            self._send(204, "application/json", b"")
        elif not self._refuse_own(path.path.removeprefix(self.server_state.prefix)):
            self.server_state.chats.pop(path.path.rpartition("/")[2], None)
            self._send(200, "application/json", b"{}")

    def _get_chats(self, chat_id: str) -> None:
        chats = self.server_state.chats
        refusal = self.server_state.unreadable.get(chat_id)
        if refusal is not None:
            self._send(refusal.status, "application/json", refusal.text().encode())
        elif chat_id in chats:
            self._send(200, "application/json", chats[chat_id].encode(), etag=_revision(chats[chat_id]))
        elif chat_id:
            self._send(404, "application/json", Refusal(404, "no such chat", "not_found").text().encode())
        else:
            search = parse_qs(urlsplit(self.path).query).get("search", [""])[0].lower()
            found = [_entry(chat_id, text) for chat_id, text in chats.items() if search in text.lower()]
            found.sort(key=lambda entry: (entry["updated"], entry["id"]), reverse=True)
            answer = json.dumps({"chats": found})
            if self.headers["If-None-Match"] == f'"{_revision(answer)}"':
                self._send(304, "application/json", b"", etag=_revision(answer))
            else:
                self._send(200, "application/json", answer.encode(), etag=_revision(answer))

    def _write_chat(self, chat_id: str, text: str) -> None:
        state = self.server_state
        expected = self.headers["If-Match"].strip('"')
        there = _revision(state.chats[chat_id]) if chat_id in state.chats else ""
        if state.chat_refusal is not None:
            self._send(state.chat_refusal.status, "application/json", state.chat_refusal.text().encode())
        elif expected not in ("*", there):
            self._send(409, "application/json", Refusal(409, "changed meanwhile", "changed").text().encode())
        else:
            state.chats[chat_id] = text
            self._send(200, "application/json", json.dumps({"revision": _revision(text)}).encode())

    def _replay(self) -> None:
        if self.server_state.lost_replays > 0:
            self.server_state.lost_replays -= 1
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        query = parse_qs(urlsplit(self.path).query)
        stream = self.server_state.streams.get(query["conv_id"][0])
        if stream is None:
            self._send(404, "application/json", Refusal(404, "Stream not found or expired").text().encode())
            return
        self._begin_stream()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in stream.pieces(int(query["from"][0])):
                self._write(piece)

    def _has_key(self) -> bool:
        """False: the request had to have the key, and 401 was its answer."""
        key = self.server_state.api_key
        if key is None or self.headers["Authorization"] == f"Bearer {key}":
            return True
        refusal = Refusal(401, "Invalid API Key", "authentication_error")
        self._send(401, "application/json", refusal.text().encode())
        return False

    def _refuse_own(self, name: str) -> bool:
        """Whether it is an endpoint that only the page of this very start may use, or that this start has not."""
        state = self.server_state
        if not name.startswith("mkexe/") or name == "mkexe/session":
            return False
        refusal = None
        if state.session_name is None or (name.startswith("mkexe/chats") and state.chats_folder is None):
            refusal = Refusal(404, "chats are not kept here", "not_found")
        elif self.headers["X-Mkexe-Token"] != state.token:
            refusal = Refusal(403, "the program has restarted: reload the page", "bad_token")
        if refusal is not None:
            self._send(refusal.status, "application/json", refusal.text().encode())
        return refusal is not None

    def _health(self) -> None:
        if self.server_state.loading:
            refusal = Refusal(503, "Loading model", "unavailable_error")
            self._send(503, "application/json", refusal.text().encode())
        else:
            self._send(200, "application/json", b'{"status":"ok"}')

    def _stream(self, answer: Answer) -> None:
        stream = self.server_state.streams[self.headers["X-Conversation-Id"]] = Stream()
        self._begin_stream()
        try:
            self._write_steps(answer, stream)
        except (BrokenPipeError, ConnectionResetError):
            self.server_state.hung_up.set()
        stream.end()

    def _write_steps(self, answer: Answer, stream: Stream) -> None:
        cut = False
        for data in self._pieces(answer):
            if data is None:
                cut = True
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                continue
            stream.write(data)
            if not cut:
                self._write(data)

    def _pieces(self, answer: Answer) -> Iterator[bytes | None]:
        """The bytes of the answer; None where the connection is cut."""
        connection: socket.socket | None = self.connection
        for step in answer.steps:
            if isinstance(step, HangUp):
                self.server_state.streams.clear()
                return
            if isinstance(step, Cut):
                connection = None
                yield None
            elif isinstance(step, Gate):
                if not step.wait(connection):
                    self.server_state.hung_up.set()
                    return
            else:
                yield _event(chunk({"content": step}) if isinstance(step, str) else step)
        last = chunk({}, answer.finish_reason)
        if answer.tokens_per_second is not None:
            counts = {"cache_n": 100, "prompt_n": 20, "predicted_n": 3}
            last["timings"] = {"predicted_per_second": answer.tokens_per_second, **counts}
        yield _event(last)
        yield b"data: [DONE]\n\n"

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _send(self, status: int, content_type: str, body: bytes, immutable: bool = False, etag: str = "") -> None:
        isolated = self.server_state.isolated_files or content_type.startswith("text/html")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP_HEADER)
        self.send_header("X-Content-Type-Options", "nosniff")
        # upstream sends this with index.html; a page with it starts only workers that carry it too
        if isolated:
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if immutable else "no-cache")
        if etag:
            self.send_header("ETag", f'"{etag}"')
        self.end_headers()
        self.wfile.write(body)


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def _revision(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _entry(chat_id: str, text: str) -> dict[str, Any]:
    chat = json.loads(text)
    facts = {name: chat[name] for name in ("title", "created", "updated", "pinned")}
    return {"id": chat_id, **facts, "messages": len(chat["messages"]), "revision": _revision(text)}
