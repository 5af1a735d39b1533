"""Count the work that something does, where a clock would measure the machine and its neighbours."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pytest


@dataclass
class Count:
    """How often something happened."""

    number: int = 0


@contextlib.contextmanager
def counted_calls() -> Iterator[Count]:
    """How many functions, Python's own too, are called in the block, in this thread."""
    count = Count()

    def profile(_frame: object, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            count.number += 1

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield count
    finally:
        sys.setprofile(before)


def count_read_bytes(monkeypatch: pytest.MonkeyPatch) -> Count:
    """How many bytes files give that are opened by Path.open from now on."""
    count = Count()
    open_file = Path.open

    def open_counted(path: Path, *arguments: Any, **options: Any) -> IO[Any]:
        file: Any = open_file(path, *arguments, **options)
        read = file.read

        def read_counted(*sizes: int) -> Any:
            data = read(*sizes)
            count.number += len(data)
            return data

        file.read = read_counted
        return cast(IO[Any], file)

    monkeypatch.setattr(Path, "open", open_counted)
    return count
