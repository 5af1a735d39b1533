"""A program that was compiled for a target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Runtime:
    """A compiled runtime: `path` is the executable, `build` says what it was made from.

    `unpacker` is the program that unpacks runtimes on that system, as gzip; None on Windows, which needs none.
    `flavour` says for what hardware it is.
    """

    target: str
    path: Path
    unpacker: Path | None
    sha256: str
    size_bytes: int
    build: dict[str, str]
    flavour: str = "cpu"
