"""Read the text files of a build: mkexe.toml, and the files given as `@FILE`."""

from __future__ import annotations

from pathlib import Path

from mkexe.base.bounded_read import read_small_file

_MAXIMUM = 1 << 20  # bytes


def read_text_file(path: Path) -> str:
    """A file's text; raises OSError, or ValueError if it is not UTF-8 or longer than 1 MiB.

    Windows' Notepad may begin a file with a byte order mark, which is not part of the text.
    """
    data = read_small_file(path, _MAXIMUM + 1)
    if len(data) > _MAXIMUM:
        raise ValueError(f"expected at most {_MAXIMUM} bytes, found more")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = error.object[error.start]
        raise ValueError(f"expected UTF-8, found the byte {found:#04x} at offset {error.start}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
