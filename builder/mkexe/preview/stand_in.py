"""A stand-in for a built file, for the preview. It streams a scripted answer and stores chats in memory.

It has the interface under /mkexe/ (docs/http-api.md), and the parts of llama.cpp's interface that the page uses.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from mkexe import __version__

MODEL_NAME = "Scripted answers"

# about 60 tokens per second: fast, but the streaming stays visible
_PAUSE_S = 0.016
_CONTEXT_TOKENS = 4096
_ID = re.compile(r"[0-9a-z-]{8,64}")
_CHAT_SIZE_MAXIMUM = 64 << 20
_PROPERTIES = {
    "default_generation_settings": {"n_ctx": _CONTEXT_TOKENS}, "total_slots": 1, "model_path": MODEL_NAME,
    "modalities": {"vision": False, "audio": False},
}  # fmt: skip
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

_Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


class _Refused(Exception):  # noqa: N818
    """Raised for a request that gets an error as its answer, in the form of docs/http-api.md."""

    def __init__(self, status: int, kind: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": status, "type": kind, "message": message, **more}}


class _Chats:
    """Chats in memory, by id."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}

    def list(self, search: str) -> dict[str, Any]:
        """Rows of all chats that contain `search`, newest first."""
        chats = [(name, text, json.loads(text)) for name, text in self._texts.items()]
        rows = [_row(name, text, chat) for name, text, chat in chats if _holds(chat, search.casefold())]
        return {"chats": sorted(rows, key=lambda row: str(row["updated"]), reverse=True)}

    def read(self, name: str) -> bytes:
        """The text of a chat."""
        if name not in self._texts:
            raise _Refused(404, "not_found", f"there is no chat {name}")
        return self._texts[name]

    def write(self, name: str, text: bytes, expected: str) -> str:
        """Store a chat if the present one has the revision `expected`, or if that is `*`; returns the new revision."""
        if len(text) > _CHAT_SIZE_MAXIMUM:
            raise _Refused(413, "too_large", "a chat can have at most 64 MiB")
        _json_object(text)
        found = _revision(self._texts[name]) if name in self._texts else ""
        if expected not in ("*", found):
            raise _Refused(409, "changed", "another page has changed this chat", revision=found)
        self._texts[name] = text
        return _revision(text)

    def remove(self, name: str) -> None:
        """Remove a chat if it exists."""
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


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _Refused(400, "bad_chat", f"no JSON: {error}") from error
    if not isinstance(found, dict):
        raise _Refused(400, "bad_chat", "expected a JSON object")
    return found


class StandIn:
    """Answers as a built file does. `application` is the ASGI application."""

    def __init__(self) -> None:
        self._token = secrets.token_hex(16)
        self._instance = secrets.token_hex(16)
        self._chats = _Chats()
        chat = "/mkexe/chats/{name}"
        routes = [
            Route("/health", _always({"status": "ok"})),
            Route("/props", _always(_PROPERTIES)),
            Route("/v1/models", _always({"object": "list", "data": [{"id": MODEL_NAME, "object": "model"}]})),
            Route("/v1/chat/completions", _complete, methods=["POST"]),
            Route("/mkexe/session", self._session),
            Route("/mkexe/progress", self._guarded(_progress)),
            Route("/mkexe/quit", self._guarded(_quit), methods=["POST"]),
            Route("/mkexe/chats", self._guarded(self._list)),
            Route(chat, self._guarded(self._read)),
            Route(chat, self._guarded(self._write), methods=["POST"]),
            Route(chat, self._guarded(self._remove), methods=["DELETE"]),
        ]
        self.application: ASGIApp = Starlette(
            routes=routes, exception_handlers={_Refused: _refuse, HTTPException: _refuse_path}
        )

    def _guarded(self, answer: _Answer) -> _Answer:
        """`answer`, but only for requests with the token of this start."""

        async def answer_with_token(request: Request) -> Response:
            if request.headers.get("X-Mkexe-Token") != self._token:
                raise _Refused(403, "bad_token", "the program has restarted: reload the page")
            return await answer(request)

        return answer_with_token

    async def _session(self, _: Request) -> Response:
        return _json_response(
            {
                "token": self._token, "instance": self._instance, "name": "preview", "version": __version__,
                "chats": "folder", "chats_folder": "memory", "quit": False,
            }
        )  # fmt: skip

    async def _list(self, request: Request) -> Response:
        listed = self._chats.list(request.query_params.get("search", ""))
        etag = _revision(json.dumps(listed).encode())
        if request.headers.get("If-None-Match", "").strip('"') == etag:
            return Response(status_code=304)
        return _json_response(listed, etag=etag)

    async def _read(self, request: Request) -> Response:
        text = self._chats.read(_chat_id(request))
        return _json_response(json.loads(text), etag=_revision(text))

    async def _write(self, request: Request) -> Response:
        expected = request.headers.get("If-Match", "").strip('"')
        return _json_response({"revision": self._chats.write(_chat_id(request), await request.body(), expected)})

    async def _remove(self, request: Request) -> Response:
        self._chats.remove(_chat_id(request))
        return _json_response({})


def _always(body: object) -> _Answer:
    async def answer(_: Request) -> Response:
        return _json_response(body)

    return answer


async def _progress(_: Request) -> Response:
    return _json_response({"state": "ready", "fraction": 1.0, "bytes_done": 1, "bytes_total": 1, "seconds_left": 0})


async def _quit(_: Request) -> Response:
    raise _Refused(403, "not_allowed", "press Ctrl-C in the terminal to end the preview")


async def _complete(request: Request) -> Response:
    asked = _json_object(await request.body())
    text = _ANSWER.format(question=_question(asked.get("messages", [])))
    words = re.findall(r"\s*\S+", text)[: asked.get("max_tokens") or None]
    reason = "length" if len("".join(words)) < len(text) else "stop"
    if asked.get("stream"):
        return StreamingResponse(_stream(words, reason), headers={"Content-Type": "text/event-stream"})
    message = {"role": "assistant", "content": "".join(words)}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    usage = {"prompt_tokens": 1, "completion_tokens": len(words), "total_tokens": len(words) + 1}
    return _json_response({"object": "chat.completion", "model": MODEL_NAME, "choices": [choice], "usage": usage})


async def _stream(words: list[str], reason: str) -> AsyncIterator[bytes]:
    """Server-sent events in llama-server's form; the last one holds the speed."""
    for event in _events(words, reason, time.monotonic()):
        yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        await asyncio.sleep(_PAUSE_S)
    yield b"data: [DONE]\n\n"


def _events(words: list[str], reason: str, began: float) -> Iterator[dict[str, Any]]:
    yield _chunk({"role": "assistant", "content": None}, None)
    for word in words:
        yield _chunk({"content": word}, None)
    elapsed_ms = max(1.0, 1000 * (time.monotonic() - began))
    timings = {
        "prompt_n": 1, "prompt_ms": 1.0, "predicted_n": len(words), "predicted_ms": elapsed_ms,
        "predicted_per_second": 1000 * len(words) / elapsed_ms,
    }  # fmt: skip
    yield _chunk({}, reason) | {"timings": timings}


def _chat_id(request: Request) -> str:
    name: str = request.path_params["name"]
    if not _ID.fullmatch(name):
        raise _Refused(400, "bad_chat", "a chat's id has 8 to 64 characters: 0 to 9, a to z and -")
    return name


def _json_response(body: object, status: int = 200, etag: str = "") -> Response:
    headers = {"Cache-Control": "no-cache", "ETag": f'"{etag}"'} if etag else {"Cache-Control": "no-store"}
    return JSONResponse(body, status, headers)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, _Refused)
    return _json_response(error.body, error.status)


async def _refuse_path(request: Request, _: Exception) -> Response:
    """Answer a request for an unknown path or with an unsupported method."""
    return await _refuse(request, _Refused(404, "not_found_error", "File Not Found"))


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
