"""Connections that stay, that send nothing, that leave: against the shipped file, on loopback."""

from __future__ import annotations

import contextlib
import http.client
import json
import resource
import select
import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from conftest import Mkexe
from support.asking import FRANCE, PARIS
from support.encoders import write_encoder
from support.raw_http import ANSWER_TIMEOUT_S, connect, read_answer, request, sent
from support.running import READY_TIMEOUT_S, Running

# an answer that ends only where somebody ends it
ENDLESS = {"prompt": "a", "n_predict": 1_000_000, "ignore_eos": True, "temperature": 0}
QUESTION = {"messages": [{"role": "user", "content": FRANCE}], "temperature": 0}
CHAT = "/v1/chat/completions"
START = ("--port", "0", "--no-browser", "--metrics")


@pytest.fixture(scope="module")
def server(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running([str(artifact)], tmp_path_factory.mktemp("home"), START) as running:
        yield running


@pytest.fixture(scope="module")
def narrow(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Three answers at once, of any length, each with a context of its own; small batches."""
    options = (*START, "--parallel", "3", "--context-shift", "--batch-size", "64", "--ubatch-size", "64")
    with Running([str(artifact)], tmp_path_factory.mktemp("home"), options) as running:
        yield running


def slots(server: Running) -> list[dict[str, Any]]:
    status, _, body = server.get("/slots")
    assert status == 200, body
    return list(json.loads(body))


def decoded(server: Running, slot: int) -> int:
    """How many tokens the slot has decoded for its present task."""
    return int(slots(server)[slot]["next_token"][0]["n_decoded"])


def deferred(server: Running) -> int:
    """How many tasks wait for a slot."""
    for line in server.get("/metrics")[2].decode().splitlines():
        if line.startswith("llamacpp:requests_deferred "):
            return int(float(line.split()[1]))
    raise AssertionError("no such figure")


@contextlib.contextmanager
def running_answer(server: Running, slot: int) -> Iterator[socket.socket]:
    """An endless stream in a slot, whose first piece has come."""
    with sent(server, request("POST", "/completion", ENDLESS | {"stream": True, "id_slot": slot})) as connection:
        file = connection.makefile("rb")
        while not file.readline().startswith(b"data:"):
            pass
        # what comes is read by nobody; a piece is small, and the kernel's buffers hold thousands
        yield connection


def wait_for(condition: Any) -> None:
    """Ask until it holds; the tests' own time limit ends a wait in vain."""
    while not condition():
        pass


def after_one_more_batch(server: Running, slot: int) -> list[dict[str, Any]]:
    """The slots when the batch that is being decoded, and one more, are done; `slot` has an endless answer."""
    before = decoded(server, slot)
    wait_for(lambda: decoded(server, slot) >= before + 2)
    return slots(server)


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_is_decoded_for_a_client_that_left(narrow: Running, stream: bool) -> None:
    with running_answer(narrow, 1):
        with sent(narrow, request("POST", "/completion", ENDLESS | {"id_slot": 0, "stream": stream})):
            wait_for(lambda: slots(narrow)[0]["is_processing"])
        # between two pieces of a stream its thread writes, and looks only then
        seen = [after_one_more_batch(narrow, 1)[0]["is_processing"] for _ in range(1 + stream * 3)]
        assert not seen[-1]
    wait_for(lambda: not slots(narrow)[1]["is_processing"])


def test_nothing_waits_for_a_client_that_left(narrow: Running) -> None:
    with running_answer(narrow, 0), running_answer(narrow, 1), running_answer(narrow, 2):
        with sent(narrow, request("POST", "/completion", ENDLESS)):
            wait_for(lambda: deferred(narrow) == 1)
        after_one_more_batch(narrow, 1)
        assert deferred(narrow) == 0


def test_a_prompt_is_not_processed_for_a_client_that_left(narrow: Running) -> None:
    text = " ".join(f"{number}" for number in range(150))
    tokens = len(json.loads(narrow.post("/tokenize", {"content": text})[2])["tokens"])
    assert tokens > 4 * 64
    with running_answer(narrow, 1):
        wanted = ENDLESS | {"prompt": text, "id_slot": 0, "cache_prompt": False}
        with sent(narrow, request("POST", "/completion", wanted)):
            wait_for(lambda: slots(narrow)[0]["is_processing"])
        assert not after_one_more_batch(narrow, 1)[0]["is_processing"]


def test_none_of_several_answers_is_decoded_for_a_client_that_left(narrow: Running) -> None:
    with running_answer(narrow, 2):
        body = QUESTION | {"n": 2, "max_tokens": -1, "ignore_eos": True}
        with sent(narrow, request("POST", CHAT, body)):
            wait_for(lambda: all(slot["is_processing"] for slot in slots(narrow)))
        assert [slot["is_processing"] for slot in after_one_more_batch(narrow, 2)] == [False, False, True]


def test_no_embedding_is_computed_for_a_client_that_left(artifact: Path, tmp_path: Path) -> None:
    options = (*START, "--embeddings", "--parallel", "1", "--pooling", "mean")
    with Running([str(artifact)], tmp_path, options) as server:
        many = {"input": [f"word {number} " * 20 for number in range(2000)]}
        with sent(server, request("POST", "/v1/embeddings", many)):
            wait_for(lambda: deferred(server) > 0)
        wait_for(lambda: deferred(server) == 0 and not slots(server)[0]["is_processing"])
        assert processed(server) < 2000 * 20


def test_no_document_is_ranked_for_a_client_that_left(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    encoder = write_encoder(tmp_path / "encoder.gguf")
    real_mkexe("build", encoder, "-o", tmp_path / "encoder", "--target", "linux-x86_64")
    with Running([str(tmp_path / "encoder")], tmp_path, (*START, "--reranking", "--parallel", "1")) as server:
        some = {"query": "a b", "documents": ["c d e f g h"] * 3}
        assert len(json.loads(server.post("/v1/rerank", some)[2])["results"]) == 3
        before = processed(server)
        many = some | {"documents": ["c d e f g h"] * 2000}
        with sent(server, request("POST", "/v1/rerank", many)):
            wait_for(lambda: deferred(server) > 0)
        wait_for(lambda: deferred(server) == 0 and not slots(server)[0]["is_processing"])
        assert processed(server) - before < before / 3 * 2000


def processed(server: Running) -> float:
    """How many tokens of prompts were processed."""
    text = server.get("/metrics")[2].decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("llamacpp:prompt_tokens_t"))


def send_until_answered(connection: socket.socket, data: bytes) -> None:
    """Send all of it, or what is sent when the answer comes."""
    view = memoryview(data)
    while len(view) > 0 and not select.select([connection], [], [], 0)[0]:
        connection.sendall(view[: 1 << 20])
        view = view[1 << 20 :]


def test_large_bodies_share_a_place_and_small_ones_need_none(artifact: Path, tmp_path: Path) -> None:
    whole = request("POST", "/tokenize", {"content": "a" * 90_000_000})
    with Running([str(artifact)], tmp_path, START) as server, contextlib.ExitStack() as clients:
        connections = [clients.enter_context(connect(server)) for _ in range(4)]
        for connection in connections:
            with contextlib.suppress(OSError):
                send_until_answered(connection, whole[:-1])
        assert select.select(connections, [], [], ANSWER_TIMEOUT_S)[0]
        assert server.ask(FRANCE) == PARIS
        statuses = []
        for connection in connections:
            with contextlib.suppress(OSError):  # it may have been closed after its answer
                send_until_answered(connection, whole[-1:])
            status, headers, body = read_answer(connection.makefile("rb"))
            statuses.append(status)
            sentence = json.loads(body)["error"]["message"]
            assert ("use all the memory for bodies" in sentence, headers.get("retry-after")) == (
                status == 503,
                "5" if status == 503 else None,
            )
        assert set(statuses) == {400, 503}
        whole = request("POST", "/tokenize", {"content": "a" * 1_000_000})
        with sent(server, whole) as connection:
            assert read_answer(connection.makefile("rb"))[0] == 200


POSTED = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=X\r\n"
SAID = {
    "a form's part": (POSTED + FORM + b"Content-Length: 3\r\n\r\nabc", 400),
    "two lengths": (POSTED + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "an address": (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "lines that end with LF alone": (b"GET / HTTP/1.1\nHost: localhost\n\n", 400),
    "a length": (POSTED + b"Content-Length: 200000000\r\n\r\n{", 413),
}


@pytest.mark.parametrize("what", SAID)
def test_a_refusal_of_http_itself_has_a_sentence(server: Running, what: str) -> None:
    data, status = SAID[what]
    with sent(server, data) as connection:
        found, headers, body = read_answer(connection.makefile("rb"))
    assert (found, headers["connection"]) == (status, "close")
    error = json.loads(body)["error"]
    assert (error["code"], error["type"]) == (status, "invalid_request_error")
    assert len(error["message"].split()) > 5


STREAMS = {
    CHAT: QUESTION | {"stream": True},
    "/v1/completions": {"prompt": "What", "max_tokens": 5, "stream": True},
    "/completion": {"prompt": "What", "n_predict": 5, "stream": True},
    "/v1/messages": QUESTION | {"max_tokens": 30, "stream": True},
    "/v1/responses": {"input": FRANCE, "stream": True},
}


def test_a_connection_outlives_its_streams(server: Running) -> None:
    address = urllib.parse.urlsplit(server.address)
    connection = http.client.HTTPConnection(address.netloc, timeout=READY_TIMEOUT_S)
    connection.connect()
    socket_of_all = connection.sock
    for path, body in STREAMS.items():
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200
        assert b"data: " in answer.read()
        assert "keep-alive" in {name.lower() for name, _ in answer.getheaders()}, path
        assert connection.sock is socket_of_all, path
    connection.request("POST", CHAT, json.dumps(QUESTION), {"Content-Type": "application/json"})
    assert json.loads(connection.getresponse().read())["choices"][0]["message"]["content"] == PARIS
    assert connection.sock is socket_of_all
    connection.close()


def test_requests_in_one_write_get_an_answer_each(server: Running) -> None:
    parts = [
        request("GET", "/health"),
        request("POST", CHAT, QUESTION),
        request("POST", CHAT, QUESTION | {"stream": True}),
        b"\r\n" + request("GET", "/health"),  # RFC 9112, 2.2
        request("POST", CHAT, QUESTION),
        request("GET", "/health", headers="Connection: close\r\n"),
    ]
    with sent(server, b"".join(parts)) as connection:
        file = connection.makefile("rb")
        bodies = [read_answer(file)[2].decode() for _ in parts]
        assert file.read() == b""
    assert [PARIS in bodies[1], PARIS in bodies[4]] == [True, True]
    assert [json.loads(bodies[at])["status"] for at in (0, 3, 5)] == ["ok"] * 3


def test_half_a_request_behind_a_whole_one_is_waited_for(server: Running) -> None:
    second = request("POST", CHAT, QUESTION)
    with sent(server, request("GET", "/health") + second[:50]) as connection:
        file = connection.makefile("rb")
        assert read_answer(file)[0] == 200
        connection.sendall(second[50:-3])
        connection.sendall(second[-3:])
        assert PARIS in read_answer(file)[2].decode()


@pytest.mark.parametrize(("version", "header"), [("HTTP/1.1", "Connection: close\r\n"), ("HTTP/1.0", "")])
def test_a_stream_ends_with_the_connection_where_that_was_wanted(server: Running, version: str, header: str) -> None:
    with sent(server, request("POST", CHAT, QUESTION | {"stream": True}, header, version)) as connection:
        file = connection.makefile("rb")
        status, headers, body = read_answer(file)
        assert file.read() == b""
    assert (status, headers["connection"]) == (200, "close")
    assert body.startswith(b"data: {")
    assert body.endswith(b"data: [DONE]\n\n")
    assert ("transfer-encoding" in headers) == (version == "HTTP/1.1")


def test_http_1_0_keeps_a_connection_where_the_length_is_known(server: Running) -> None:
    keep = "Connection: keep-alive\r\n"
    with connect(server) as connection:
        file = connection.makefile("rb")
        for _ in range(2):
            connection.sendall(request("GET", "/health", None, keep, "HTTP/1.0"))
            status, headers, _ = read_answer(file)
            assert (status, headers["connection"]) == (200, "keep-alive")
        connection.sendall(request("POST", CHAT, QUESTION | {"stream": True}, keep, "HTTP/1.0"))
        _, headers, body = read_answer(file)
        assert headers["connection"] == "close"
        assert body.endswith(b"data: [DONE]\n\n")


def test_an_error_closes_the_connection_that_it_says_it_closes(server: Running) -> None:
    with sent(server, request("GET", "/nowhere") + request("GET", "/health")) as connection:
        file = connection.makefile("rb")
        status, headers, _ = read_answer(file)
        assert (status, headers["connection"]) == (404, "close")
        assert file.read() == b""


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400), (b"GET /health HTTP/1.1\r\nX: " + b"a" * 70_000, 431)],
)
def test_what_is_no_request_is_answered_at_once(server: Running, data: bytes, status: int) -> None:
    with sent(server, data) as connection:
        assert read_answer(connection.makefile("rb"))[0] == status


def test_eight_answers_are_written_at_once_in_one_context(server: Running) -> None:
    found = server.json("/props")
    assert found["total_slots"] == 8
    assert {slot["n_ctx"] for slot in slots(server)} == {found["default_generation_settings"]["n_ctx"]}


def test_a_stream_that_waits_says_its_place(narrow: Running) -> None:
    body = {"prompt": "What", "n_predict": 2, "stream": True}
    with contextlib.ExitStack() as first, running_answer(narrow, 1), running_answer(narrow, 2):
        first.enter_context(running_answer(narrow, 0))
        with sent(narrow, request("POST", "/completion", body)) as second:
            second_file = second.makefile("rb")
            wait_for(lambda: deferred(narrow) == 1)
            with sent(narrow, request("POST", CHAT, QUESTION | {"stream": True})) as third:
                file = third.makefile("rb")
                wait_for(lambda: file.readline().startswith(b": queue 2"))
                wait_for(lambda: second_file.readline().startswith(b": queue 1"))
                first.close()
                rest = b"".join(iter(file.readline, b"0\r\n"))
                assert b"data: [DONE]" in rest
                assert b"data: null" not in rest


LIMIT = 'ulimit -n 256 && exec sh "$0" "$@"'  # connections: 96, and 32 for /health
PLACES = 96


@pytest.fixture(scope="module")
def small(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Few descriptors, so that few connections are too many."""
    home = tmp_path_factory.mktemp("home")
    with Running(["-c", LIMIT, str(artifact)], home, (*START, "--parallel", "2", "--context-shift")) as running:
        yield running


SLOW = {
    "nothing": b"",
    "half a head": b"GET /health HTTP/1.1\r\nHost: loc",
    "half a body": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    "a body in chunks": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5",
}


def health(server: Running) -> int:
    """The answer on a connection of its own."""
    with sent(server, request("GET", "/health", headers="Connection: close\r\n")) as connection:
        return read_answer(connection.makefile("rb"))[0]


@pytest.mark.parametrize("kind", list(SLOW))
def test_300_slow_clients_stop_nobody(small: Running, kind: str) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(300):
            slow.enter_context(sent(small, SLOW[kind]))
        assert health(small) == 200
        if kind != "a body in chunks":  # each of these has a thread, and their time
            assert small.ask(FRANCE) == PARIS
        assert health(small) == 200


def test_where_all_places_are_taken_health_has_one_and_others_are_told(small: Running) -> None:
    endless = request("POST", "/completion", ENDLESS | {"stream": True})
    with contextlib.ExitStack() as busy:
        files = [busy.enter_context(sent(small, endless)).makefile("rb") for _ in range(PLACES + 60)]
        # a stream that waits for a slot begins too; one whose request comes late may have lost its place to others
        answers = [first_line(file) for file in files]
        assert set(answers) <= {b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 Service Unavailable\r\n", b""}
        assert answers.count(b"HTTP/1.1 200 OK\r\n") == PLACES
        assert refused(small)
        assert health(small) == 200
    wait_for(lambda: not refused(small))
    assert small.ask(FRANCE) == PARIS


def first_line(file: BinaryIO) -> bytes:
    """The first line of an answer, empty where the connection was closed without one."""
    try:
        return file.readline()
    except ConnectionResetError:
        return b""


def refused(server: Running) -> bool:
    """Whether a question is answered with 503 and a time to wait."""
    with sent(server, request("POST", CHAT, QUESTION)) as connection:
        status, headers, body = read_answer(connection.makefile("rb"))
    assert status in (200, 503)
    if status == 503:
        assert (headers["retry-after"], headers["connection"]) == ("5", "close")
        assert json.loads(body)["error"]["code"] == 503
    return status == 503


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Room for 2,000 connections in this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 4096), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.soak
@pytest.mark.usefixtures("many_descriptors")
@pytest.mark.parametrize("kind", list(SLOW))
def test_2000_slow_clients_stop_nobody(server: Running, kind: str) -> None:
    with contextlib.ExitStack() as slow:
        for number in range(2000):
            slow.enter_context(sent(server, SLOW[kind]))
            if number % 500 == 0:
                assert health(server) == 200
        assert health(server) == 200
