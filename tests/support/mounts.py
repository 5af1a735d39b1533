"""File systems that a test serves itself, by FUSE in a thread of its own process."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOUNT_LIMIT_S = 10.0


@contextmanager
def mounted(operations: Any, folder: Path, **options: Any) -> Iterator[None]:
    """`operations` (mfusepy.Operations) at `folder`, mounted with `options`; to be used from the main thread.

    libfuse sets SIGPIPE to its default when it ends, wherever it was ignored (fuse_remove_signal_handlers), and a
    default SIGPIPE ends Python at the next write to a closed connection. A handler of another kind is left alone.
    """
    import mfusepy

    def serve() -> None:
        mfusepy.FUSE(operations, str(folder), foreground=True, **options)

    before = signal.signal(signal.SIGPIPE, lambda *_: None)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        _wait_until_mounted(folder)
        try:
            yield
        finally:
            subprocess.run(["fusermount3", "-u", "-z", str(folder)], check=True, timeout=30)
            thread.join(30)
    finally:
        signal.signal(signal.SIGPIPE, before)


def _wait_until_mounted(folder: Path) -> None:
    waiting = threading.Event()
    for _ in range(int(MOUNT_LIMIT_S / 0.02)):
        if os.path.ismount(folder):
            return
        waiting.wait(0.02)  # the kernel tells nobody of a mount
    raise TimeoutError(f"{folder} was not mounted")
