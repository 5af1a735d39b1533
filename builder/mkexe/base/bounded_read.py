"""Read a small file that the user names, such as settings, a text or an icon. The path may lead to anything."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def reason(error: OSError) -> str:
    """Why a file cannot be read, in the wording of mkexe's other messages."""
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, IsADirectoryError):
        return "is a folder"
    return error.strerror or str(error)


def read_small_file(path: Path, maximum: int) -> bytes:
    """The first `maximum` bytes of an ordinary file, or all if it has fewer.

    Raises OSError if the path cannot be read or is not an ordinary file: reading a pipe or a device may never end.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "is not an ordinary file", str(path))
        return file.read(maximum)
