"""Copy files into an artifact and hash them at the same time, with constant memory.

On Linux the kernel copies (copy_file_range, which shares blocks if the file system can). Meanwhile a second thread
hashes the source, and a third one may hash the output. hashlib and zlib-ng release the interpreter lock for large
buffers; zlib-ng's CRC-32 is several times as fast as zlib's.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from zlib_ng.zlib_ng import crc32

from mkexe.base.reporter import UNWATCHED, Progress
from mkexe.errors import ModelError

_CHUNK_SIZE = 8 * 1024 * 1024  # bytes
_HASHED_SIZE = 1024 * 1024  # bytes; small enough to stay in the processor's cache for both hashes
# errors of copy_file_range(2) if it cannot copy between two files
_NOT_IN_KERNEL = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)


class FileRange(Protocol):
    """The bytes to copy: `prefix`, then the file at `path` from `offset` on; `size_bytes` counts both."""

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def size_bytes(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def prefix(self) -> bytes: ...  # noqa: D102
    @property
    def is_file(self) -> bool:
        """Whether it is the whole file at `path`."""


@dataclass(frozen=True)
class Digest:
    """Size in bytes, SHA-256 in hexadecimal, and CRC-32 of something that was read or written."""

    size: int
    sha256: str
    crc32: int


def copy_bytes(data: bytes, output: BinaryIO, offset: int) -> Digest:
    """Write `data` at `offset`."""
    output.seek(offset)
    output.write(data)
    return describe(data)


def describe(data: bytes) -> Digest:
    """The digest of these bytes."""
    return Digest(len(data), hashlib.sha256(data).hexdigest(), crc32(data))


class FollowingHash:
    """SHA-256 of a file from `offset` on, computed in a thread while the file is written in order; `close` it."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        # a file without a name (O_TMPFILE) is reached through its descriptor; either way with a position of its own
        name = file.name if isinstance(file.name, str) else f"/proc/self/fd/{file.fileno()}"
        self._file = open(name, "rb", buffering=0)  # noqa: SIM115
        self._buffer = memoryview(bytearray(_CHUNK_SIZE))
        self._sha256 = hashlib.sha256()
        self._complete = self._asked = self._done = offset
        self._file.seek(self._done)
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)
        self._file.close()

    def set_total(self, total: int) -> None:
        """Ignored: hashing does not need the total."""

    def advance(self, count: int, doing: str = "") -> None:
        """Report that `count` more bytes of the file are written and flushed."""
        end = self._complete = self._complete + count
        while self._asked < end:
            self._asked = min(self._asked + _CHUNK_SIZE, end)
            self._last = self._pool.submit(self._read_to, self._asked)

    def digest(self) -> str:
        """The hash of all bytes that `advance` reported, in hexadecimal; waits for the thread."""
        if self._last is not None:
            self._last.result()
        return self._sha256.hexdigest()

    def _read_to(self, end: int) -> None:
        while self._done < end:
            count = self._file.readinto(self._buffer[: end - self._done])
            if not count:
                raise OSError(errno.EIO, "what was written cannot be read back")
            self._sha256.update(self._buffer[:count])
            self._done += count


def hash_range(part: FileRange, progress: Progress) -> Digest:
    """The digest that `copy_file` would return; `progress` gets the bytes hashed."""
    return Digest(part.size_bytes, *_hash(part, progress, threading.Event(), True))


def hash_begin(part: FileRange, size: int) -> str:
    """SHA-256 of the part's first `size` bytes, or of all if it has fewer, in hexadecimal."""
    with part.path.open("rb") as file:
        file.seek(part.offset)
        begin = part.prefix + file.read(max(0, min(size, part.size_bytes) - len(part.prefix)))
    return hashlib.sha256(begin[:size]).hexdigest()


def copy_file(
    part: FileRange,
    output: BinaryIO,
    offset: int,
    progress: Progress,
    written: Progress = UNWATCHED,
    known: Digest | None = None,
) -> Digest:
    """Write the part's bytes at `offset`.

    `progress` gets the bytes hashed, `written` those that are written and flushed. If the part's digest is `known`,
    only the CRC-32 is computed, which is much faster than SHA-256; if it differs, everything is hashed. Raises
    ModelError if the file is too short or changes meanwhile, OSError if writing fails.
    """
    output.flush()
    stopped = threading.Event()
    with part.path.open("rb", buffering=0) as source, ThreadPoolExecutor(1) as pool:
        before = os.fstat(source.fileno())
        hashing = pool.submit(_hash, part, progress, stopped, known is None)
        try:
            _copy(source, part, output, offset, written)
            sha256, checksum = hashing.result()
        except BaseException:
            stopped.set()
            raise
        after = os.fstat(source.fileno())
    end = part.offset + part.size_bytes - len(part.prefix)
    expected = end if part.is_file else max(before.st_size, end)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or before.st_size != expected:
        raise ModelError(
            f"{part.path}: changed while it was read: expected {expected} bytes, found {after.st_size}",
            "try again when it is done",
        )
    if known is None:
        return Digest(part.size_bytes, sha256, checksum)
    return known if (known.size, known.crc32) == (part.size_bytes, checksum) else hash_range(part, UNWATCHED)


def _copy(source: io.FileIO, part: FileRange, output: BinaryIO, offset: int, written: Progress) -> None:
    output.seek(offset)
    output.write(part.prefix)
    output.flush()
    written.advance(len(part.prefix))
    done = _copy_in_kernel(source, part, output, offset, written)
    source.seek(part.offset + done - len(part.prefix))
    output.seek(offset + done)
    while done < part.size_bytes:
        chunk = source.read(min(_CHUNK_SIZE, part.size_bytes - done))
        if not chunk:
            return  # the caller notices it by the file's size
        output.write(chunk)
        output.flush()
        done += len(chunk)
        written.advance(len(chunk))


def _copy_in_kernel(source: io.FileIO, part: FileRange, output: BinaryIO, offset: int, written: Progress) -> int:
    """Let the kernel copy as much as it can between these files; returns the bytes of the part that are written."""
    done = len(part.prefix)
    if sys.platform != "linux":  # other systems have no copy_file_range
        return done
    behind = part.offset - len(part.prefix)
    try:
        while done < part.size_bytes:
            size = min(_CHUNK_SIZE, part.size_bytes - done)
            count = os.copy_file_range(source.fileno(), output.fileno(), size, behind + done, offset + done)
            if count == 0:
                break
            done += count
            written.advance(count)
    except OSError as error:
        if error.errno not in _NOT_IN_KERNEL:
            raise
    return done


def _hash(part: FileRange, progress: Progress, stopped: threading.Event, with_sha256: bool) -> tuple[str, int]:
    """SHA-256 and CRC-32 of the part; without `with_sha256` the SHA-256 is meaningless."""
    sha256, checksum, done = hashlib.sha256(part.prefix), crc32(part.prefix), len(part.prefix)
    buffer = memoryview(bytearray(_HASHED_SIZE))
    progress.advance(done)
    with part.path.open("rb", buffering=0) as source:
        source.seek(part.offset)
        while not stopped.is_set() and (count := source.readinto(buffer[: part.size_bytes - done])):
            if with_sha256:
                sha256.update(buffer[:count])
            checksum = crc32(buffer[:count], checksum)
            done += count
            progress.advance(count)
    return sha256.hexdigest(), checksum
