"""A preview that runs, for tests: a real process, real HTTP; ended by SIGINT, as Ctrl-C does it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conftest import Mkexe


class Preview:
    """A preview that runs, seen by a browser."""

    def __init__(self, child: subprocess.Popen[str], address: str) -> None:
        self.child = child
        self.address = address.removeprefix("http://").rstrip("/\n")
        self.token = ""
        self.errors = ""  # what it wrote to standard error, when it has ended

    def open(
        self, path: str, method: str = "GET", body: object = None, **headers: str
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        if self.token:
            headers["X-Mkexe-Token"] = self.token
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
        return connection, connection.getresponse()

    def get(self, path: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, str]:
        connection, response = self.open(path, method, body, **headers)
        with contextlib.closing(connection):
            return response.status, response.read().decode()

    def json(self, path: str, method: str = "GET", body: object = None, **headers: str) -> Any:
        status, text = self.get(path, method, body, **headers)
        assert status == 200, text
        return json.loads(text)


@contextlib.contextmanager
def previewing(mkexe: Mkexe, cwd: Path, *arguments: str | Path) -> Iterator[Preview]:
    command = [sys.executable, "-m", "mkexe", "preview", *map(str, arguments)]
    child = subprocess.Popen(
        command, env=mkexe.environment, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert child.stderr is not None
        address = child.stdout.readline()
        assert address, child.stderr.read()
        running = Preview(child, address)
        yield running
        child.send_signal(signal.SIGINT)
        running.errors = child.communicate(timeout=30)[1]
        assert child.returncode == 0
    finally:
        child.kill()
        child.communicate()
