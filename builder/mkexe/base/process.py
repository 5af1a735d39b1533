"""The only module that starts child processes."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from mkexe.base import interruption

TAIL_LINES = 30
# the variables that children get: for programs, home folders, temporary files and the network
_KEPT = (
    "PATH", "HOME", "USER", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "SYSTEMROOT", "LOCALAPPDATA", "APPDATA",
    "USERPROFILE", "COMSPEC", "PATHEXT", "SYSTEMDRIVE", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
_KEPT_PREFIXES = ("PIP_", "NPM_CONFIG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


class ProcessFailed(Exception):  # noqa: N818
    """A child process ended with a status other than 0. `tail` is the end of its output.

    `timed_out` says that it was killed because it took too long.
    """

    def __init__(self, command: Sequence[str], returncode: int, tail: str, timed_out: bool = False) -> None:
        super().__init__(f"{shlex.join(command)} ended with status {returncode}")
        self.command = command
        self.returncode = returncode
        self.tail = tail
        self.timed_out = timed_out


def describe_status(status: int) -> str:
    """How a child ended: "signal SIGABRT" if a signal killed it, else "status 3"; Windows' own numbers are in hex."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-status).name}"
        return f"signal {-status}"
    return f"status {status:#x}" if status > 255 else f"status {status}"


def base_environment(**extra: str) -> dict[str, str]:
    """An environment with only the variables that every child needs, and `extra`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _KEPT or name.upper().startswith(_KEPT_PREFIXES)
    }
    return kept | extra


def run(
    command: Sequence[str | Path],
    *,
    log_path: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run a program to its end. Appends its output to `log_path` and passes each line to `on_line`.

    `env` replaces the whole environment; the default is `base_environment()`. Raises ProcessFailed if the exit status
    is not 0, or if the program takes longer than `timeout_s` seconds.
    """
    words = [str(word) for word in command]
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("a", encoding="utf-8", errors="replace") as log:
        log.write(f"$ {shlex.join(words)}\n")
        with _started(words, cwd, env) as child, _killed_after(child, timeout_s) as killed:
            assert child.stdout is not None
            for line in child.stdout:
                log.write(line)
                tail.append(line)
                if on_line is not None:
                    on_line(line.rstrip("\n"))
            child.wait()
    if child.returncode != 0:
        raise ProcessFailed(words, child.returncode, "".join(tail), killed.is_set())


def start(command: Sequence[str | Path], *, env: Mapping[str, str], stderr: IO[bytes], stdout: IO[bytes] | None = None,
          cwd: Path | None = None, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start a program in the background, in a process group of its own; the caller ends it with `stop`.

    Without `stdout`, its standard output goes to `stderr` too.
    """
    words = [str(word) for word in command]
    return subprocess.Popen(words, env=dict(env), cwd=cwd, stdin=stdin, stdout=stdout or stderr, stderr=stderr,
                            start_new_session=True)  # fmt: skip


def stop(child: subprocess.Popen[bytes], grace_s: float = 10.0) -> int:
    """Ask the program to end, and kill it after `grace_s` seconds; returns its exit status."""
    child.terminate()
    try:
        return child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def stop_group(child: subprocess.Popen[bytes], grace_s: float = 10.0) -> int:
    """Like `stop`, for a program from `start` and all its child processes."""
    status = stop(child, grace_s)
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    return status


@contextlib.contextmanager
def _started(words: list[str], cwd: Path | None, env: Mapping[str, str] | None) -> Iterator[subprocess.Popen[str]]:
    environment = base_environment() if env is None else dict(env)
    child = None
    try:
        with interruption.held():
            child = subprocess.Popen(
                words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
        yield child
    except BaseException:
        if child is not None:
            stop(child)  # type: ignore[arg-type]
        raise
    finally:
        if child is not None and child.stdout is not None:
            child.stdout.close()


@contextlib.contextmanager
def _killed_after(child: subprocess.Popen[str], timeout_s: float | None) -> Iterator[threading.Event]:
    """Kill the child after `timeout_s` seconds, and then set the event that is yielded."""
    killed = threading.Event()

    def kill() -> None:
        killed.set()
        child.kill()

    timer = threading.Timer(timeout_s, kill) if timeout_s is not None else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield killed
    finally:
        if timer is not None:
            timer.cancel()
