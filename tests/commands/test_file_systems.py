"""Disks that hold no large files, and disks on which files share blocks: real file systems, mounted for one command."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from mkexe.artifact.reader import open_artifact
from support.needs import need
from support.small_models import write_small_model

TARGET = ("--target", "linux-x86_64")
# with blocks of a kilobyte, of which its tables reach no more than 16 GiB of a file
EXT2 = ("mkfs.ext2", "-q", "-b", "1024", "-N", "64", "-m", "0")
MIB = 1 << 20
GIB = 1 << 30


def on_a_disk(mkexe: Mkexe, folder: Path, make: tuple[str, ...], size: int, script: str) -> tuple[int, str, str]:
    """Run a shell's `script` in a new file system of `size` bytes; its exit status, stdout and stderr.

    `mkexe` is a command in it.
    """
    need(make[0])
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    image, disk = folder / "image", folder / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run([*make, str(image)], check=True, capture_output=True)
    setup = f'mount -o loop {image} {disk} && cd {disk} && mkexe() {{ {shlex.quote(sys.executable)} -m mkexe "$@"; }}\n'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", setup + script],
        env=mkexe.environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.stderr.startswith(("mount: ", "unshare: ")):
        assert not os.environ.get("CI"), done.stderr
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("layout", ["script", "pair"])
def test_a_disk_that_holds_no_file_so_large_is_found_at_once(mkexe: Mkexe, tmp_path: Path, layout: str) -> None:
    huge = write_small_model(tmp_path / "huge.gguf", large_bytes=17 * GIB)
    build = f"mkexe build {huge} --layout {layout} {' '.join(TARGET)} -o out; status=$?; ls -A; exit $status"
    status, out, error = on_a_disk(mkexe, tmp_path, EXT2, 24 * GIB, build)
    assert (status, out) == (10, "lost+found\n"), error
    assert "File too large\nhint: this disk cannot hold such a large file (FAT32 allows less than 4 GiB)" in error
    assert "--layout pair --split-size 4GB" in error


def test_a_limit_for_files_is_found_while_it_is_written(mkexe: Mkexe, tmp_path: Path) -> None:
    need("prlimit")
    words = ["prlimit", f"--fsize={2 * MIB}", sys.executable, "-m", "mkexe", "build", str(TINY_MODEL), *TARGET]
    done = subprocess.run([*words, "-o", tmp_path / "out"], env=mkexe.environment, capture_output=True, text=True)
    assert done.returncode == 10
    assert "out: File too large\nhint: this disk cannot hold such a large file" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize("make", [("mkfs.btrfs", "-q"), ("mkfs.xfs", "-q", "-m", "reflink=1")], ids=["btrfs", "xfs"])
def test_where_files_can_share_blocks_the_weights_take_no_room(
    mkexe: Mkexe, tmp_path: Path, make: tuple[str, ...]
) -> None:
    """The model, what is built of it, and what that is converted to: all three have the same blocks."""
    used = "sync -f . && df --output=used -B1 . | tail -1"
    script = (
        f"cp {TINY_MODEL} tiny.gguf && {used}\n"
        f"mkexe build tiny.gguf {' '.join(TARGET)} -o built >/dev/null && {used}\n"
        f"mkexe convert built --layout pair -o pair >/dev/null && {used}\n"
        f"cmp tiny.gguf pair.gguf && mkexe verify built >&2 && cp built {tmp_path}/copy"
    )
    status, out, error = on_a_disk(mkexe, tmp_path, make, 512 * MIB, script)
    assert status == 0, error
    before, built, converted = map(int, out.split())
    assert before > TINY_MODEL.stat().st_size
    assert built - before < TINY_MODEL.stat().st_size / 5
    assert converted - built < TINY_MODEL.stat().st_size / 5
    assert open_artifact(tmp_path / "copy").manifest.weights()[0].size == TINY_MODEL.stat().st_size
