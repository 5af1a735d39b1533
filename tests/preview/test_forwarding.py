"""What the preview passes on to a started file, against a program that answers byte by byte as a test says."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from mkexe.preview.forwarding import Forwarder
from mkexe.preview.server import LOOPBACK, LoopbackServer

ASKED = b"POST /a%20b?c=d HTTP/1.1\r\nHost: mine\r\nOrigin: http://mine\r\nX-More: 1\r\nContent-Length: 4\r\n\r\nbody"


class Program:
    """Takes one request and lets a test answer it."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]

    def accept(self) -> tuple[socket.socket, bytes]:
        connection, _ = self._listener.accept()
        connection.settimeout(60)
        asked = b""
        while not asked.endswith(b"body"):
            asked += connection.recv(1 << 16)
        return connection, asked

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def program() -> Iterator[Program]:
    with contextlib.closing(Program()) as started:
        yield started


@pytest.fixture
def asking(program: Program) -> Iterator[socket.socket]:
    """A connection through the forwarder, with a request on its way."""
    server = LoopbackServer(Forwarder(program.port))
    try:
        with socket.create_connection((LOOPBACK, server.port), 60) as connection:
            connection.sendall(ASKED)
            yield connection
    finally:
        server.stop()


def read_until(connection: socket.socket, end: bytes) -> bytes:
    found = b""
    while end not in found and (piece := connection.recv(1 << 16)):
        found += piece
    return found


def test_a_request_keeps_its_path_and_headers_and_loses_what_is_the_preview_s(
    program: Program, asking: socket.socket
) -> None:
    connection, asked = program.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nServer: other\r\nConnection: close\r\n\r\n")
    head = asked.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"post /a%20b?c=d http/1.1\r\n")
    assert f"host: {LOOPBACK}:{program.port}".encode() in head
    assert b"x-more: 1" in head
    assert b"content-length: 4" in head
    assert b"origin" not in head
    answer = read_until(asking, b"\r\n\r\n").lower()
    assert answer.startswith(b"http/1.1 304")
    assert b"etag: x" in answer
    assert b"server: " not in answer


def test_pieces_come_before_the_answer_ends(program: Program, asking: socket.socket) -> None:
    connection, _ = program.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b"one", b"two"):
            connection.sendall(b"3\r\n" + piece + b"\r\n")
            assert piece in read_until(asking, piece)
        connection.sendall(b"0\r\n\r\n")
        assert read_until(asking, b"0\r\n\r\n").endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("answer", [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_a_program_that_is_gone_is_said(program: Program, asking: socket.socket, answer: bytes) -> None:
    connection, _ = program.accept()
    with connection:
        connection.sendall(answer)
    answer = read_until(asking, b"start the preview again")
    assert answer.startswith(b"HTTP/1.1 502")
    assert b"the program that answers has ended" in answer


def test_a_port_where_nobody_listens_is_said(program: Program) -> None:
    program.close()
    server = LoopbackServer(Forwarder(program.port))
    try:
        with socket.create_connection((LOOPBACK, server.port), 60) as connection:
            connection.sendall(ASKED)
            assert read_until(connection, b"\r\n").startswith(b"HTTP/1.1 502")
    finally:
        server.stop()


def test_an_answer_that_breaks_off_is_not_made_whole(program: Program, asking: socket.socket) -> None:
    connection, _ = program.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
    assert not read_until(asking, b"0\r\n\r\n").endswith(b"0\r\n\r\n")


def test_who_hangs_up_ends_the_question_to_the_program(program: Program, asking: socket.socket) -> None:
    connection, _ = program.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        read_until(asking, b"one")
        asking.close()
        assert connection.recv(1) == b""


def test_a_server_ends_in_the_middle_of_answers() -> None:
    """Also where the program has not answered yet."""
    with contextlib.closing(Program()) as program:
        server = LoopbackServer(Forwarder(program.port))
        with socket.create_connection((LOOPBACK, server.port), 60) as asking:
            asking.sendall(ASKED)
            connection, _ = program.accept()
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            with connection:
                assert connection.recv(1) == b""
            assert b"200 OK" not in read_until(asking, b"200 OK")  # it reads to the end of the connection
            stopping.join()
