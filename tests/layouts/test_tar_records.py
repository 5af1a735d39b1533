"""Headers of tar files, as another reader takes them: sizes, owners and kinds of what an image holds."""

from __future__ import annotations

import tarfile

import pytest

from mkexe.layouts.tar_records import BLOCK_SIZE, END, padded, tar_header


# 8 GiB is the first size that ustar's eleven octal digits do not hold
@pytest.mark.parametrize("size", [0, 1, 512, (8 << 30) - 1, 8 << 30, 40 << 30])
def test_every_size_is_read_back(size: int) -> None:
    header = tar_header("blobs/sha256/" + "0" * 64, size, 0o644, 1_700_000_000)
    assert len(header) == BLOCK_SIZE
    info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
    assert (info.size, info.mode, info.mtime, info.isreg()) == (size, 0o644, 1_700_000_000, True)
    assert padded(size) % BLOCK_SIZE == 0
    assert 0 <= padded(size) - size < BLOCK_SIZE


def test_a_folder_belongs_to_whom_it_is_given() -> None:
    info = tarfile.TarInfo.frombuf(tar_header("data/", 0, 0o700, 0, owner=65532), "utf-8", "strict")
    assert (info.name, info.isdir(), info.uid, info.gid, info.mode) == ("data", True, 65532, 65532, 0o700)
    assert len(END) == 2 * BLOCK_SIZE
