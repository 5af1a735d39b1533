"""Start an artifact: once for a question, or for as long as a block runs.

The program gets a minimal environment, a port that the system chooses, and a new API key for each start, so that no
other server can answer in its place.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mkexe.artifact.reader import Artifact
from mkexe.base import process
from mkexe.boot.question import Question, interrogate
from mkexe.boot.result import BOOTED, FAILED, BootResult
from mkexe.boot.started_server import StartedServer
from mkexe.boot.starter import Starter
from mkexe.errors import BootError

# the start reports on its standard output (docs/starting.md, "For programs")
_STATUS = ("--status-fd", "1")
_LISTENING_TIMEOUT_S = 60.0


def boot_once(artifact: Artifact, starter: Starter, question: Question, timeout_s: float) -> BootResult:
    """Start an artifact in one way, ask it the question, and end it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mkexe-boot-") as name:
        folder = Path(name)
        key = secrets.token_hex(16)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath), "HOME": name, "TMPDIR": name,
            "LLAMA_API_KEY": key, **starter.environment,
        }  # fmt: skip
        if sys.platform == "win32":
            environment |= process.base_environment(LOCALAPPDATA=name, TEMP=name, TMP=name, **environment)
        log, status = folder / "log", folder / "status"
        command = [*starter.command(folder), "--port", "0", "--no-browser", "--ephemeral", *_STATUS]
        try:
            with log.open("wb") as stream, status.open("wb") as output:
                child = process.start(command, env=environment, stderr=stream, stdout=output, cwd=folder)
        except OSError as error:  # it is damaged, or for another system
            return BootResult(starter.target, starter.how, FAILED, f"it cannot be started: {error}", 0.0)
        try:
            server = StartedServer(key, status, child.poll, time.monotonic() + timeout_s)
            answer = interrogate(server, artifact, question)
            verdict, detail = BOOTED, answer
        except BootError as error:
            verdict, detail = FAILED, f"{_older(log) or error.message}\n{_tail(log)}".rstrip()
        finally:
            process.stop_group(child)
    return BootResult(starter.target, starter.how, verdict, detail, time.monotonic() - began)


@contextlib.contextmanager
def serving(path: Path, folder: Path) -> Iterator[int]:
    """Start an artifact on this machine, and yield its port. The model may still be loading.

    The program gets `folder` as its home and is stopped at the end of the block. Raises BootError with the end of the
    log if it does not start.
    """
    log, status = folder / "log", folder / "status"
    command = [str(path)] if os.name == "nt" else ["sh", str(path)]
    environment = process.base_environment(HOME=str(folder), TMPDIR=str(folder), LOCALAPPDATA=str(folder))
    with log.open("wb") as stream, status.open("wb") as output:
        command += ["--port", "0", "--no-browser", "--ephemeral", "--no-quit", *_STATUS]
        child = process.start(command, env=environment, stderr=stream, stdout=output, cwd=folder)
    try:
        server = StartedServer("", status, child.poll, time.monotonic() + _LISTENING_TIMEOUT_S)
        yield int(server.wait_until_listening().rpartition(":")[2])
    except BootError as error:
        cause = _older(log) or error.message
        raise BootError(f"{path}: {cause}", "try the model with mkexe boot", _tail(log)) from error
    finally:
        process.stop_group(child)


def _older(log: Path) -> str:
    """A message for a program that was built before programs knew --status-fd; empty for every other program."""
    if f"invalid argument: {_STATUS[0]}" not in _tail(log):  # llama.cpp's words (common/arg.cpp)
        return ""
    return f"its program is older than this mkexe: it does not know {_STATUS[0]}; build the file again"


def _tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-10:])
