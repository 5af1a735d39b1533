"""Headers of tar files (POSIX.1-1988 ustar, with GNU's way of writing numbers of 8 GiB and more)."""

from __future__ import annotations

import tarfile

BLOCK_SIZE = 512  # bytes; headers and content begin at its multiples
END = bytes(2 * BLOCK_SIZE)  # a tar file ends with these


def tar_header(name: str, size: int, mode: int, created: int, owner: int = 0) -> bytes:
    """The header of a file of `size` bytes, or of a folder if the name ends in a slash.

    `created` is in seconds since 1970; `owner` is the number of both user and group. A header with a name of up to 100
    bytes takes one block.
    """
    info = tarfile.TarInfo(name.rstrip("/"))
    info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
    info.size, info.mode, info.mtime = size, mode, created
    info.uid = info.gid = owner
    return info.tobuf(tarfile.GNU_FORMAT)


def padded(size: int) -> int:
    """The bytes that a content of `size` bytes takes, with padding."""
    return -(-size // BLOCK_SIZE) * BLOCK_SIZE
