"""Connections as bytes: requests half sent, several at once, clients that leave."""

from __future__ import annotations

import contextlib
import json
import socket
import urllib.parse
from collections.abc import Iterator
from typing import BinaryIO

from support.running import Server

ANSWER_TIMEOUT_S = 120.0
JSON_HEADERS = "Content-Type: application/json\r\n"


def connect(server: Server) -> socket.socket:
    """A connection to the server, with nothing sent."""
    address = urllib.parse.urlsplit(server.address)
    assert address.hostname
    assert address.port
    return socket.create_connection((address.hostname, address.port), ANSWER_TIMEOUT_S)


def request(method: str, path: str, body: object = None, headers: str = "", version: str = "HTTP/1.1") -> bytes:
    """A request's bytes; `headers` are whole lines."""
    if body is None:
        return f"{method} {path} {version}\r\nHost: localhost\r\n{headers}\r\n".encode()
    text = json.dumps(body).encode()
    head = f"{method} {path} {version}\r\nHost: localhost\r\n{JSON_HEADERS}Content-Length: {len(text)}\r\n{headers}\r\n"
    return head.encode() + text


@contextlib.contextmanager
def sent(server: Server, data: bytes) -> Iterator[socket.socket]:
    """A connection on which these bytes were sent; at the end the client leaves."""
    with connect(server) as connection:
        connection.sendall(data)
        yield connection
        with contextlib.suppress(OSError):  # the server may have left first
            connection.shutdown(socket.SHUT_RDWR)  # files made of the connection would keep it open


def read_answer(file: BinaryIO) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (names in lower case) and body of the next answer of a connection's binary file."""
    status_line = file.readline()
    assert status_line, "the connection was closed"
    headers: dict[str, str] = {}
    while line := file.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(file.readline(), 16):
            body += file.read(size)
            assert file.readline() == b"\r\n"
        assert file.readline() == b"\r\n"
    elif "content-length" in headers:
        body = file.read(int(headers["content-length"]))
    else:
        body = file.read()
    return int(status_line.split()[1]), headers, body
