"""Values as the user wrote them, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """A value from the file or from a flag.

    `label` says where it was given, for messages. Paths in it are relative to `folder`.
    """

    value: object
    label: str
    folder: Path


Entries = dict[str, Entry]  # by key, such as page.accent


def flag_entry(flag: str, value: object) -> Entry:
    """The entry of a flag; its paths are relative to the current folder."""
    return Entry(value, flag, Path())
