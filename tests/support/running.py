"""A started artifact, for tests: a real process, a real port, real HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

READY_TIMEOUT_S = 300.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def environment_of(home: Path) -> dict[str, str]:
    """What an artifact sees: a path, a home of its own, and where conftest's `unpacked` is used its folder."""
    base = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
    return base | {name: os.environ[name] for name in ("MKEXE_RUNTIME_DIR",) if name in os.environ}


def browser_in(home: Path, name: str = "xdg-open") -> tuple[dict[str, str], Path]:
    """Variables of a desktop whose browser writes the address into a file, and that file (a pipe: reading waits)."""
    tools, pipe = home / "tools", home / "opened"
    tools.mkdir()
    os.mkfifo(pipe)
    (tools / name).write_text(f'#!/bin/sh\necho "$1" >"{pipe}"\n')
    (tools / name).chmod(0o755)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "DISPLAY": ":99"}, pipe


def run_to_end(command: list[str], timeout_s: float = 120, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run an artifact's command that ends; through `sh` where the kernel does not start the file itself."""
    words = command if command[0] == "sh" else ["sh", *command]
    environment = environment_of(Path(words[1]).parent) | variables
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=timeout_s)


class Server:
    """What answers HTTP at an address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        return self._send(urllib.request.Request(self.address + path, headers=headers or {}))

    def json(self, path: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The body of a good answer."""
        status, _, body = self.get(path, headers)
        assert status == 200, body
        value: dict[str, Any] = json.loads(body)
        return value

    def post(
        self, path: str, body: object, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> tuple[int, dict[str, str], bytes]:
        """The same for a JSON request."""
        headers = {"Content-Type": "application/json"} | (headers or {})
        return self._send(
            urllib.request.Request(self.address + path, json.dumps(body).encode(), headers, method=method)
        )

    def post_text(self, path: str, body: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and JSON answer to a body that is sent as it is."""
        headers = {"Content-Type": "application/json"} | (headers or {})
        status, _, answer = self._send(
            urllib.request.Request(self.address + path, body.encode(), headers, method="POST")
        )
        return status, json.loads(answer)

    def _send(self, request: urllib.request.Request) -> tuple[int, dict[str, str], bytes]:
        try:
            with _OPENER.open(request, timeout=READY_TIMEOUT_S) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def ask(self, question: str) -> str:
        """The answer to one question under greedy decoding."""
        body = {"messages": [{"role": "user", "content": question}], "temperature": 0, "max_tokens": 400}
        status, _, reply = self.post("/v1/chat/completions", body)
        assert status == 200, reply
        return str(json.loads(reply)["choices"][0]["message"]["content"])


class Running(Server):
    """An artifact that serves, as a context manager; ended by SIGINT, as Ctrl-C does it."""

    def __init__(
        self, command: list[str], home: Path, start: tuple[str, ...] = ("--port", "0", "--no-browser"), **variables: str
    ) -> None:
        super().__init__("")
        # standard output, which every system and every program between hands on
        self._process = subprocess.Popen(
            ["sh", *command, *start, "--status-fd", "1"], env=environment_of(home) | variables,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self._until_ready = True
        self.log: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._said = threading.Condition()
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read_log, self._read_status)]

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._said:
                self.log.append(line)
                self._said.notify_all()

    def _read_status(self) -> None:
        """docs/starting.md, "For programs"; the last event is ours, where nothing more comes.

        What another program writes there, such as a Wine that cannot start the file, belongs to the log.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                self._note(json.loads(line))
            except ValueError:
                self.log.append(line)
        self._note({"event": "gone"})

    def _note(self, event: dict[str, Any]) -> None:
        with self._said:
            self.events.append(event)
            self._said.notify_all()

    def at_once(self) -> Running:
        """Begin when it listens, and not when the model is loaded."""
        self._until_ready = False
        return self

    def __enter__(self) -> Running:
        for reader in self._readers:
            reader.start()
        listening = self.until_event("listening")
        found = re.match(r"http://[^/\s]+", str(listening["address"]))
        assert found, listening
        self.address = found[0]
        # what it said before that has been read then
        with self._said:
            assert self._said.wait_for(lambda: any(found[0] in line for line in self.log), READY_TIMEOUT_S), self.log
        if self._until_ready:
            self.until_event("ready")
            self.until_said("Ready.\n")
        return self

    def until_event(self, name: str) -> dict[str, Any]:
        """Return the event of that name when it has come; fails where the program ends before."""
        with self._said:
            assert self._said.wait_for(lambda: self._find(name) or self._find("gone"), READY_TIMEOUT_S), self.log
            found = self._find(name)
        assert found, "".join(self.log)
        return found

    def _find(self, name: str) -> dict[str, Any] | None:
        return next((event for event in self.events if event["event"] == name), None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            for reader in self._readers:
                reader.join(30)

    def until_said(self, line: str) -> None:
        """Return when the program has said this line on stderr."""
        with self._said:
            assert self._said.wait_for(lambda: line in self.log, READY_TIMEOUT_S), "".join(self.log)

    def wait(self, timeout_s: float = 60) -> int:
        """The exit status of one that ends by itself."""
        return self._process.wait(timeout_s)

    def send_signal(self, number: int) -> None:
        """Send a signal to the runtime."""
        self._process.send_signal(number)

    def process_named(self, part: str) -> int:
        """The process id of the runtime; the shell has become it by `exec`."""
        assert part in os.readlink(f"/proc/{self._process.pid}/exe")
        return self._process.pid

    def runtime_of(self, process: int) -> str:
        """The path of a process' executable."""
        return os.readlink(f"/proc/{process}/exe")

    @staticmethod
    def stored_runtime(artifact: Path) -> Path:
        """Where the script stored the runtime of this machine, after a start with `artifact.parent` as home."""
        run_to_end([str(artifact), "--version"])
        return max((artifact.parent / ".cache/mkexe/run").iterdir(), key=lambda path: path.stat().st_size)


def levels_of(artifact: Path) -> dict[str, int]:
    """The levels in the artifact's runtime for this machine and their scores, lowest level first."""
    facts = json.loads(run_to_end([str(artifact), "doctor", "--json"]).stdout)
    return {level["name"]: level["score"] for level in facts["kernels"]["levels"]}
