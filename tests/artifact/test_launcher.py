"""The script in an artifact's head, run by every shell, with a made-up runtime that tells how it was started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import Mkexe, install_fake_runtime, scrubbed_environment
from support.executables import Pe
from support.needs import need
from support.other_user import plant_folder
from support.powershell import syntax_errors
from support.small_models import write_small_model

SHELLS = ["sh", "bash", "dash", "zsh", "mksh", "busybox sh", "ksh", "yash"]
REQUIRED_IN_CI = {"sh", "bash", "dash", "zsh", "mksh", "busybox sh"}


@pytest.fixture
def built(mkexe: Mkexe, tmp_path: Path) -> Path:
    folder = tmp_path / "a folder with späces & 'quotes'"
    folder.mkdir()
    out = folder / "out"
    mkexe("build", write_small_model(tmp_path / "small.gguf"), "-o", out, "--target", "linux-x86_64,macos-aarch64")
    return out


def start(built: Path, *command: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    base = scrubbed_environment(built.parent)
    return subprocess.run(
        command, cwd=cwd or built.parent, env=base | environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_starts_the_runtime_with_the_artifact_and_the_arguments(built: Path, shell: str) -> None:
    words = shell.split()
    if shutil.which(words[0]) is None:
        assert not (os.environ.get("CI") and shell in REQUIRED_IN_CI), f"{shell} must be installed in CI"
        pytest.skip(f"{shell} is not installed")
    done = start(built, *words, str(built), "a b", "$HOME")
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout == f"linux-x86_64 {built} a b $HOME\n"


@pytest.mark.parametrize("name", ["./out", "out", "../folder/out"])
def test_relative_paths_become_absolute(mkexe: Mkexe, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    mkexe("build", write_small_model(tmp_path / "small.gguf"), "-o", folder / "out", "--target", "linux-x86_64")
    done = start(folder / "out", "sh", name)
    assert done.returncode == 7
    assert Path(done.stdout.split()[1]).resolve() == folder / "out"
    assert done.stdout.split()[1].startswith("/")


def test_kernel_starts_it_where_there_is_no_windows_runtime(built: Path) -> None:
    assert start(built, str(built)).returncode == 7


def test_found_on_the_path(built: Path) -> None:
    path = f"{built.parent}:{os.environ['PATH']}"
    done = start(built, "sh", "-c", "out x", cwd=Path("/"), PATH=path)
    assert done.stdout == f"linux-x86_64 {built} x\n"


def test_second_start_uses_what_the_first_one_stored(built: Path) -> None:
    start(built, "sh", str(built))
    stored = list((built.parent / ".cache/mkexe/run").iterdir())
    assert len(stored) == 1
    before = stored[0].stat().st_ino
    assert start(built, "sh", str(built)).returncode == 7
    assert stored[0].stat().st_ino == before


def test_a_stored_runtime_that_is_cut_off_is_replaced(built: Path) -> None:
    start(built, "sh", str(built))
    stored = next((built.parent / ".cache/mkexe/run").iterdir())
    stored.write_bytes(stored.read_bytes()[:100])
    assert start(built, "sh", str(built)).returncode == 7
    assert stored.stat().st_size > 100


def test_unwritable_home_falls_back(built: Path, tmp_path: Path) -> None:
    done = start(built, "sh", str(built), HOME="/proc/nowhere", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (7, "")
    assert list(tmp_path.glob("mkexe-*/*"))


def test_home_unset(built: Path) -> None:
    done = start(built, "env", "-u", "HOME", "sh", str(built))
    assert (done.returncode, done.stderr) == (7, "")


def built_with(mkexe: Mkexe, folder: Path, image: bytes) -> Path:
    """An artifact whose only runtime is `image`."""
    for present in (mkexe.cache / "runtimes").glob("linux-x86_64-*"):
        shutil.rmtree(present)
    install_fake_runtime(mkexe.cache, "linux-x86_64", image)
    mkexe("build", write_small_model(folder / "small.gguf"), "-o", folder / "out", "--target", "linux-x86_64")
    return folder / "out"


def test_standard_error_of_the_runtime_arrives(mkexe: Mkexe, tmp_path: Path) -> None:
    out = built_with(mkexe, tmp_path, b"#!/bin/sh\necho to stderr >&2\n")
    assert start(out, "sh", str(out)).stderr == "to stderr\n"


def test_other_processor_is_told_what_is_inside(built: Path, tmp_path: Path) -> None:
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "uname").write_text('#!/bin/sh\n[ "$1" = -s ] && echo Plan9 || echo mips\n')
    (fake / "uname").chmod(0o755)
    done = start(built, "sh", str(built), PATH=f"{fake}:{os.environ['PATH']}")
    assert done.returncode == 12
    assert done.stderr == "out: holds no program for Plan9 mips, only for: linux-x86_64, macos-aarch64\n"


def test_a_file_that_is_cut_off_before_the_runtime_is_explained(mkexe: Mkexe, tmp_path: Path) -> None:
    built = built_with(mkexe, tmp_path, f"#!/bin/sh\n# stored nowhere yet: {tmp_path}\n".encode())
    built.write_bytes(built.read_bytes()[:5000])
    done = start(built, "sh", str(built))
    assert done.returncode == 13
    assert "copy this file again if it is cut off" in done.stderr


def test_what_powershell_is_given_can_be_parsed(mkexe: Mkexe, tmp_path: Path) -> None:
    """It never runs here."""
    install_fake_runtime(mkexe.cache, "windows-x86_64", Pe().build())
    words = ("--layout", "script", "--target", "windows-x86_64", "-o", tmp_path / "out.cmd")
    mkexe("build", write_small_model(tmp_path / "small.gguf"), *words)
    head = (tmp_path / "out.cmd").read_bytes()[:4096]
    [command] = re.findall(rb'^powershell .* -Command "([^"]*)"', head, re.MULTILINE)
    assert b"%" not in command  # cmd.exe's own
    # of cmd.exe: no program from the folder of downloads; Wine's does not know it
    assert head.index(b"\nset NoDefaultCurrentDirectoryInExePath=1\n") < head.index(b"\npowershell ")
    assert syntax_errors(command.decode()) == []


def test_the_script_passes_shellcheck(built: Path, tmp_path: Path) -> None:
    need("shellcheck")
    head = built.read_bytes()[:4096]
    script = tmp_path / "head.sh"
    script.write_bytes(head[: head.index(b"MKEXE\x1a")].rstrip(b"\n") + b"\n")
    # SC2046, SC2086: unquoted numbers, on purpose (macOS' wc pads); SC2015: A && B || C is meant; SC3067: every
    # shell in use knows test -O; SC3045: and ulimit, whose other options
    # are nothing where it does not; SC2093: exec ends the script, its loop is for folders that did not do
    excluded = "SC2046,SC2086,SC2015,SC3067,SC3045,SC2093"
    done = subprocess.run(["shellcheck", "-s", "sh", "-e", excluded, script], capture_output=True, text=True)
    assert done.stdout == ""


def stored_runtime(built: Path) -> Path:
    """What the first start stored, in a home beside the file."""
    start(built, "sh", str(built))
    return next((built.parent / ".cache/mkexe/run").iterdir())


FOREIGN = "#!/bin/sh\necho foreign\n"


@pytest.mark.parametrize("how", ["link", "group", "others", "folder"])
def test_a_stored_runtime_that_others_may_have_made_is_not_started(built: Path, how: str) -> None:
    stored = stored_runtime(built)
    foreign = FOREIGN.ljust(stored.stat().st_size, "#")
    elsewhere = built.parent / "elsewhere"
    for shell in SHELLS:
        if shutil.which(shell.split()[0]) is None:
            continue
        elsewhere.write_text(foreign)
        elsewhere.chmod({"group": 0o770, "others": 0o707}.get(how, 0o700))
        stored.unlink()
        stored.symlink_to(elsewhere) if how == "link" else elsewhere.rename(stored)
        stored.parent.chmod(0o777 if how == "folder" else 0o700)
        done = start(built, *shell.split(), str(built), "x")
        assert (done.returncode, done.stdout, done.stderr) == (7, f"linux-x86_64 {built} x\n", ""), shell
        assert not elsewhere.exists() or elsewhere.read_text() == foreign
        # a folder is passed over, and left as it was
        assert how != "folder" or stored.read_text() == foreign
        assert how == "folder" or stored.lstat().st_mode & 0o170777 == 0o100700


@pytest.mark.parametrize("how", ["link", "writable"])
def test_a_folder_that_others_may_have_made_is_passed_over(built: Path, tmp_path: Path, how: str) -> None:
    folder = tmp_path / "shared/mkexe/run"
    plant_folder(folder, how)
    done = start(built, "sh", str(built), "x", MKEXE_RUNTIME_DIR=str(tmp_path / "shared"))
    assert (done.returncode, done.stderr) == (7, "")
    assert list(folder.iterdir()) == []
    assert len(list((built.parent / ".cache/mkexe/run").iterdir())) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_stored_runtime_of_another_user_is_not_started(built: Path) -> None:
    stored = stored_runtime(built)
    stored.write_text(FOREIGN.ljust(stored.stat().st_size, "#"))
    os.chown(stored, 65534, 65534)
    assert start(built, "sh", str(built), "x").stdout == f"linux-x86_64 {built} x\n"
    assert stored.stat().st_uid == os.geteuid()


def test_a_runtime_that_another_start_stored_meanwhile_is_as_good(built: Path, tmp_path: Path) -> None:
    """As where two first starts run at once: this one fails at its last step, and finds what the other one made."""
    stored = stored_runtime(built)
    good = stored.rename(tmp_path / "good")
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "mv").write_text(f'#!/bin/sh\ncp -p "{good}" "{stored}"\nexit 1\n')
    (fake / "mv").chmod(0o755)
    done = start(built, "sh", str(built), "x", PATH=f"{fake}:{os.environ['PATH']}", TMPDIR="/proc/nowhere")
    assert done.stdout == f"linux-x86_64 {built} x\n"
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


def installed_shells() -> list[list[str]]:
    return [shell.split() for shell in SHELLS if shutil.which(shell.split()[0])]


def test_a_program_that_the_system_cannot_start_is_told_with_the_limits(mkexe: Mkexe, tmp_path: Path) -> None:
    """As where there is less address space than it has bytes: the kernel ends it before any code of its own runs."""
    out = built_with(mkexe, tmp_path, b"#!/bin/sh\nkill -s SEGV $$\n")
    for shell in installed_shells():
        done = start(out, "sh", "-c", 'ulimit -v 4000000 && exec "$@"', "sh", *shell, str(out))
        said = "out: the system cannot start its program\nThe cause may be a limit: ulimit -v 4000000\n"
        assert (done.returncode, done.stdout, done.stderr) == (14, "", said), shell


def test_under_a_limit_that_leaves_room_it_starts(built: Path) -> None:
    for shell in installed_shells():
        done = start(built, "sh", "-c", 'ulimit -v 4000000 && exec "$@"', "sh", *shell, str(built), "x")
        assert (done.returncode, done.stdout, done.stderr) == (7, f"linux-x86_64 {built} x\n", ""), shell


def test_a_name_steers_no_terminal(mkexe: Mkexe, tmp_path: Path) -> None:
    built = built_with(mkexe, tmp_path, b"#!/bin/sh\n# stored nowhere yet\n")
    odd = built.rename(tmp_path / "a\n\x1b[2JReady.\\033[31m")
    odd.write_bytes(odd.read_bytes()[:5000])
    for shell in installed_shells():
        done = start(odd, *shell, str(odd), TMPDIR="/proc/\x1b[2J")
        assert done.returncode == 13, shell
        assert done.stderr.startswith("a??[2JReady.\\033[31m: found no folder"), shell
        assert "\x1b" not in done.stderr, shell


@pytest.mark.parametrize("name", ["MKEXE_RUNTIME_DIR", "XDG_CACHE_HOME", "HOME", "TMPDIR"])
def test_a_folder_that_is_not_absolute_is_passed_over(built: Path, tmp_path: Path, name: str) -> None:
    """It would be another one wherever the program is started (XDG Base Directory Specification)."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert start(built, "sh", str(built), cwd=elsewhere, **{name: "relative"}).returncode == 7
    assert list(elsewhere.iterdir()) == []


def test_without_a_path_it_finds_the_system_s_own_programs(built: Path) -> None:
    """And none in the folder that it is started from, which an empty PATH means."""
    (built.parent / "uname").write_text("#!/bin/sh\necho hostile\n")
    (built.parent / "uname").chmod(0o755)
    done = start(built, "/bin/sh", str(built), "x", PATH="")
    assert (done.returncode, done.stdout, done.stderr) == (7, f"linux-x86_64 {built} x\n", "")
