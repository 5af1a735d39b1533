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
    """A source distribution: `folder` inside it is what is used, `commit` is that folder's upstream commit."""

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

    Raises FetchError for a pin without a SHA-256.
    """
    row = _table()["llama"]
    if not re.fullmatch(r"[0-9a-f]{64}", row.get("sha256", "")):
        raise FetchError(f"native/pins.toml: {row['package']} has no SHA-256", "write the hash of the file there")
    return SourcePin(**row)


@functools.cache
def zig_version() -> str:
    """The compiler's version."""
    return str(_table()["zig"]["version"])


def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.source_root() / "native" / "pins.toml").read_text("utf-8"))
