"""A program that was compiled for a target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Runtime:
    """A compiled runtime: `path` is the executable, `build` names its sources and tools.

    `unpacker` is the program that unpacks runtimes on that system, as gzip. It is None on Windows, which does
    not need it. `flavour` names the hardware for which it was compiled.
    """

    target: str
    path: Path
    unpacker: Path | None
    sha256: str
    size_bytes: int
    build: dict[str, str]
    flavour: str = "cpu"
