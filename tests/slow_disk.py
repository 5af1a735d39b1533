"""A disk that holds back a part of a file until it is told to go on: a FUSE file system with that file alone."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

# what the kernel reads ahead at most; a read that begins so far before the end may hold what lies behind it
READ_AHEAD_BYTES = 1 << 18
WAIT_LIMIT_S = 60.0
MOUNT_LIMIT_S = 10.0


class SlowDisk:
    """Context manager: `file` under another path, of which `begin` to `end` (offsets in bytes) cannot be read yet."""

    def __init__(self, file: Path, folder: Path, begin: int, end: int) -> None:
        self.file = folder / file.name
        self.reached = threading.Event()
        self._folder = folder
        self._gate = threading.Event()
        self._source = os.open(file, os.O_RDONLY)
        self._held = range(begin, end - READ_AHEAD_BYTES)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def go_on(self) -> None:
        """From now on all can be read."""
        self._gate.set()

    def __enter__(self) -> SlowDisk:
        self._folder.mkdir()
        self._thread.start()
        mounted = threading.Event()
        for _ in range(int(MOUNT_LIMIT_S / 0.02)):
            if os.path.ismount(self._folder):
                return self
            mounted.wait(0.02)  # the kernel tells nobody of a mount
        raise TimeoutError(f"{self._folder} was not mounted")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_on()
        subprocess.run(["fusermount3", "-u", "-z", str(self._folder)], check=True, timeout=30)
        self._thread.join(30)
        os.close(self._source)

    def _serve(self) -> None:
        import mfusepy

        disk = self

        class Operations(mfusepy.Operations):  # type: ignore[misc]
            use_ns = True

            def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
                if path == "/":
                    return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
                if path != f"/{disk.file.name}":
                    raise mfusepy.FuseOSError(errno.ENOENT)
                size = os.fstat(disk._source).st_size
                return {"st_mode": stat.S_IFREG | 0o755, "st_nlink": 1, "st_size": size}

            def readdir(self, path: str, fh: int) -> list[str]:
                return [".", "..", disk.file.name]

            def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
                return disk._read(size, offset)

        mfusepy.FUSE(Operations(), str(self._folder), foreground=True, ro=True)

    def _read(self, size: int, offset: int) -> bytes:
        if offset in self._held:
            self.reached.set()
            self._gate.wait(WAIT_LIMIT_S)
        return os.pread(self._source, size, offset)
