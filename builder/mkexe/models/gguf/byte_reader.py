"""Read the first part of a large file from front to back, and check every length against the file's size.

The file is read in windows of fixed size, and not mapped. If a running download truncates a mapped file, the system
kills the process. The mapped pages would also count as the process's own memory.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from mkexe.errors import ModelError
from mkexe.models.gguf.messages import FETCH_AGAIN, damaged, file_name, shown
from mkexe.models.gguf.types import MAX_STRING_BYTES

WINDOW_BYTES = 1 << 20
MAX_HEADER_BYTES = 1 << 30
"""The largest header that is read; headers of published models have at most about 50 MiB. A limit of our own."""

U32 = struct.Struct("<I")
I32 = struct.Struct("<i")
U64 = struct.Struct("<Q")
I64 = struct.Struct("<q")


class HeaderReader:
    """A cursor over `size_bytes` of a file from `start_bytes` on; `position` counts from there."""

    def __init__(self, file: BinaryIO, path: Path, size_bytes: int, start_bytes: int = 0) -> None:
        """Begin at byte `start_bytes` of a file that is open for reading; `path` is for error messages."""
        self.path = path
        self.size_bytes = size_bytes
        self.position = 0
        self._file = file
        self._start = start_bytes
        self._window = b""
        self._window_start = 0

    @property
    def left_bytes(self) -> int:
        """Bytes between the cursor and the end of the file."""
        return self.size_bytes - self.position

    def take(self, count: int, what: str) -> bytes:
        """Return the next `count` bytes and move past them; raises ModelError if the file has fewer."""
        at = self._reach(count, what)
        self.position += count
        return self._window[at : at + count]

    def number(self, layout: struct.Struct, what: str) -> int:
        """Return the next integer of the given layout."""
        at = self._reach(layout.size, what)
        self.position += layout.size
        value: int = layout.unpack_from(self._window, at)[0]
        return value

    def skip(self, count: int, what: str) -> None:
        """Move `count` bytes forward without reading them."""
        if count > self.left_bytes:
            raise self._ends(count, what)
        self.position += count

    def string_length(self, what: str, limit_bytes: int = MAX_STRING_BYTES) -> int:
        """Return a string's length in bytes, checked against the limit and the file's size (`gguf_reader::read`)."""
        start = self.position
        length = self.number(U64, f"the length of {what}")
        if length > limit_bytes:
            raise damaged(self.path, start, f"{what} of at most {limit_bytes} bytes", f"a length of {length}")
        if length > self.left_bytes:
            raise self._string_beyond_end(what, start, length)
        return length

    def text(self, what: str, limit_bytes: int) -> str:
        """Return a string that must be UTF-8, not empty and without NUL, as keys and tensor names are."""
        length = self.string_length(what, limit_bytes)
        start = self.position
        raw = self.take(length, what)
        if not raw:
            raise damaged(self.path, start, f"{what} of at least one byte", "an empty one")
        try:
            decoded = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            found = f"byte 0x{raw[error.start]:02x}"
            raise damaged(self.path, start + error.start, f"{what} in UTF-8", found) from None
        if "\0" in decoded:
            offset = start + raw.index(0)
            raise damaged(self.path, offset, f"{what} without a zero byte", f"one in {shown(decoded)}")
        return decoded

    def skip_strings(self, count: int, what: str) -> None:
        """Move past `count` strings and read only their lengths; takes about 0.1 s for a million."""
        done = 0
        while done < count:
            at = self._reach(8, f"the length of string {done} of {what}")
            done = self._skip_strings_in_window(at, done, count, what)

    def _skip_strings_in_window(self, at: int, done: int, count: int, what: str) -> int:
        """Skip strings while their lengths lie in the window; returns how many strings are now skipped."""
        window, unpack = self._window, U64.unpack_from
        last = len(window) - 8
        length = 0
        while done < count and at <= last:
            length = unpack(window, at)[0]
            at += 8 + length
            done += 1
        end = self._window_start + at
        if length > MAX_STRING_BYTES or end > self.size_bytes:
            raise self._string_beyond_end(f"string {done - 1} of {what}", end - length - 8, length)
        self.position = end
        return done

    def _reach(self, count: int, what: str) -> int:
        """Return the cursor's index in a window that holds `count` bytes from it."""
        at = self.position - self._window_start
        if at + count > len(self._window) or at < 0:
            self._fill(count, what)
            at = 0
        return at

    def _fill(self, count: int, what: str) -> None:
        if count > self.left_bytes:
            raise self._ends(count, what)
        if self.position > MAX_HEADER_BYTES:
            raise damaged(self.path, self.position, f"a header of at most {MAX_HEADER_BYTES} bytes", "a longer one")
        wanted = min(max(WINDOW_BYTES, count), self.left_bytes)
        self._file.seek(self._start + self.position)
        self._window = self._file.read(wanted) or b""
        self._window_start = self.position
        if len(self._window) < count:
            reason = f"{file_name(self.path)} changed while it was read: byte {self.position} is no longer there."
            raise ModelError(reason, "wait until the download or copy is finished")

    def _ends(self, count: int, what: str) -> ModelError:
        return ModelError(
            f"{file_name(self.path)} ends too early, at byte {self.size_bytes}: expected {count} bytes for {what} "
            f"at byte {self.position}, found {self.left_bytes}.",
            f"the download is incomplete: {FETCH_AGAIN}",
        )

    def _string_beyond_end(self, what: str, start: int, length: int) -> ModelError:
        left = self.size_bytes - start - 8
        expected = f"{what} of at most {min(left, MAX_STRING_BYTES)} bytes, as the file ends at byte {self.size_bytes}"
        return damaged(self.path, start, expected, f"a length of {length}")
