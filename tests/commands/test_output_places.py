"""What every command that writes leaves alone: all that is not an ordinary file. Nothing here is a real device."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Mkexe
from mkexe import cli
from mkexe.base import atomic_files
from mkexe.errors import OutputError
from support.small_models import write_small_model

TARGET = ("--target", "linux-x86_64")


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path has 108 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def make_device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except OSError as error:
        pytest.skip(f"no device can be made here: {error}")


def make_link_to_a_file(path: Path) -> None:
    path.with_name("precious").write_text("keep me")
    path.symlink_to("precious")


def make_link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def make_link_to_stdout(path: Path) -> None:
    path.symlink_to("/proc/self/fd/1")


def make_link_to_a_folder(path: Path) -> None:
    path.with_name("folder").mkdir()
    path.symlink_to("folder")


KINDS = [
    make_fifo, make_socket, make_device, make_link_to_a_file, make_link_to_nothing, make_link_to_stdout,
    make_link_to_a_folder,
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_model(tmp_path_factory.mktemp("model") / "small.gguf")


def state_of(path: Path) -> tuple[int, int, str, list[str]]:
    found = path.lstat()
    target = os.readlink(path) if path.is_symlink() else ""
    return found.st_ino, found.st_mode, target, sorted(os.listdir(path.parent))


@pytest.fixture
def run(mkexe: Mkexe, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """A command in this process, with made-up runtimes: its exit status."""
    monkeypatch.setenv("MKEXE_CACHE", str(mkexe.cache))
    return lambda *words: cli.main([str(word) for word in words])


@pytest.mark.parametrize("make", KINDS)
def test_no_command_replaces_what_is_no_ordinary_file(
    run: Callable[..., int], model: Path, tmp_path: Path, make: Callable[[Path], None],
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Build, build with files beside, convert, extract: each finds it in its way."""
    good, place = tmp_path / "good", tmp_path / "place"
    assert run("build", model, "-o", good, *TARGET) == 0
    commands: list[tuple[str, list[str | Path]]] = [
        ("out", ["build", model, "-o", place / "out", *TARGET]),
        ("out.gguf", ["build", model, "-o", place / "out", *TARGET, "--layout", "pair"]),
        ("out", ["build", model, "-o", place / "out", "--layout", "oci", *TARGET]),
        ("out", ["convert", good, "-o", place / "out", "--layout", "script"]),
        ("manifest.json", ["extract", good, "manifest.json", "-C", place]),
    ]
    for name, command in commands:
        place.mkdir()
        make(place / name)
        before = state_of(place / name)
        capfd.readouterr()
        assert run(*command) == 10, command
        assert str(place / name) in capfd.readouterr().err
        assert state_of(place / name) == before, command
        if (place / "precious").exists():
            assert (place / "precious").read_text() == "keep me"
        shutil.rmtree(place)


def test_runtimes_are_copied_over_ordinary_files_alone(
    run: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    copy = ("runtime", "build", "--target", "linux-x86_64", "--copy-to")
    assert run(*copy, tmp_path / "good") == 0
    assert run(*copy, tmp_path / "good") == 0  # again, over what is there
    place = tmp_path / "place/runtimes/linux-x86_64"
    place.mkdir(parents=True)
    make_link_to_a_file(place / "unpack.gz")
    assert run(*copy, tmp_path / "place") == 10
    assert "symbolic link" in capfd.readouterr().err
    assert (place / "precious").read_text() == "keep me"
    (tmp_path / "file").write_text("")
    assert run(*copy, tmp_path / "file") == 10
    assert str(tmp_path / "file") in capfd.readouterr().err


def test_other_names_replace_ordinary_files_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("new")
    make_fifo(tmp_path / "out.cmd")
    with pytest.raises(OutputError, match="is a pipe"):
        atomic_files.give_other_name(tmp_path / "out", tmp_path / "out.cmd")
    assert stat.S_ISFIFO((tmp_path / "out.cmd").lstat().st_mode)
    (tmp_path / "out.sh").write_text("old")
    atomic_files.give_other_name(tmp_path / "out", tmp_path / "out.sh")
    assert (tmp_path / "out.sh").read_text() == "new"


def test_a_descriptor_is_no_place_either(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """As `-o /dev/stdout`: what stdout leads to keeps its name and its content."""
    with (tmp_path / "stdout").open("w+b") as stdout:
        stdout.write(b"before")
        stdout.flush()
        done = subprocess.run(
            [sys.executable, "-m", "mkexe", "build", model, "-o", "/proc/self/fd/1", *TARGET],
            env=mkexe.environment, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=600,
        )  # fmt: skip
    assert done.returncode == 10, done.stderr
    assert (tmp_path / "stdout").read_bytes() == b"before"


def test_a_path_that_is_too_long_is_no_place(run: Callable[..., int], model: Path, tmp_path: Path) -> None:
    long = "/".join(["y" * 200] * 30)
    assert run("build", model, "-o", tmp_path / "good", *TARGET) == 0
    assert run("build", model, "-o", tmp_path / long, *TARGET) == 10
    assert run("convert", tmp_path / "good", "--layout", "pair", "-o", tmp_path / long) == 10
    assert run("extract", tmp_path / "good", "-C", tmp_path / long) == 10


def test_a_folder_of_links_in_a_circle_is_no_place(
    run: Callable[..., int], model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "circle").symlink_to("circle")
    assert run("build", model, "-o", tmp_path / "good", *TARGET) == 0
    for command in (["extract", tmp_path / "good", "-C"], ["build", model, *TARGET, "-o"]):
        assert run(*command, tmp_path / "circle" / "out") == 10
        assert str(tmp_path / "circle") in capfd.readouterr().err


def test_of_two_builds_side_by_side_none_takes_the_other_s_weights(tmp_path: Path) -> None:
    """Both found the name free; the file that belongs to the other one's artifact stays."""
    path = tmp_path / "out.gguf"

    def write() -> None:
        with atomic_files.data_file(path, 4) as file:
            file.write(b"ours")
            with atomic_files.data_file(path, 6) as other:
                other.write(b"theirs")

    with pytest.raises(OutputError, match="another program wrote this file"):
        write()
    assert path.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["out.gguf"]


def test_a_place_is_looked_at_again_before_it_is_taken(tmp_path: Path) -> None:
    def write() -> None:
        with atomic_files.output_file(tmp_path / "out") as file:
            file.write(b"data")
            os.mkfifo(tmp_path / "out")

    with pytest.raises(OutputError, match="is a pipe"):
        write()
    assert os.listdir(tmp_path) == ["out"]


def test_a_file_under_the_temporary_name_is_not_taken_for_the_output(tmp_path: Path) -> None:
    """Nor is a link of that name followed, as somebody could make one in a shared folder."""
    (tmp_path / "precious").write_text("keep me")
    (tmp_path / f".out.{os.getpid()}.part").symlink_to("precious")
    with atomic_files.output_file(tmp_path / "out") as file:
        file.write(b"data")
    assert (tmp_path / "out").read_bytes() == b"data"
    assert (tmp_path / "precious").read_text() == "keep me"


def test_an_ordinary_file_is_replaced(run: Callable[..., int], model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    assert run("build", model, "-o", tmp_path / "out", *TARGET) == 0
    assert (tmp_path / "out").stat().st_size > model.stat().st_size
