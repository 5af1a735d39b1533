"""A disk that holds back a part of a file until it is told to go on: a FUSE file system with that file alone."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.mounts import mounted

# what the kernel reads ahead at most; a read that begins so far before the end may hold what lies behind it
READ_AHEAD_BYTES = 1 << 18
WAIT_LIMIT_S = 60.0


class SlowDisk:
    """`file`: the file on this disk; `reached`: set when the part that is held back was asked for."""

    def __init__(self, file: Path, source: int, held: range) -> None:
        self.file = file
        self.reached = threading.Event()
        self._gate = threading.Event()
        self._source = source
        self._held = held

    def go_on(self) -> None:
        """From now on all can be read."""
        self._gate.set()

    def size(self) -> int:
        """Bytes of the file."""
        return os.fstat(self._source).st_size

    def read(self, size: int, offset: int) -> bytes:
        """`size` bytes at `offset`, as soon as they may be read."""
        if offset in self._held:
            self.reached.set()
            self._gate.wait(WAIT_LIMIT_S)
        return os.pread(self._source, size, offset)


@contextmanager
def slow_disk(file: Path, folder: Path, begin: int, end: int) -> Iterator[SlowDisk]:
    """`file` in `folder`, which is made, where `begin` to `end` (offsets in bytes) cannot be read yet."""
    folder.mkdir()
    with file.open("rb") as source:
        disk = SlowDisk(folder / file.name, source.fileno(), range(begin, end - READ_AHEAD_BYTES))
        # like a disk's, what was read stays when the file is opened again; else opening waits for the reads under way
        with mounted(_operations(disk), folder, ro=True, kernel_cache=True):
            try:
                yield disk
            finally:
                disk.go_on()


def _operations(disk: SlowDisk) -> Any:
    import mfusepy

    class Operations(mfusepy.Operations):  # type: ignore[misc]
        use_ns = True

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            if path == "/":
                return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
            if path != f"/{disk.file.name}":
                raise mfusepy.FuseOSError(errno.ENOENT)
            return {"st_mode": stat.S_IFREG | 0o755, "st_nlink": 1, "st_size": disk.size()}

        def readdir(self, path: str, fh: int) -> list[str]:
            return [".", "..", disk.file.name]

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            return disk.read(size, offset)

    return Operations()
