"""A disk that keeps to the rules of FAT as Linux mounts it, over a folder: a FUSE file system.

As in Linux' fs/fat/file.c: the modes of files are those of the mount, only chmod(2) to just them is allowed
(fat_allow_set_mode); there are no links, and no file is larger than the file system can say. As desktops mount sticks
(udisks2, "showexec"), a file can be executed where its name ends in .exe.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.mounts import mounted


@contextmanager
def stick(folder: Path, mount_point: Path, largest: int) -> Iterator[Path]:
    """The files of `folder` at `mount_point`, none of them larger than `largest` bytes; both folders are made."""
    folder.mkdir()
    mount_point.mkdir()
    with mounted(_operations(folder, largest), mount_point):
        yield mount_point


def _operations(own: Path, largest: int) -> Any:
    import mfusepy

    class Operations(mfusepy.Operations):  # type: ignore[misc]
        use_ns = True

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            found = os.lstat(f"{own}{path}")
            kind = stat.S_IFDIR if stat.S_ISDIR(found.st_mode) else stat.S_IFREG
            mode = 0o755 if kind == stat.S_IFDIR or path.endswith(".exe") else 0o644
            return {
                "st_mode": kind | mode, "st_nlink": 1, "st_size": found.st_size, "st_mtime": found.st_mtime_ns,
                "st_uid": os.getuid(), "st_gid": os.getgid(),
            }  # fmt: skip

        def chmod(self, path: str, mode: int) -> None:
            if mode & 0o555 != self.getattr(path)["st_mode"] & 0o555:
                raise mfusepy.FuseOSError(errno.EPERM)

        def link(self, target: str, source: str) -> None:
            raise mfusepy.FuseOSError(errno.EPERM)

        def readdir(self, path: str, fh: int) -> list[str]:
            return [".", "..", *os.listdir(f"{own}{path}")]

        def create(self, path: str, mode: int, fi: object = None) -> int:
            return os.open(f"{own}{path}", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)

        def open(self, path: str, flags: int) -> int:
            return os.open(f"{own}{path}", os.O_RDWR)

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            return os.pread(fh, size, offset)

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
            if offset + len(data) > largest:
                raise mfusepy.FuseOSError(errno.EFBIG)
            return os.pwrite(fh, data, offset)

        def truncate(self, path: str, length: int, fh: int | None = None) -> None:
            os.truncate(f"{own}{path}", length)

        def release(self, path: str, fh: int) -> None:
            os.close(fh)

        def rename(self, old: str, new: str) -> None:
            os.rename(f"{own}{old}", f"{own}{new}")

        def unlink(self, path: str) -> None:
            os.unlink(f"{own}{path}")

        def statfs(self, path: str) -> dict[str, int]:
            found = os.statvfs(own)
            return {key: getattr(found, key) for key in ("f_bsize", "f_frsize", "f_blocks", "f_bavail", "f_bfree")}

    return Operations()
