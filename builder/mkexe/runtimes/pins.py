"""The pinned inputs, read from native/pins.toml."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass

from mkexe.base import resources
from mkexe.errors import FetchError


@dataclass(frozen=True)
class SourcePin:
    """A source distribution: mkexe uses `folder` inside it; `commit` is the upstream commit of that folder."""

    package: str
    version: str
    file: str
    sha256: str
    folder: str
    commit: str
    license: str


@functools.cache
def llama_pin() -> SourcePin:
    """llama.cpp's source.

    Raises FetchError if the pin has no SHA-256.
    """
    row = _table()["llama"]
    if not re.fullmatch(r"[0-9a-f]{64}", row.get("sha256", "")):
        raise FetchError(f"native/pins.toml: {row['package']} has no SHA-256", "write the hash of the file there")
    return SourcePin(**row)


@functools.cache
def zig_version() -> str:
    """The version of the compiler."""
    return str(_table()["zig"]["version"])


def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.source_root() / "native" / "pins.toml").read_text("utf-8"))
