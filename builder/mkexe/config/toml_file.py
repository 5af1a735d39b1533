"""Read mkexe.toml (docs/configuration.md) as entries. Each entry records its line number."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from mkexe.base.bounded_read import reason
from mkexe.base.suggest import suggest
from mkexe.config.entries import Entries, Entry
from mkexe.config.options import SETTINGS, keys_by_table
from mkexe.config.settings_table import find_setting
from mkexe.config.text_file import read_text_file
from mkexe.errors import UsageError

FILE_NAME = "mkexe.toml"
_TABLE_LINE = re.compile(r"\s*\[\s*([\w.\"'-]+)\s*\]")
_KEY_LINE = re.compile(r"\s*([\w.\"'-]+)\s*=")


def default_file() -> Path | None:
    """mkexe.toml in the current folder, if there is one; `read_config` raises an error if it is not a file."""
    path = Path(FILE_NAME)
    return path if os.path.lexists(path) else None


def read_config(path: Path) -> Entries:
    """The entries of a file, by key; raises UsageError if the file is not TOML or has unknown keys."""
    try:
        text = read_text_file(path)
        tables = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: {reason(error)}", "name the file with --config, or leave it out") from error
    except (ValueError, RecursionError) as error:  # ValueError: also numbers with thousands of digits
        why = str(error).replace(r"Illegal character '\n'", "the line ends too early")
        raise UsageError(f"{path}: this is not TOML in UTF-8: {why}", "docs/configuration.md has an example") from error
    return _Reader(path, text).read(tables)


class _Reader:
    """Turns the keys of one file into entries with line numbers."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = _lines_of_keys(text)

    def read(self, tables: Mapping[str, object]) -> Entries:
        """The entries; raises UsageError for unknown keys."""
        entries: Entries = {}
        known = keys_by_table()
        for table, content in tables.items():
            if table not in known:
                raise self._misplaced(table, content)
            for key, value in self._table(table, content).items():
                if key not in known[table]:
                    raise UsageError(f"{self._label(f'{table}.{key}')}: no such key", suggest(key, known[table]))
                entries |= self._entries_of(f"{table}.{key}", value)
        return entries

    def _misplaced(self, name: str, content: object) -> UsageError:
        """The error for a name that is not a table: it may be a key whose table is missing above it."""
        known = keys_by_table()
        owners = [] if isinstance(content, dict) else [table for table, keys in known.items() if name in keys]
        if owners:
            return UsageError(f"{self._label(name)}: this key belongs to a table", f"write it below [{owners[0]}]")
        return UsageError(f"{self._label(name)}: no such table", suggest(name, known))

    def _entries_of(self, key: str, value: object) -> Entries:
        if key != SETTINGS:
            return {key: self._entry(key, value)}
        found = {}
        for name, preset in self._table(key, value).items():
            find_setting(name, self._label(f"{key}.{name}"))
            found[f"{key}.{name}"] = self._entry(f"{key}.{name}", preset)
        return found

    def _entry(self, key: str, value: object) -> Entry:
        return Entry(value, self._label(key), self._path.parent)

    def _table(self, key: str, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise UsageError(f"{self._label(key)}: expected a table, found {value!r}", f"write [{key}]")
        return value

    def _label(self, key: str) -> str:
        line = self._lines.get(key)
        return f"{self._path}, line {line}, {key}" if line else f"{self._path}, {key}"


def _lines_of_keys(text: str) -> dict[str, int]:
    """The line numbers of the keys, from 1. tomllib does not report them; this finds keys written in the usual ways."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE_LINE.match(line):
            table = re.sub(r"[\"']", "", header[1])
            lines.setdefault(table, number)
        elif key := _KEY_LINE.match(line):
            name = re.sub(r"[\"']", "", key[1])
            lines.setdefault(f"{table}.{name}" if table else name, number)
    return lines
