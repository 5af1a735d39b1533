"""A small stand-in for llama-server: serves the built page and answers as a test scripts it.

Nothing here waits for a time to pass. A test holds an answer back with a `Gate` and opens it when it has seen what
it wanted to see.
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mkexe.page import CONTENT_SECURITY_POLICY

# stricter than the page's own <meta> only in what a <meta> cannot say
CSP_HEADER = f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'"
GATE_LIMIT_S = 30.0
TOKEN = "0123456789abcdef"
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
    ".svg": "image/svg+xml",
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

    def wait(self, connection: socket.socket) -> bool:
        """False when the browser hung up, or the test never opened the gate."""
        self.reached.set()
        for _ in range(int(GATE_LIMIT_S / 0.02)):
            if self._opened.wait(0.02):
                return True
            if select.select([connection], [], [], 0)[0] and connection.recv(1, socket.MSG_PEEK) == b"":
                return False
        return False


class HangUp:
    """Ends the connection in the middle of an answer."""


Step = str | dict[str, Any] | Gate | HangUp


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
        """Listen; after `stop`, on the same port again."""
        fake = self

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
        if name == "health":
            self._health()
        elif name == "build.json" and state.settings is not None:
            self._send(200, "application/json", json.dumps(state.settings).encode())
        elif name == "mkexe/session" and state.session_name is not None:
            session = {"name": state.session_name, "token": TOKEN, "quit": state.quit_allowed}
            self._send(200, "application/json", json.dumps(session).encode())
        elif name == "mkexe/progress" and state.progress is not None and self._has_token():
            self._send(200, "application/json", json.dumps(state.progress).encode())
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
        if not self._has_key():
            return
        if self.path == f"{state.prefix}tokenize" and not state.loading:
            # every word is a token
            tokens = list(range(len(json.loads(body)["content"].split())))
            self._send(200, "application/json", json.dumps({"tokens": tokens}).encode())
            return
        if self.path == f"{state.prefix}mkexe/quit" and self._has_token():
            self._send(202, "application/json", b"{}")
            state.ended.set()
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

    def _has_key(self) -> bool:
        """False: the request had to have the key, and 401 was its answer."""
        key = self.server_state.api_key
        if key is None or self.headers["Authorization"] == f"Bearer {key}":
            return True
        refusal = Refusal(401, "Invalid API Key", "authentication_error")
        self._send(401, "application/json", refusal.text().encode())
        return False

    def _has_token(self) -> bool:
        return self.headers["X-Mkexe-Token"] == TOKEN

    def _health(self) -> None:
        if self.server_state.loading:
            refusal = Refusal(503, "Loading model", "unavailable_error")
            self._send(503, "application/json", refusal.text().encode())
        else:
            self._send(200, "application/json", b'{"status":"ok"}')

    def _stream(self, answer: Answer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            for step in answer.steps:
                if isinstance(step, HangUp):
                    return
                if isinstance(step, Gate):
                    if not step.wait(self.connection):
                        self.server_state.hung_up.set()
                        return
                else:
                    self._event(chunk({"content": step}) if isinstance(step, str) else step)
            last = chunk({}, answer.finish_reason)
            if answer.tokens_per_second is not None:
                last["timings"] = {"predicted_per_second": answer.tokens_per_second}
            self._event(last)
            self._write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            self.server_state.hung_up.set()

    def _event(self, data: dict[str, Any]) -> None:
        self._write(b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n")

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _send(self, status: int, content_type: str, body: bytes, immutable: bool = False) -> None:
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
        self.end_headers()
        self.wfile.write(body)
