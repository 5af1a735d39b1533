"""A disk that keeps to the rules of FAT as Linux mounts it, over a folder: a FUSE file system.

As in Linux' fs/fat/file.c: the modes of files are those of the mount, only chmod(2) to just them is allowed
(fat_allow_set_mode); there are no links, and no file is larger than the file system can say. As desktops mount sticks
(udisks2, "showexec"), a file can be executed where its name ends in .exe.
"""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

MOUNT_LIMIT_S = 10.0


class Stick:
    """Context manager: the files of `folder` at `mounted`, none of them larger than `largest` bytes."""

    def __init__(self, folder: Path, mounted: Path, largest: int) -> None:
        self.mounted = mounted
        self._folder = folder
        self._largest = largest
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Path:
        self._folder.mkdir()
        self.mounted.mkdir()
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(MOUNT_LIMIT_S / 0.02)):
            if os.path.ismount(self.mounted):
                return self.mounted
            waiting.wait(0.02)  # the kernel tells nobody of a mount
        raise TimeoutError(f"{self.mounted} was not mounted")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["fusermount3", "-u", "-z", str(self.mounted)], check=True, timeout=30)
        self._thread.join(30)

    def _serve(self) -> None:
        import mfusepy

        own, largest = self._folder, self._largest

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

        mfusepy.FUSE(Operations(), str(self.mounted), foreground=True)
