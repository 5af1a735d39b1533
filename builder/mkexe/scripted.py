"""A stand-in for a built file, for the preview: it answers at once, streams as llama.cpp does, keeps chats in memory.

The interface under /mkexe/ is that of docs/http-api.md, the rest what the page asks of llama.cpp's server.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mkexe import __version__

MODEL_NAME = "Scripted answers"

_LOOPBACK = "127.0.0.1"
# about 60 tokens per second: quick, and still seen to stream
_PAUSE_S = 0.016
_CONTEXT_TOKENS = 4096
_ID = re.compile(r"[0-9a-z-]{8,64}")
_CHAT_SIZE_MAXIMUM = 64 << 20
_ANSWER = """You wrote: {question}

This answer is scripted, so that you see how the page looks. It has a **heading**, a list, code and a table.

## What is there

1. a title, an icon and an accent colour
2. a greeting, sample questions and a footer

```python
def greet(name: str) -> str:
    return f"Hello, {{name}}!"
```

| key | example |
|---|---|
| `accent` | `#0f766e` |
| `greeting` | Ask me about the garden. |

Change `mkexe.toml`, and this page loads again. See [an example address](https://example.org/)."""


class _Refused(Exception):  # noqa: N818
    """A request that is answered with an error, in the form of docs/http-api.md."""

    def __init__(self, status: int, kind: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": status, "type": kind, "message": message, **more}}


class _Chats:
    """Chats in memory, by id."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def list(self, search: str) -> dict[str, Any]:
        """Rows of all chats in which `search` stands, newest first."""
        with self._lock:
            texts = dict(self._texts)
        chats = [(name, text, json.loads(text)) for name, text in texts.items()]
        rows = [
            _row(name, text, chat) for name, text, chat in chats if _holds(chat, search.casefold())
        ]  # fmt: skip
        return {"chats": sorted(rows, key=lambda row: str(row["updated"]), reverse=True)}

    def read(self, name: str) -> bytes:
        """A chat as it was written."""
        with self._lock:
            if name not in self._texts:
                raise _Refused(404, "not_found", f"there is no chat {name}")
            return self._texts[name]

    def write(self, name: str, text: bytes, expected: str) -> str:
        """Keep a chat if the one that is there has the revision `expected`, or that is `*`; returns its revision."""
        if len(text) > _CHAT_SIZE_MAXIMUM:
            raise _Refused(413, "too_large", "a chat may have 64 MiB")
        if not isinstance(_json(text), dict):
            raise _Refused(400, "bad_chat", "a chat is a JSON object")
        with self._lock:
            found = _revision(self._texts[name]) if name in self._texts else ""
            if expected not in ("*", found):
                raise _Refused(409, "changed", "another tab wrote this chat meanwhile", revision=found)
            self._texts[name] = text
        return _revision(text)

    def remove(self, name: str) -> None:
        """Forget a chat, if it is there."""
        with self._lock:
            self._texts.pop(name, None)


def _row(name: str, text: bytes, chat: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name, "title": chat.get("title", ""), "created": chat.get("created", ""),
        "updated": chat.get("updated", ""), "pinned": bool(chat.get("pinned")),
        "messages": len(chat.get("messages", ())), "revision": _revision(text),
    }  # fmt: skip


def _holds(chat: dict[str, Any], text: str) -> bool:
    contents = [chat.get("title", ""), *(message.get("content", "") for message in chat.get("messages", ()))]
    return any(text in str(content).casefold() for content in contents)


def _revision(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _Refused(400, "bad_chat", f"no JSON: {error}") from error


class ScriptedServer:
    """Answers on a free port of loopback from the moment it is made until `stop`."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self.instance = secrets.token_hex(16)
        self.chats = _Chats()
        self.stopping = threading.Event()
        scripted = self

        class Handler(_Handler):
            server_state = scripted

        self._server = ThreadingHTTPServer((_LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """End, also in the middle of answers."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server_state: ScriptedServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of single requests."""

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def _answer(self, work: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            try:
                work(urlsplit(self.path).path)
            except _Refused as refused:
                self._send(refused.status, refused.body)

    def _get(self, path: str) -> None:
        fixed = {
            "/health": {"status": "ok"},
            "/props": {
                "default_generation_settings": {"n_ctx": _CONTEXT_TOKENS}, "total_slots": 1, "model_path": MODEL_NAME,
                "modalities": {"vision": False, "audio": False},
            },
            "/v1/models": {"object": "list", "data": [{"id": MODEL_NAME, "object": "model"}]},
        }  # fmt: skip
        if path in fixed:
            self._send(200, fixed[path])
        elif path == "/mkexe/session":
            self._send(200, self._session())
        elif path == "/mkexe/progress":
            self._check_token()
            self._send(200, {"state": "ready", "fraction": 1.0, "bytes_done": 1, "bytes_total": 1, "seconds_left": 0})
        elif path == "/mkexe/chats":
            self._check_token()
            self._send_list(parse_qs(urlsplit(self.path).query).get("search", [""])[0])
        else:
            text = self.server_state.chats.read(self._chat_id(path))
            self._send(200, json.loads(text), etag=_revision(text))

    def _post(self, path: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/v1/chat/completions":
            self._complete(_json(body))
        elif path == "/mkexe/quit":
            self._check_token()
            raise _Refused(403, "not_allowed", "a preview is ended by Ctrl-C in its terminal")
        else:
            name = self._chat_id(path)
            expected = self.headers.get("If-Match", "").strip('"')
            self._send(200, {"revision": self.server_state.chats.write(name, body, expected)})

    def _delete(self, path: str) -> None:
        self.server_state.chats.remove(self._chat_id(path))
        self._send(200, {})

    def _session(self) -> dict[str, Any]:
        state = self.server_state
        return {
            "token": state.token, "instance": state.instance, "name": "preview", "version": __version__,
            "chats": "folder", "chats_folder": "memory", "quit": False,
        }  # fmt: skip

    def _check_token(self) -> None:
        if self.headers.get("X-Mkexe-Token") != self.server_state.token:
            raise _Refused(403, "bad_token", "the program was started again: load the page anew")

    def _chat_id(self, path: str) -> str:
        """The id in the path of a chat; refuses paths that are nothing here."""
        folder, _, name = path.rpartition("/")
        if folder != "/mkexe/chats":
            raise _Refused(404, "not_found_error", "File Not Found")
        self._check_token()
        if not _ID.fullmatch(name):
            raise _Refused(400, "bad_chat", "an id has 8 to 64 of 0-9 a-z -")
        return name

    def _send_list(self, search: str) -> None:
        listed = self.server_state.chats.list(search)
        etag = _revision(json.dumps(listed).encode())
        if self.headers.get("If-None-Match", "").strip('"') == etag:
            self.send_response(304)
            self.end_headers()
        else:
            self._send(200, listed, etag)

    def _send(self, status: int, body: Any, etag: str = "") -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-cache" if etag else "no-store")
        if etag:
            self.send_header("ETag", f'"{etag}"')
        self.end_headers()
        self.wfile.write(data)

    def _complete(self, request: dict[str, Any]) -> None:
        text = _ANSWER.format(question=_question(request.get("messages", [])))
        words = re.findall(r"\s*\S+", text)[: request.get("max_tokens") or None]
        cut_off = len("".join(words)) < len(text)
        reason = "length" if cut_off else "stop"
        if request.get("stream"):
            self._stream(words, reason)
        else:
            message = {"role": "assistant", "content": "".join(words)}
            choice = {"index": 0, "message": message, "finish_reason": reason}
            usage = {"prompt_tokens": 1, "completion_tokens": len(words), "total_tokens": len(words) + 1}
            self._send(200, {"object": "chat.completion", "model": MODEL_NAME, "choices": [choice], "usage": usage})

    def _stream(self, words: list[str], reason: str) -> None:
        """Server-sent events as llama-server writes them; the last one tells the speed."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        began = time.monotonic()
        for event in self._events(words, reason, began):
            self.wfile.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
            self.wfile.flush()
            if self.server_state.stopping.wait(_PAUSE_S):
                return
        self.wfile.write(b"data: [DONE]\n\n")

    def _events(self, words: list[str], reason: str, began: float) -> Iterator[dict[str, Any]]:
        yield _chunk({"role": "assistant", "content": None}, None)
        for word in words:
            yield _chunk({"content": word}, None)
        elapsed_ms = max(1.0, 1000 * (time.monotonic() - began))
        timings = {
            "prompt_n": 1, "prompt_ms": 1.0, "predicted_n": len(words), "predicted_ms": elapsed_ms,
            "predicted_per_second": 1000 * len(words) / elapsed_ms,
        }  # fmt: skip
        yield _chunk({}, reason) | {"timings": timings}


def _chunk(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {"object": "chat.completion.chunk", "model": MODEL_NAME, "choices": [choice]}


def _question(messages: list[dict[str, Any]]) -> str:
    """The last message of the user, as text."""
    said = [message.get("content", "") for message in messages if message.get("role") == "user"]
    content = said[-1] if said else ""
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if part.get("type") == "text")
    return str(content)
