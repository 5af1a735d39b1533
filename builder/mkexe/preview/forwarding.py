"""Forward requests to a program at another port of this computer, and stream its answers back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

import h11
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from mkexe.preview.server import LOOPBACK

_CHUNK_SIZE = 1 << 16
# headers for one connection only (RFC 9110, 7.6.1), and headers that each direction sets anew
_HOP = frozenset({b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"})
_NOT_ASKED = _HOP | {b"host", b"origin", b"content-length"}
_NOT_ANSWERED = _HOP | {b"server", b"date"}
_GONE = "the program that answers has ended; start the preview again\n"


class Forwarder:
    """An ASGI application that forwards to the program at `port`. Every request has its own connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request and send the answer. If the browser disconnects, the connection to the program ends too."""
        request = Request(scope, receive)
        body = await request.body()
        async with contextlib.AsyncExitStack() as open_things:
            try:
                exchange = await _Exchange.begin(self._port, request, body)
                open_things.callback(exchange.close)
                head = await exchange.read_head()
            except (OSError, h11.RemoteProtocolError):
                await PlainTextResponse(_GONE, 502)(scope, receive, send)
                return
            response = StreamingResponse(exchange.pieces(), head.status_code)
            response.raw_headers = _without(head.headers, _NOT_ANSWERED)
            await response(scope, receive, send)


class _Exchange:
    """One request to the program, and its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    @classmethod
    async def begin(cls, port: int, request: Request, body: bytes) -> _Exchange:
        exchange = cls(*await asyncio.open_connection(LOOPBACK, port))
        try:
            await exchange._ask(port, request, body)
        except BaseException:
            exchange.close()
            raise
        return exchange

    async def _ask(self, port: int, request: Request, body: bytes) -> None:
        headers = [(b"host", f"{LOOPBACK}:{port}".encode()), (b"connection", b"close")]
        headers += _without(request.headers.raw, _NOT_ASKED)
        if body or request.method == "POST":
            headers.append((b"content-length", str(len(body)).encode()))
        query = request.scope["query_string"]
        target = request.scope["raw_path"] + (b"?" + query if query else b"")
        asked = h11.Request(method=request.method, target=target, headers=headers)
        for event in (asked, h11.Data(body), h11.EndOfMessage()):
            self._writer.write(self._http.send(event) or b"")
        await self._writer.drain()

    async def read_head(self) -> h11.Response:
        """Read status and headers."""
        while not isinstance(event := await self._next(), h11.Response):
            if isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("the program closed the connection")
        return event

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    async def _next(self) -> h11.Event:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_CHUNK_SIZE))
        assert isinstance(event, h11.Event)
        return event

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


def _without(headers: Iterable[tuple[bytes, bytes]], names: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in names]
