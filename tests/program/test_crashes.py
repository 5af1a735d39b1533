"""What the shipped file says where it cannot continue: signals, a file cut off while it runs, limits of the shell."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.asking import ASK, FRANCE, PARIS
from support.running import Running, environment_of, run_to_end

CRASHED, DAMAGED, NO_MEMORY = 70, 4, 14


def limited(artifact: Path, limit: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program under a limit of the shell's."""
    script = f'ulimit {limit} && exec sh "$0" "$@"'
    return subprocess.run(
        ["sh", "-c", script, str(artifact), *words], env=environment_of(artifact.parent), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSEGV, "an invalid access to memory (SIGSEGV)"),
        (signal.SIGBUS, "an invalid access to memory (SIGBUS)"),
        (signal.SIGILL, "an instruction that this processor does not know (SIGILL)"),
        (signal.SIGFPE, "an arithmetic error (SIGFPE)"),
        (signal.SIGABRT, "it stopped itself (SIGABRT)"),
    ],
)
def test_a_signal_ends_it_with_one_sentence_and_a_status(artifact: Path, number: int, words: str) -> None:
    with Running([str(artifact)], artifact.parent) as running:
        running.send_signal(number)
        assert running.wait() == CRASHED
    log = artifact.parent / ".local/state/mkexe/tiny.log"
    said = f"{artifact.name} cannot continue: an error in the program, {words}.\nThe log: {log}\n"
    assert said in "".join(running.log)
    assert said in log.read_text()


def test_the_runtime_knows_no_debugger(runtimes: dict[str, Path]) -> None:
    """Upstream starts gdb or lldb, whichever PATH has."""
    for target, runtime in runtimes.items():
        assert not re.search(rb"\0(gdb|lldb)\0", runtime.read_bytes()), target


def test_a_file_that_is_cut_off_while_it_runs_is_named(artifact: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copyfile(artifact, tmp_path / "copied.exe"))
    with Running([str(copy)], tmp_path) as running:
        os.truncate(copy, 1000)
        with pytest.raises(OSError):  # noqa: PT011 - of several kinds
            running.ask(FRANCE)
        assert running.wait() == DAMAGED
    said = "".join(running.log)
    assert f"copied.exe cannot continue: the file {copy} was cut off, or its disk disappeared" in said
    assert f"expected {artifact.stat().st_size} bytes, found 1000." in said
    assert "Copy the file again, and then start it again." in said


@pytest.mark.parametrize("mebibytes", [40, 120])
def test_too_little_address_space_is_the_cause_that_is_said(artifact: Path, mebibytes: int) -> None:
    done = limited(artifact, f"-v {mebibytes * 1024}", *ASK)
    assert done.returncode in (1, NO_MEMORY), done.stderr
    assert f"{mebibytes * 1024} KiB (ulimit -v)" in done.stderr


def test_no_size_of_the_address_space_has_another_cause(artifact: Path) -> None:
    """Whatever fails first: a thread's stack, a buffer, a string, the kernel's own start."""
    run_to_end([str(artifact), "--version"])
    for mebibytes in range(18, 44, 2):
        done = limited(artifact, f"-v {mebibytes * 1024}", *ASK)
        assert done.returncode in (1, NO_MEMORY), f"{mebibytes}: {done.stderr}"
        assert re.search(rf"{mebibytes * 1024} KiB \(ulimit -v\)|ulimit -v {mebibytes * 1024}\n", done.stderr), (
            done.stderr
        )


@pytest.mark.parametrize("limit", ["-v 5000", "-v 20000", "-d 5000"])
def test_a_limit_under_which_the_system_cannot_start_it_is_said(artifact: Path, limit: str) -> None:
    """The kernel ends it by SIGSEGV before any code of its own runs (execve(2)): the script tries that out."""
    run_to_end([str(artifact), "--version"])
    done = limited(artifact, limit, *ASK)
    assert done.returncode == NO_MEMORY, done.stderr
    said = f"{artifact.name}: the system cannot start its program\nThe cause may be a limit: ulimit {limit}\n"
    assert done.stderr == said


@pytest.mark.parametrize("limit", ["-v 20000", "-f 1"])
def test_a_limit_under_which_nothing_can_be_unpacked_is_said(artifact: Path, tmp_path: Path, limit: str) -> None:
    """A first start: none of the folders that all users share is seen."""
    hidden = "; ".join(f"mount -t tmpfs none {folder}" for folder in ("/var/tmp", "/dev/shm"))
    script = f'{hidden}; ulimit {limit} && exec sh "$0" --version'
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    environment = environment_of(tmp_path) | {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    shared = Path("/tmp") / f"mkexe-{os.getuid()}"
    tools = f"[ ! -d {shared} ] || mount -t tmpfs none {shared}; "
    done = subprocess.run(
        [*unshare, "sh", "-c", tools + script, str(artifact)], env=environment, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 13, done.stderr
    assert f"The cause may be a limit: ulimit {limit}\n" in done.stderr


def test_a_small_stack_is_enough_or_named(artifact: Path) -> None:
    done = limited(artifact, "-S -s 64", *ASK)
    assert (done.returncode, done.stderr) == (0, "")
    done = limited(artifact, "-s 64", *ASK)
    assert done.returncode == CRASHED, done.stderr
    assert "the stack of a thread is full, 64 KiB. Give it 8192 (ulimit -s 8192)." in done.stderr


@pytest.mark.parametrize("files", [3, 4, 5])
def test_too_few_descriptors_are_the_cause_that_is_said(artifact: Path, files: int) -> None:
    """Of the runtime itself: shells keep some for themselves."""
    environment = environment_of(artifact.parent) | {"MKEXE_ARTIFACT": str(artifact)}
    done = subprocess.run(
        ["prlimit", f"--nofile={files}", str(Running.stored_runtime(artifact)), *ASK], env=environment, text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert f"It may have no more than {files} files open (ulimit -n)." in done.stderr
    assert not re.search("damaged|loopback", done.stderr), done.stderr


def without_system_call(number: int, errno: int) -> Callable[[], None]:
    """What lets a system call fail in this process and those that it starts (seccomp(2), BPF)."""
    program = b"".join(
        struct.pack("HBBI", *row)
        for row in [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | errno), (0x06, 0, 0, 0x7FFF0000)]
    )

    def install() -> None:
        libc = ctypes.CDLL(None)
        filters = ctypes.create_string_buffer(program)
        header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(filters)))
        assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
        assert libc.prctl(22, 2, header) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER

    return install


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are x86-64's")
def test_without_getrandom_it_takes_the_device(artifact: Path) -> None:
    done = subprocess.run(
        ["sh", str(artifact), *ASK], env=environment_of(artifact.parent), capture_output=True, text=True, timeout=300,
        stdin=subprocess.DEVNULL, preexec_fn=without_system_call(318, 38),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, PARIS + "\n"), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user, whom ulimit -u counts alone")
def test_too_few_processes_are_the_cause_that_is_said(artifact: Path) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are for its user alone
        copy = Path(shutil.copyfile(artifact, Path(name) / "tiny.exe"))
        os.chown(name, 65533, 65533)
        script = 'sh "$0" --version && exec prlimit --nproc=4 sh "$0" "$@"'
        done = subprocess.run(
            ["sh", "-c", script, str(copy), *ASK], env=environment_of(copy.parent), capture_output=True, text=True,
            timeout=300, stdin=subprocess.DEVNULL, user=65533, group=65533, extra_groups=[],
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "cannot start another thread: this user's processes and threads are limited to 4 (ulimit -u)." in done.stderr


def test_a_limit_of_file_sizes_is_no_signal(artifact: Path) -> None:
    """SIGXFSZ would end it when its log reaches 512 bytes."""
    run_to_end([str(artifact), "--version"])
    done = limited(artifact, "-f 1", "serve", "--port", "0", "--no-browser", "--new", "--exit-with-input")
    assert done.returncode == 0, done.stderr
