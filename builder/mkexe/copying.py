"""Copy into an artifact and hash beside it, with flat memory.

On Linux the kernel copies (copy_file_range, which shares blocks where the file system can); the hashes read the source
in another thread meanwhile. hashlib and zlib release the interpreter lock for large buffers.
"""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mkexe.errors import ModelError

_CHUNK_SIZE = 8 * 1024 * 1024  # bytes
# what copy_file_range(2) says where it cannot copy between two files
_NOT_IN_KERNEL = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)


@dataclass(frozen=True)
class Copied:
    """What was written: bytes, SHA-256 in hexadecimal, CRC-32."""

    size: int
    sha256: str
    crc32: int


def copy_bytes(data: bytes, output: BinaryIO, offset: int) -> Copied:
    """Write `data` at `offset`."""
    output.seek(offset)
    output.write(data)
    return Copied(len(data), hashlib.sha256(data).hexdigest(), zlib.crc32(data))


def copy_file(path: Path, size: int, output: BinaryIO, offset: int, progress: Callable[[int], None]) -> Copied:
    """Write the `size` bytes of the file at `offset`; `progress` gets bytes hashed so far.

    Raises ModelError when the file is not `size` bytes long or changes meanwhile, OSError when writing fails.
    """
    output.flush()
    stopped = threading.Event()
    with path.open("rb", buffering=0) as source, ThreadPoolExecutor(2) as pool:
        before = os.fstat(source.fileno())
        hashing = pool.submit(_hash, path, size, progress, stopped)
        try:
            _copy(source, size, output, offset)
            sha256, crc32 = hashing.result()
        except BaseException:
            stopped.set()
            raise
        after = os.fstat(source.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or before.st_size != size:
        raise ModelError(
            f"{path}: changed while it was read: expected {size} bytes, found {after.st_size}",
            "try again when it is done",
        )
    return Copied(size, sha256, crc32)


def _copy(source: io.FileIO, size: int, output: BinaryIO, offset: int) -> None:
    done = _copy_in_kernel(source, size, output, offset) if hasattr(os, "copy_file_range") else 0
    source.seek(done)
    output.seek(offset + done)
    while done < size:
        chunk = source.read(min(_CHUNK_SIZE, size - done))
        if not chunk:
            return  # the caller sees the size
        output.write(chunk)
        done += len(chunk)


def _copy_in_kernel(source: io.FileIO, size: int, output: BinaryIO, offset: int) -> int:
    """How many bytes the kernel copied; fewer than `size` where it cannot do it between these files."""
    done = 0
    try:
        while done < size:
            count = os.copy_file_range(
                source.fileno(), output.fileno(), min(_CHUNK_SIZE, size - done), done, offset + done
            )
            if count == 0:
                break
            done += count
    except OSError as error:
        if error.errno not in _NOT_IN_KERNEL:
            raise
    return done


def _hash(path: Path, size: int, progress: Callable[[int], None], stopped: threading.Event) -> tuple[str, int]:
    """SHA-256 and CRC-32 of the file, the two side by side."""
    sha256, crc32, done = hashlib.sha256(), 0, 0
    buffers = [bytearray(_CHUNK_SIZE), bytearray(_CHUNK_SIZE)]
    with path.open("rb", buffering=0) as source, ThreadPoolExecutor(1) as pool:
        pending = None
        for turn in itertools.count():
            view = memoryview(buffers[turn % 2])
            count = source.readinto(view)
            if pending is not None:
                crc32 = pending.result()
            if not count or stopped.is_set():
                break
            pending = pool.submit(zlib.crc32, view[:count], crc32)
            sha256.update(view[:count])
            done += count
            progress(done)
        if pending is not None:
            crc32 = pending.result()
    return sha256.hexdigest(), crc32
