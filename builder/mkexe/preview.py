"""Serve the page to who designs it: made anew at every load, reloaded when something changes.

The page's files come from a function, so that a changed mkexe.toml or a changed source shows at the next load. All
other requests go to a program that answers: a started artifact, or the scripted one of `scripted.py`.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import mimetypes
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from mkexe.errors import MkexeError, UsageError

LOOPBACK = "127.0.0.1"
RELOAD_SCRIPT = "preview-reload.js"
CHANGES = "preview-changes"

_INDEX = "index.html"
_LOOK_S = 0.3
_CHUNK_SIZE = 1 << 16
_PROXY_TIMEOUT_S = 600.0
# what concerns one connection only (RFC 9110, 7.6.1), and what is said anew in each direction
_HOP = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
_NOT_ASKED = _HOP | {"host", "origin", "content-length"}
_NOT_ANSWERED = _HOP | {"server", "date"}
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
<p>It is loaded again when the file is changed.</p></body></html>
"""

# what of the files that decide the page changes when they do
Stamp = Mapping[Path, tuple[int, int]]


@dataclass(frozen=True)
class PageSource:
    """`load` makes the page's files by name and may raise MkexeError; `watched` are the files that decide them."""

    load: Callable[[], Mapping[str, bytes]]
    watched: Callable[[], list[Path]]
    content_security_policy: str


class PreviewServer:
    """Listens as soon as it is made; `serve` answers until `stop`. `answers` is the port of who answers the rest."""

    def __init__(self, source: PageSource, answers: int, port: int) -> None:
        self.source = source
        self.answers = answers
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._files: Mapping[str, bytes] = {}
        self._stamp: Stamp = {}
        preview = self

        class Handler(_Handler):
            server_state = preview

        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        except OSError as error:
            raise UsageError(f"port {port}: {error.strerror}", "choose another with --port, or none") from error
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def serve(self) -> None:
        """Answer until `stop` is called from another thread, or Ctrl-C."""
        try:
            self._server.serve_forever(0.1)
        finally:
            self.stopping.set()
            self._server.server_close()

    def stop(self) -> None:
        """Make `serve` return."""
        self.stopping.set()
        self._server.shutdown()

    def load(self) -> Mapping[str, bytes]:
        """The page's files, made now; one at a time, because it may build the page."""
        with self._lock:
            self._stamp = self.stamp()  # before it is read, so that no change is missed
            self._files = self.source.load()
            return self._files

    def loaded(self) -> Mapping[str, bytes]:
        """The files of the last load."""
        return self._files or self.load()

    def loaded_stamp(self) -> Stamp:
        """The state of the watched files at the last load, also where that failed."""
        with self._lock:
            return self._stamp or self.stamp()

    def stamp(self) -> Stamp:
        """What tells one state of the watched files from another: time in nanoseconds and size in bytes."""
        found = {}
        for path in self.source.watched():
            with contextlib.suppress(OSError):
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
        return found


class _Handler(BaseHTTPRequestHandler):
    server_state: PreviewServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of single requests."""

    def do_GET(self) -> None:
        if not self._is_ours():
            return
        name = urlsplit(self.path).path.removeprefix("/") or _INDEX
        try:
            if name == CHANGES:
                self._tell_changes()
            elif name == RELOAD_SCRIPT:
                self._send(200, name, _RELOAD_JS.encode())
            elif not self._send_file(name):
                self._pass_on()
        except MkexeError as error:
            self._send_problem(error)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_POST(self) -> None:
        if self._is_ours():
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._pass_on()

    def do_DELETE(self) -> None:
        self.do_POST()

    def _is_ours(self) -> bool:
        """Refuse names that are not this computer's, as the built file does: docs/http-api.md, "Who may ask"."""
        port = self.server_state.port
        hosts = {f"{name}:{port}" for name in (LOOPBACK, "localhost")}
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        if host in hosts and (origin is None or origin == f"http://{host}"):
            return True
        self.close_connection = True
        self._send(403, "refused.txt", b"this preview is for this computer's browser only\n")
        return False

    def _send_file(self, name: str) -> bool:
        """Send a file of the page; index.html and build.json are made anew. False where there is no such file."""
        state = self.server_state
        files = state.load() if name in (_INDEX, "build.json") else state.loaded()
        if name not in files:
            return False
        data = files[name]
        if name == _INDEX:
            data = data.replace(b"</head>", f'<script src="{RELOAD_SCRIPT}" defer></script>\n</head>'.encode(), 1)
        self._send(200, name, data)
        return True

    def _send_problem(self, error: MkexeError) -> None:
        """What is wrong, as a page that loads again after a change."""
        message = f"{error.message}\n{error.detail}".rstrip()
        text = _PROBLEM.format(script=RELOAD_SCRIPT, message=html.escape(message), hint=html.escape(error.hint))
        self._send(500, _INDEX, text.encode(errors="backslashreplace"))

    def _send(self, status: int, name: str, body: bytes) -> None:
        kind = _MEDIA_TYPES.guess_type(name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind == "application/json"
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header(
            "Content-Security-Policy", f"{self.server_state.source.content_security_policy}; frame-ancestors 'none'"
        )
        self.end_headers()
        self.wfile.write(body)

    def _tell_changes(self) -> None:
        """Server-sent events: one for each change, and comments that tell whether the browser is still there."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        state = self.server_state
        before = state.loaded_stamp()
        self._write(b": watching\n\n")
        while not state.stopping.wait(_LOOK_S):
            now = state.stamp()
            self._write(b"data: changed\n\n" if now != before else b":\n\n")
            before = now

    def _pass_on(self) -> None:
        """Ask who answers, and send the answer piece by piece as it comes."""
        self.close_connection = True
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _NOT_ASKED}
        connection = http.client.HTTPConnection(LOOPBACK, self.server_state.answers, timeout=_PROXY_TIMEOUT_S)
        with contextlib.closing(connection):
            try:
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
            except OSError:
                self._send(502, "gone.txt", b"the program that answers has ended; start the preview again\n")
                return
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in _NOT_ANSWERED:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in _pieces(response):
                self._write(piece)

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := response.read1(_CHUNK_SIZE):
        yield piece
