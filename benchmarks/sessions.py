"""A started program that answers completions: the two servers over HTTP. node_peer.py is for node-llama-cpp."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mkexe.base import process
from mkexe.errors import BootError

_POLL_S = 0.001
_PORTS = range(20_000, 30_000)
_START_TIMEOUT_S = 600.0
_HTTP_TIMEOUT_S = 3600.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """One request: the program's own rates in tokens per second, and the time of the first token, measured outside."""

    first_token_s: float
    prompt_tokens: int
    prompt_rate: float
    predicted_tokens: int
    predicted_rate: float


@dataclass(frozen=True)
class Answers:
    """Requests that were sent at once. `wall_s` is the time from the start of the first to the end of the last."""

    wall_s: float
    answers: tuple[Answer, ...]


class Session(Protocol):
    """A running program with the model loaded. `first_answer_s` is None if it has no HTTP server."""

    pid: int
    first_answer_s: float | None
    ready_s: float

    def complete(self, prompts: Sequence[Sequence[int]], predict: int) -> Answers:
        """Send the prompts at once. Generate `predict` tokens for each, greedily, and ignore any end of text."""


@dataclass
class HttpSession:
    """A server that speaks llama.cpp's own HTTP API."""

    pid: int
    address: str
    first_answer_s: float | None
    ready_s: float

    def complete(self, prompts: Sequence[Sequence[int]], predict: int) -> Answers:
        """POST /completion, one connection per prompt."""
        began = time.perf_counter()
        with ThreadPoolExecutor(len(prompts)) as pool:
            answers = tuple(pool.map(lambda prompt: self._complete(prompt, predict), prompts))
        return Answers(time.perf_counter() - began, answers)

    def _complete(self, prompt: Sequence[int], predict: int) -> Answer:
        body = {
            "prompt": list(prompt), "n_predict": predict, "ignore_eos": True, "cache_prompt": False, "stream": True,
            "temperature": 0.0, "top_k": 1, "return_tokens": True,
        }  # fmt: skip
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.address + "/completion", json.dumps(body).encode(), headers)
        first, last = None, {}
        began = time.perf_counter()
        with _OPENER.open(request, timeout=_HTTP_TIMEOUT_S) as response:
            for line in response:
                if line.startswith(b"data: "):
                    first = first or time.perf_counter() - began
                    last = json.loads(line[6:])
        return _answer(last, first or 0.0, len(prompt), predict)


def _answer(last: dict[str, Any], first_token_s: float, prompt_tokens: int, predict: int) -> Answer:
    """Raise BootError if the server did other work than the requests say, such as using a cached prompt."""
    timings = last.get("timings", {})
    found = tuple(timings.get(name, 0) for name in ("cache_n", "prompt_n", "predicted_n"))
    if found != (0, prompt_tokens, predict):
        raise BootError(
            f"/completion: expected 0 cached, {prompt_tokens} prompt and {predict} generated tokens, found {found}: "
            f"{json.dumps(last)[:300]}"
        )
    return Answer(first_token_s, prompt_tokens, timings["prompt_per_second"], predict, timings["predicted_per_second"])


@contextlib.contextmanager
def http_session(command: Sequence[str | Path], environment: dict[str, str], log: Path) -> Iterator[HttpSession]:
    """Start a server on a free port, wait until the model is ready, and end it afterwards.

    Raises BootError with the end of the log if the server ends early or is not ready in time.
    """
    port = _free_port()
    words = [*command, "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as stream:
        began = time.perf_counter()
        child = process.start(words, env=environment, stderr=stream)
    try:
        first = _wait(child, port, began, log, first_answer=True)
        ready = _wait(child, port, began, log, first_answer=False)
        yield HttpSession(child.pid, f"http://127.0.0.1:{port}", first, ready)
    finally:
        process.stop_group(child)


def _free_port() -> int:
    """A port where nothing listens. It is below the range from which the system gives ports to clients.

    Repeated connections to a port of that range, before a server listens there, can connect to themselves.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise BootError(f"no port of {_PORTS.start} to {_PORTS.stop - 1} is free")


def _wait(child: subprocess.Popen[bytes], port: int, began: float, log: Path, *, first_answer: bool) -> float:
    """Seconds from the start to the first HTTP answer of any status, or to the status 200 of /health."""
    while True:
        status = _health(port)
        now = time.perf_counter() - began
        if status == 200 or (status and first_answer):
            return now
        if child.poll() is not None or now > _START_TIMEOUT_S:
            tail = log.read_text("utf-8", errors="replace")[-2000:]
            state = f"ended with status {child.returncode}" if child.poll() is not None else "is not ready"
            raise BootError(f"{child.args!r} {state} after {now:.1f} s:\n{tail}")
        time.sleep(_POLL_S)


def _health(port: int) -> int:
    """The status of GET /health; 0 if nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def environment_of(home: Path) -> dict[str, str]:
    """The environment of a measured program: a path and a separate home, and nothing that could change its settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
