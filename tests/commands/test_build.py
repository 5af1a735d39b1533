"""`mkexe build` from outside: what it refuses, what it leaves behind, what it says."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import Mkexe, install_fake_runtime
from mkexe.artifact.reader import open_artifact
from mkexe.base import atomic_files
from mkexe.errors import OutputError
from support.executables import Pe
from support.small_models import write_small_model
from support.split_model import split_gguf

TARGET = ("--target", "linux-x86_64")


@pytest.fixture
def large_model(tmp_path: Path) -> Path:
    """A model of 3 GB that takes no room: its weights are a hole in the file."""
    return write_small_model(tmp_path / "large.gguf", large_bytes=3_000_000_000)


def test_the_name_comes_from_the_file_and_the_title_from_the_model(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "mkexe", "build", model, *TARGET], env=mkexe.environment, cwd=tmp_path, check=True
    )
    manifest = open_artifact(tmp_path / "small").manifest
    assert (manifest.name, manifest.page["title"], manifest.models[0].license) == ("small", "small", "cc0-1.0")


def test_system_prompt_from_a_file(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("Be brief.\n")
    mkexe("build", model, "-o", tmp_path / "out", *TARGET, "--system-prompt", f"@{tmp_path / 'prompt.txt'}")
    assert open_artifact(tmp_path / "out").manifest.page["system_prompt"] == "Be brief."


def test_default_arguments_are_split_like_a_shell_does(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    mkexe("build", model, "-o", tmp_path / "out", *TARGET, "--arg", "-c 128", "--arg", "--alias 'a b'")
    assert open_artifact(tmp_path / "out").manifest.default_args == ("-c", "128", "--alias", "a b")


def test_split_model_is_bundled_in_order(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    first = split_gguf(model, tmp_path / "parts", parts=2)
    mkexe("build", first, "-o", tmp_path / "out", *TARGET)
    entries = [part.entry for part in open_artifact(tmp_path / "out").manifest.weights()]
    assert entries == ["models/small-00001-of-00002.gguf", "models/small-00002-of-00002.gguf"]


def test_missing_part_is_named_and_nothing_is_written(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    first = split_gguf(model, tmp_path / "parts", parts=2)
    (tmp_path / "parts/small-00002-of-00002.gguf").unlink()
    failed = mkexe("build", first, "-o", tmp_path / "out", *TARGET, status=3)
    assert "small-00002-of-00002.gguf" in failed.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere.gguf"], 3, "nowhere.gguf"),
        (["small.gguf", "--target", "beos-m68k"], 2, "--target: unknown target 'beos-m68k'"),
        (["small.gguf", "-o", "."], 10, "is a folder"),
        (["small.gguf", "-o", "missing/out", *TARGET], 10, "missing"),
        (["small.gguf", "-o", "small.gguf", *TARGET], 10, "is the model itself"),
        (["small.gguf", "--name", "a/b", *TARGET], 2, "the name 'a/b'"),
        (["small.gguf", "--arg", "'", *TARGET], 2, "--arg: No closing quotation"),
        (["small.gguf", "--system-prompt", "@nowhere.txt", *TARGET], 2, "nowhere.txt"),
    ],
)
def test_mistakes_get_a_sentence_an_exit_code_and_advice(
    mkexe: Mkexe, model: Path, arguments: list[str], status: int, message: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkexe", "build", *arguments],
        env=mkexe.environment, cwd=model.parent, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert message in done.stderr
    assert "hint:" in done.stderr
    assert sorted(path.name for path in model.parent.iterdir()) == ["home", "small.gguf"]


def test_bad_source_date_epoch(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    failed = mkexe("build", model, "-o", tmp_path / "out", *TARGET, status=2, environment={"SOURCE_DATE_EPOCH": "now"})
    assert "SOURCE_DATE_EPOCH is 'now'" in failed.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing(mkexe: Mkexe, large_model: Path, number: int) -> None:
    folder = large_model.parent / "out"
    folder.mkdir()
    command = [sys.executable, "-m", "mkexe", "build", str(large_model), "-o", str(folder / "out"), *TARGET]
    child = subprocess.Popen(
        command, env=mkexe.environment, stderr=subprocess.PIPE, text=True, preexec_fn=_listen_to_interrupts
    )
    assert child.stderr is not None
    while "writing" not in child.stderr.readline():
        assert child.poll() is None
    child.send_signal(number)
    child.communicate(timeout=60)
    assert child.returncode == (-number if number == signal.SIGKILL else 130)
    assert list(folder.iterdir()) == []


def _listen_to_interrupts() -> None:
    """A job in the background of a script ignores SIGINT, and its children with it: a person's terminal does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_large_model_is_copied_with_flat_memory(mkexe: Mkexe, large_model: Path, tmp_path: Path) -> None:
    """Three gigabytes of weights; the kernel tells the peak (getrusage's one holds that of the parent before exec)."""
    program = (
        "import re, sys, mkexe.cli as cli\n"
        "status = cli.main(sys.argv[1:])\n"
        "print('peak', re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
        "sys.exit(status)"
    )
    arguments = ["build", str(large_model), "-o", str(tmp_path / "out"), *TARGET]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=mkexe.environment, capture_output=True, text=True, check=True
    )
    peak_kilobytes = int(done.stdout.rsplit("peak ", 1)[1])
    assert peak_kilobytes < 250_000
    (tmp_path / "out").unlink()


def test_repeated_builds_quote_the_right_hashes(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """From the second build on the weights' CRC-32 is compared with what was remembered, their SHA-256 taken over."""
    for turn, prompt in enumerate(["", "Be brief.", "x" * 5000]):
        out = tmp_path / f"out{turn}"
        words = ("--sha256", "--json", "--system-prompt", prompt)
        said = json.loads(mkexe("build", model, "-o", out, *TARGET, *words).stdout)
        assert said["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
        assert said["size"] == out.stat().st_size
        assert "good" in mkexe("verify", out).stdout


def test_what_was_remembered_of_other_weights_is_not_believed(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    first = split_gguf(model, tmp_path / "parts", parts=2)
    fixed = {"SOURCE_DATE_EPOCH": "1700000000"}
    mkexe("build", first, "-o", tmp_path / "good", *TARGET, environment=fixed)
    remembered = sorted((mkexe.cache / "weights").iterdir())
    assert len(remembered) == 2
    damaged: tuple[object, ...] = ({"size": 1, "sha256": "0" * 64, "crc32": 4_000_000_000}, {"size": 1}, [])
    for wrong in damaged:
        for record in remembered:
            record.write_text(json.dumps(wrong))
        mkexe("build", first, "-o", tmp_path / "out", *TARGET, environment=fixed)
        assert (tmp_path / "out").read_bytes() == (tmp_path / "good").read_bytes()


def test_a_cache_that_cannot_remember_is_no_error(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    (mkexe.cache / "weights").write_text("a file where the folder should be")
    mkexe("build", model, "-o", tmp_path / "out", *TARGET)


def test_a_full_disk_is_reported_before_copying(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare to mount a small file system")
    small = tmp_path / "disk"
    small.mkdir()
    build = f"'{sys.executable}' -m mkexe build '{model}' -o '{small}/out' --target linux-x86_64"
    script = f"mount -t tmpfs -o size=64k none '{small}' && {{ {build}; status=$?; ls -A '{small}'; exit $status; }}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], env=mkexe.environment, capture_output=True, text=True)
    if done.stderr.startswith(("mount:", "unshare:")):
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    assert done.returncode == 10, done.stderr
    assert "are free" in done.stderr
    assert done.stdout == ""


def test_what_is_too_large_for_windows_becomes_a_script(mkexe: Mkexe, tmp_path: Path) -> None:
    install_fake_runtime(mkexe.cache, "windows-x86_64", Pe().build())
    huge = write_small_model(tmp_path / "huge.gguf", large_bytes=4_400_000_000)
    wanted = ("--target", "windows-x86_64,linux-x86_64")
    for layout in ("exe", "native"):
        words = ("--target", "windows-x86_64", "--layout", layout)
        failed = mkexe("build", huge, "-o", tmp_path / "out", *words, status=2)
        assert "Windows refuses to start programs of 4 GiB or more, and this one would have 4.10 GiB" in failed.stderr
        assert "--layout script or --layout pair" in failed.stderr
    failed = mkexe("build", huge, "-o", tmp_path / "out.exe", *wanted, status=2)
    assert "only if its name ends in .cmd" in failed.stderr
    built = mkexe("build", huge, *wanted, "-o", tmp_path / "out.cmd")
    assert "layout script: Windows refuses to start programs of 4 GiB" in built.stderr
    assert (tmp_path / "out.cmd").read_bytes()[:10] == b"#!/bin/sh\n"
    assert "good" in mkexe("verify", tmp_path / "out.cmd").stdout
    with zipfile.ZipFile(tmp_path / "out.cmd") as archive:
        assert archive.getinfo("models/huge.gguf").file_size == huge.stat().st_size


def test_the_names_for_each_system_are_the_same_file(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    install_fake_runtime(mkexe.cache, "windows-x86_64", Pe().build())
    (tmp_path / "out").write_text("an earlier one")
    found = json.loads(mkexe("build", model, "-o", tmp_path / "out.exe", "--names", "--json").stdout)
    assert found["other_names"] == [str(tmp_path / "out"), str(tmp_path / "out.command")]
    for name in found["other_names"]:
        assert os.path.samefile(name, tmp_path / "out.exe")
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    found = json.loads(
        mkexe("build", model, "-o", tmp_path / "big.cmd", "--layout", "script", "--names", "--json").stdout
    )
    assert [Path(name).name for name in found["other_names"]] == ["big", "big.command"]
    words = ("--layout", "script", "--target", "linux-x86_64", "--names", "--json")
    assert json.loads(mkexe("build", model, "-o", tmp_path / "small", *words).stdout)["other_names"] == []


def test_a_file_system_without_links_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(fcntl, "ioctl", refuse)
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(OutputError) as refused:
        atomic_files.give_other_name(tmp_path / "a.exe", tmp_path / "a")
    assert "neither hard links nor clones" in refused.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["a.exe"]


def test_some_targets_of_two_packs_are_packed_anew(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """One pack could be taken as it is, the other could not."""
    mkexe("build", model, "-o", tmp_path / "all", "--layout", "script")
    some = ("linux-x86_64", "macos-x86_64", "linux-aarch64")
    words = ("--layout", "script", "--target", ",".join(some), "-o", tmp_path / "some")
    mkexe("convert", tmp_path / "all", *words)
    assert {record.target for record in open_artifact(tmp_path / "some").manifest.runtimes} == set(some)
    assert "good" in mkexe("verify", tmp_path / "some").stdout
