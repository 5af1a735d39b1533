"""What programs hear of a start: the JSON lines of --status-fd, and systemd's notify protocol (docs/starting.md)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.running import Running, environment_of, run_to_end

PLAIN = ("--port", "0", "--no-browser", "--new")


def test_a_start_is_told_from_its_address_to_its_end(artifact: Path, tmp_path: Path) -> None:
    with Running([str(artifact)], tmp_path, PLAIN) as running:
        listening = running.until_event("listening")
        assert listening == {
            "event": "listening", "address": f"{running.address}/", "addresses": [running.address]
        }  # fmt: skip
        assert running.json("/health") == {"status": "ok"}
        running.send_signal(signal.SIGINT)
        assert running.wait() == 0
        running.until_event("stopping")
        with pytest.raises(AssertionError):
            running.until_event("failed")
    names = [event["event"] for event in running.events]
    fractions = [event["fraction"] for event in running.events if event["event"] == "loading"]
    assert [name for name in names if name != "loading"] == ["listening", "ready", "stopping", "gone"]
    assert names.index("listening") < names.index("ready")
    assert fractions == sorted(fractions)
    assert all(0 < fraction <= 1 for fraction in fractions)


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [(["--host", "0.0.0.0"], 2, "Add --api-key-file"), (["--ctx-size", "many"], 2, "Try --help"),
     (["-m", "/nowhere/model.gguf"], 1, "The model could not be loaded."),
     (["--ctx-size", "2000000000"], 14, "A chat of 2000000000 tokens needs")],
)  # fmt: skip
def test_a_start_that_fails_says_why_and_how_it_ends(
    artifact: Path, tmp_path: Path, options: list[str], status: int, words: str
) -> None:
    done, events = start_with_status(artifact, tmp_path, *options)
    assert done.returncode == status, done.stderr
    assert (events[-1]["event"], events[-1]["status"]) == ("failed", status)
    assert words in events[-1]["message"]
    assert events[-1]["message"].splitlines()[0] in done.stderr


def start_with_status(
    artifact: Path, home: Path, *options: str
) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    """A start to its end, and what was told of it."""
    ours, theirs = os.pipe()
    command = ["sh", str(artifact), *PLAIN, "--status-fd", str(theirs), *options]
    done = subprocess.run(command, env=environment_of(home), capture_output=True, text=True, pass_fds=(theirs,))
    os.close(theirs)
    with os.fdopen(ours) as lines:
        return done, [json.loads(line) for line in lines]


@pytest.mark.parametrize("number", ["1000", "-1", "three", "0"])
def test_a_number_that_nothing_can_be_written_to_is_refused(artifact: Path, tmp_path: Path, number: str) -> None:
    done = run_to_end([str(artifact), *PLAIN, "--status-fd", number], HOME=str(tmp_path))
    assert done.returncode == 2
    assert (
        f'--status-fd: expected the number of a file descriptor that is open for writing, found "{number}".'
        in done.stderr
    )


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_systemd_hears_when_the_model_can_be_asked(artifact: Path, tmp_path: Path, abstract: bool) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        name = f"@mkexe-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
        supervisor.bind("\0" + name[1:] if abstract else name)
        supervisor.settimeout(60)
        with Running([str(artifact)], tmp_path, PLAIN, NOTIFY_SOCKET=name) as running:
            told = [until_told(supervisor, "READY=1")]
            running.send_signal(signal.SIGTERM)
            assert running.wait() == 0
            told.append(until_told(supervisor, "STOPPING=1"))
    assert told[0][0] == "STATUS=Loading the model"
    assert told[0][-1] == "READY=1\nSTATUS=Ready"


def until_told(supervisor: socket.socket, line: str) -> list[str]:
    """What came until a message with this line."""
    told = [supervisor.recv(4096).decode()]
    while line not in told[-1].splitlines():
        told.append(supervisor.recv(4096).decode())
    return told


def test_systemd_hears_why_a_start_fails(artifact: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(60)
        command = [str(artifact), *PLAIN, "--host", "0.0.0.0"]
        done = run_to_end(command, HOME=str(tmp_path), NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert done.returncode == 2
        assert supervisor.recv(4096).decode().startswith("STATUS=--host lets other computers connect")
