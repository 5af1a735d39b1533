"""Serve the page to its designer: each load makes the page anew, and each change reloads it.

A function makes the page's files, so that the next load shows a changed mkexe.toml or source. All other requests go to
another application: a started artifact (forwarding.py), or the one with scripted answers (stand_in.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import mimetypes
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mkexe.errors import MkexeError
from mkexe.preview.server import LOOPBACK, in_thread

RELOAD_SCRIPT = "preview-reload.js"
CHANGES = "preview-changes"

_INDEX = "index.html"
_LOOK_S = 0.3
# without what the system's registry says
_MEDIA_TYPES = mimetypes.MimeTypes()
_RELOAD_JS = f"""// Loads the page again when the preview says that something changed.
"use strict";
const changes = new EventSource("{CHANGES}");
changes.onmessage = () => location.reload();
"""
_PROBLEM = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mkexe preview</title><script src="{script}" defer></script></head>
<body><h1>The page cannot be shown</h1><p>{message}</p><p>{hint}</p>
<p>This page loads again when you change the file.</p></body></html>
"""

# changes whenever a file changes that the page depends on
Stamp = Mapping[Path, tuple[int, int]]


@dataclass(frozen=True)
class PageSource:
    """`load` makes the page's files by name and may raise MkexeError; `watched` lists the files that they depend on."""

    load: Callable[[], Mapping[str, bytes]]
    watched: Callable[[], list[Path]]
    content_security_policy: str


class _Page:
    """The page, and its state at the last load."""

    def __init__(self, source: PageSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._files: Mapping[str, bytes] = {}
        self._stamp: Stamp = {}

    def load(self) -> Mapping[str, bytes]:
        """Make the page's files now. Only one call runs at a time, because it may build the page."""
        with self._lock:
            self._stamp = self.stamp()  # first, so that no later change is missed
            self._files = self._source.load()
            return self._files

    def loaded(self) -> Mapping[str, bytes]:
        """The files of the last load."""
        return self._files or self.load()

    def loaded_stamp(self) -> Stamp:
        """The state of the watched files at the last load, even if that failed."""
        with self._lock:
            return self._stamp or self.stamp()

    def stamp(self) -> Stamp:
        """The state of the watched files: modification time in nanoseconds and size in bytes."""
        found = {}
        for path in self._source.watched():
            with contextlib.suppress(OSError):
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
        return found


class PreviewApplication:
    """Answers requests for the page, and passes all other requests to `answers`."""

    def __init__(self, source: PageSource, answers: ASGIApp) -> None:
        self._page = _Page(source)
        self._policy = f"{source.content_security_policy}; frame-ancestors 'none'"
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._answer_to(Request(scope))
        await answer(scope, receive, send)

    async def _answer_to(self, request: Request) -> ASGIApp:
        if not _is_ours(request):
            return self._file("refused.txt", b"this preview is for this computer's browser only\n", 403)
        if request.method != "GET":
            return self._answers
        name = request.scope["path"].removeprefix("/") or _INDEX
        try:
            if name == CHANGES:
                headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
                return StreamingResponse(self._tell_changes(), headers=headers)
            if name == RELOAD_SCRIPT:
                return self._file(name, _RELOAD_JS.encode())
            return await self._page_file(name) or self._answers
        except MkexeError as error:
            return self._problem(error)

    async def _page_file(self, name: str) -> Response | None:
        """A file of the page, or None. Requests for index.html and build.json load the page again."""
        files = await in_thread(self._page.load if name in (_INDEX, "build.json") else self._page.loaded)
        if name not in files:
            return None
        data = files[name]
        if name == _INDEX:
            data = data.replace(b"</head>", f'<script src="{RELOAD_SCRIPT}" defer></script>\n</head>'.encode(), 1)
        return self._file(name, data)

    def _problem(self, error: MkexeError) -> Response:
        """A page that shows an error, and that loads again after a change."""
        message = f"{error.message}\n{error.detail}".rstrip()
        text = _PROBLEM.format(script=RELOAD_SCRIPT, message=html.escape(message), hint=html.escape(error.hint))
        return self._file(_INDEX, text.encode(errors="backslashreplace"), 500)

    def _file(self, name: str, body: bytes, status: int = 200) -> Response:
        kind = _MEDIA_TYPES.guess_type(name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind == "application/json"
        headers = {
            "Content-Type": f"{kind}; charset=utf-8" if text else kind,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": self._policy,
        }
        return Response(body, status, headers)

    async def _tell_changes(self) -> AsyncIterator[bytes]:
        """Server-sent events: one for each change. Comments between them find out if the browser is gone."""
        before = await in_thread(self._page.loaded_stamp)
        yield b": watching\n\n"
        while True:
            await asyncio.sleep(_LOOK_S)
            now = await in_thread(self._page.stamp)
            yield b"data: changed\n\n" if now != before else b":\n\n"
            before = now


def _is_ours(request: Request) -> bool:
    """Whether Host and Origin name this computer, as for a built file: docs/http-api.md, "Who can send requests"."""
    port = request.scope["server"][1]
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    return host in {f"{name}:{port}" for name in (LOOPBACK, "localhost")} and origin in (None, f"http://{host}")
