"""What starts leave behind on the disk, the command `clean`, and results that cannot be written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from support.asking import FRANCE, PARIS
from support.running import Running, environment_of, run_to_end

OTHER = "0123456789abcdef"


def dead_process() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def test_what_a_killed_first_start_left_is_cleared_by_the_next(artifact: Path, tmp_path: Path) -> None:
    """The unpacking stops in its middle, by a gzip that says so and waits. A start that is under way keeps its file."""
    tools, said = tmp_path / "tools", tmp_path / "said"
    tools.mkdir()
    os.mkfifo(said)
    (tools / "gzip").write_text(f'#!/bin/sh\nhead -c 1000\necho >"{said}"\nexec cat "{said}"\n')
    (tools / "gzip").chmod(0o755)
    environment = environment_of(tmp_path) | {"PATH": f"{tools}:{os.environ['PATH']}"}
    run = tmp_path / ".cache/mkexe/run"
    for _ in range(3):
        start = subprocess.Popen(["sh", str(artifact), "--version"], env=environment, start_new_session=True)
        said.read_text()
        os.killpg(start.pid, signal.SIGKILL)
        start.wait()
    assert len(list(run.iterdir())) == 3
    under_way = [run / f"{OTHER}.{os.getpid()}", run / f"{OTHER}.{os.getpid()}x"]
    others = [run / "notes.1", run / f"{OTHER}.{dead_process()}y", run / OTHER]
    for path in under_way + others:
        path.write_text("kept")
    (run / f"{OTHER}.{dead_process()}x").write_text("cleared")
    assert run_to_end([str(artifact), "--version"], HOME=str(tmp_path)).returncode == 0
    [program] = [path for path in run.iterdir() if path.stat().st_size > 1_000_000]
    assert sorted(run.iterdir()) == sorted([program, *under_way, *others])


def clean(artifact: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """The command, which does not see the shared folders of who runs the tests."""
    hidden = 'mount -t tmpfs none "$d"'
    script = (
        f'for b in /tmp /var/tmp /dev/shm; do d=$b/mkexe-$(id -u); [ ! -d "$d" ] || {hidden}; done; exec sh "$0" clean'
    )
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    return subprocess.run(
        [*unshare, "sh", "-c", script, str(artifact)], env=environment_of(home), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


def test_clean_removes_what_is_not_in_use_and_no_chat(artifact: Path, tmp_path: Path) -> None:
    cache, state, data = tmp_path / ".cache/mkexe", tmp_path / ".local/state/mkexe", tmp_path / ".local/share/mkexe"
    with Running([str(artifact)], tmp_path) as running:
        chat = {"title": "One", "messages": []}
        headers = {"X-Mkexe-Token": running.json("/mkexe/session")["token"], "If-Match": "*"}
        assert running.post("/mkexe/chats/chat-0001", chat, headers)[0] == 200
        in_use = {*cache.glob("*.lock"), *state.glob("*.log"), *(cache / "run").iterdir()}
        assert len(in_use) == 3
        started = shutil.copyfile("/bin/sleep", cache / "run" / OTHER)
        started.chmod(0o700)
        old = [
            cache / "run" / "fedcba9876543210",
            cache / f"{OTHER}.lock",
            state / "other.log",
            state / "tiny-2.log",
            state / "other-console.txt",
        ]
        for path in old:
            path.write_bytes(bytes(2_000_000))
        foreign = [cache / "notes.lock", cache / "run" / "notes", state / "notes.txt"]
        for path in foreign:
            path.write_text("kept")
        link = state / "link.log"
        link.symlink_to(foreign[0])
        with subprocess.Popen([started, "1000"]) as other:
            done = clean(artifact, tmp_path)
            other.kill()
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert sorted(lines[:-1]) == sorted(
            [f"removed  {path}, 2.0 MB" for path in old] + [f"in use   {path}" for path in (*in_use, started)]
        )
        assert lines[-1] == "removed 5 files, 10.0 MB"
        assert not any(path.exists() for path in old)
        assert all(path.exists() for path in (*in_use, started, *foreign, link))
        assert running.ask(FRANCE) == PARIS
    done = clean(artifact, tmp_path)
    assert f"removed  {started}" in done.stdout
    assert list(state.glob("tiny*.log")) == list(cache.glob(f"{OTHER}*")) == []
    assert (data / "tiny/chats/chat-0001.json").is_file()


def test_each_server_that_runs_keeps_a_log_of_its_own(artifact: Path, tmp_path: Path) -> None:
    """Also where many run beside each other, and where a server of another file has the same name."""
    state = tmp_path / ".local/state/mkexe"
    logs = [state / "tiny.log", state / "tiny-2.log", state / "tiny-3.log"]
    more = ("--port", "0", "--no-browser", "--new")
    with Running([str(artifact)], tmp_path), Running([str(artifact)], tmp_path, more):
        second = logs[1].stat().st_ino
        with Running([str(artifact)], tmp_path, more) as third:
            assert sorted(state.glob("*.log")) == sorted(logs)
            assert logs[1].stat().st_ino == second
            done = clean(artifact, tmp_path)
            assert [f"in use   {log}" in done.stdout for log in logs] == [True] * 3
            third.send_signal(signal.SIGKILL)
            third.wait()
        with Running([str(artifact)], tmp_path, more):
            assert sorted(state.glob("*.log")) == sorted(logs)
        assert all("kernels: " in log.read_text() for log in logs)


COMMANDS = ["info", "info --json", "doctor", "doctor --json", "verify", "licenses", "--version", "--help", "run --help",
            "--help-server", "run -p Hi -n 4", "bench -t 1"]  # fmt: skip


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_results_that_cannot_be_written_are_a_failure(artifact: Path, tmp_path: Path, redirection: str) -> None:
    for command in COMMANDS:
        script = f'exec sh "$0" {command} {redirection} </dev/null'
        done = subprocess.run(
            ["sh", "-c", script, str(artifact)], env=environment_of(tmp_path), stderr=subprocess.PIPE, text=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 1, command
        assert "Writing to standard output failed" in done.stderr, command


def test_a_closed_stream_is_no_file_of_ours(artifact: Path, tmp_path: Path) -> None:
    """The next file that is opened would get the stream's number, and be written to by who means the stream."""
    with Running(["-c", 'exec sh "$0" "$@" --status-fd 3 3>&1 <&- >&-', str(artifact)], tmp_path) as running:
        assert running.ask(FRANCE) == PARIS
        assert os.readlink(f"/proc/{running.process_named('')}/fd/1") == "/dev/null"
