"""What a builder chose: mkexe.toml and the flags of `mkexe build`, checked in one place (docs/configuration.md).

Both become entries by key, such as `page.accent`; a flag's entry replaces the file's. An entry remembers where it was
written, so that every message names the file, line and key, or the flag.
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mkexe.base import plain_text
from mkexe.base.small_file import read_small_file
from mkexe.base.suggest import advise
from mkexe.errors import UsageError
from mkexe.layouts import registry
from mkexe.page.branding import Branding, Preset
from mkexe.page.icon import read_icon
from mkexe.settings_table import Setting, all_settings, check_value, find_setting, parse_value

FILE_NAME = "mkexe.toml"
QUESTIONS_MAXIMUM = 8

# characters; what is shown in one line is short
_LENGTHS = {
    "page.title": 100, "page.greeting": 500, "page.footer": 500, "page.about": 20_000, "page.system_prompt": 20_000,
}  # fmt: skip
_QUESTION_LENGTH = 300
_FILE_MAXIMUM = 1 << 20  # bytes, of mkexe.toml and of a text that it names
_KEYS = {
    "build": ("output", "targets", "name", "args", "layout", "split_size", "mmproj"),
    "page": (
        "title", "icon", "accent", "greeting", "questions", "footer", "about", "links", "language", "system_prompt",
        "settings",
    ),
}  # fmt: skip
_SETTINGS = "page.settings"
_PATHS = ("build.output", "build.mmproj", "page.icon")
_FROM_FILE = ("page.about", "page.system_prompt")
_TABLE_LINE = re.compile(r"\s*\[\s*([\w.\"'-]+)\s*\]")
_KEY_LINE = re.compile(r"\s*([\w.\"'-]+)\s*=")


@dataclass(frozen=True)
class Entry:
    """A value as it was given: `label` says where, for messages; paths in it are relative to `folder`."""

    value: object
    label: str
    folder: Path


Entries = dict[str, Entry]


@dataclass(frozen=True)
class BuildSettings:
    """What is built; None and empty mean the default."""

    output: Path | None
    targets: tuple[str, ...]
    name: str
    default_args: tuple[str, ...]
    layout: str
    split_size: int | None = None  # bytes
    projector: Path | None = None


def default_file() -> Path | None:
    """mkexe.toml of the current folder, if there is one; what is no file under that name is refused when it is read."""
    path = Path(FILE_NAME)
    return path if os.path.lexists(path) else None


def read_config(path: Path) -> Entries:
    """The entries of a file, by key; raises UsageError for what is no TOML, and for keys that are not known."""
    try:
        text = _small_text(path)
        tables = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "name the file with --config, or leave it out") from error
    except (ValueError, RecursionError) as error:  # ValueError: also numbers with thousands of digits
        raise UsageError(f"{path}: no TOML in UTF-8: {error}", "docs/configuration.md has an example") from error
    return _Reader(path, text).read(tables)


def flag_entry(flag: str, value: object) -> Entry:
    """The entry of a flag; paths are relative to the current folder."""
    return Entry(value, flag, Path())


def setting_entries(assignments: Iterable[str], locked: Iterable[str], below: Entries) -> Entries:
    """The entries of --setting NAME=VALUE and --lock NAME, over those of the file."""
    entries: Entries = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--setting {text}: expected NAME=VALUE", "for example --setting temperature=0.7")
        setting = find_setting(name, "--setting")
        parsed = parse_value(setting, value, f"--setting {name}")
        entries[f"{_SETTINGS}.{name}"] = flag_entry(f"--setting {name}", {"value": parsed})
    for name in locked:
        key = f"{_SETTINGS}.{find_setting(name, '--lock').name}"
        given = entries.get(key) or below.get(key)
        preset = _preset_table(given.value) if given else {}
        entries[key] = flag_entry(f"--lock {name}", {**preset, "locked": True})
    return entries


def build_settings(entries: Entries) -> BuildSettings:
    """The checked entries of the table [build]; target and model names are checked where they are used."""
    output, projector = _text(entries, "build.output"), _text(entries, "build.mmproj")
    words: list[str] = []
    for item in _texts(entries, "build.args") or ():
        try:
            words += shlex.split(item)
        except ValueError as error:
            raise UsageError(f"{entries['build.args'].label}: {error}", "quote it like for a shell") from error
    return BuildSettings(
        entries["build.output"].folder / output if output else None,
        _texts(entries, "build.targets") or (),
        _text(entries, "build.name") or "",
        tuple(words),
        _layout(entries),
        _split_size(entries),
        entries["build.mmproj"].folder / projector if projector else None,
    )


def page_settings(entries: Entries) -> Branding:
    """The checked entries of the tables [page] and [page.settings], with what the files named in them hold."""
    language = _language(entries)
    prompt = _text(entries, "page.system_prompt")
    presets = _presets(entries, {"system_prompt": prompt, "language": language})
    said = {name: preset.value for name, preset in presets.items()}
    return Branding(
        title=_text(entries, "page.title") or "",
        system_prompt=prompt or str(said.get("system_prompt", "")),
        accent=_accent(entries),
        greeting=_text(entries, "page.greeting"),
        questions=_questions(entries),
        footer=_text(entries, "page.footer"),
        about=_text(entries, "page.about"),
        links=_links(entries),
        language=language or (str(said["language"]) if "language" in said else None),
        settings=presets or None,
        icon=_icon(entries),
    )


def named_files(entries: Entries) -> list[Path]:
    """The files that the entries name: the icon, and what stands behind an @."""
    named = [entry for key, entry in entries.items() if key == "page.icon"]
    paths = [entry.folder / entry.value for entry in named if isinstance(entry.value, str)]
    for key in _FROM_FILE:
        value = entries[key].value if key in entries else None
        if isinstance(value, str) and value.startswith("@"):
            paths.append(entries[key].folder / value[1:])
    return paths


def _layout(entries: Entries) -> str:
    name = _text(entries, "build.layout") or registry.AUTO
    if name not in registry.CHOICES:
        raise UsageError(f"{entries['build.layout'].label}: unknown layout {name!r}", advise(name, registry.CHOICES))
    return name


def _split_size(entries: Entries) -> int | None:
    text = _text(entries, "build.split_size")
    return None if text is None else parse_size(text, entries["build.split_size"].label)


def parse_size(text: str, label: str) -> int:
    """Bytes of a size such as 4GB, 4GiB, 700MB or 4000000000; raises UsageError, which begins with `label`."""
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,3})?)\s*([KMGT]i?)?B?", text, re.IGNORECASE)
    size = 0
    if found:
        unit = (found[2] or "").lower()
        step = 1024 if unit.endswith("i") else 1000
        size = int(float(found[1]) * step ** ("kmgt".index(unit[0]) + 1 if unit else 0))
    if size == 0:
        raise UsageError(f"{label}: expected a size, found {text!r}", "for example 4GB, 2GiB or 700MB")
    return size


class _Reader:
    """One file: its keys become entries with their lines."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = _lines_of_keys(text)

    def read(self, tables: Mapping[str, object]) -> Entries:
        """The entries; raises UsageError for keys that are not known."""
        entries: Entries = {}
        for table, content in tables.items():
            keys = _KEYS.get(table)
            if keys is None:
                raise UsageError(f"{self._label(table)}: no such table", advise(table, _KEYS))
            for key, value in self._table(table, content).items():
                if key not in keys:
                    raise UsageError(f"{self._label(f'{table}.{key}')}: no such key", advise(key, keys))
                entries |= self._entries_of(f"{table}.{key}", value)
        return entries

    def _entries_of(self, key: str, value: object) -> Entries:
        if key != _SETTINGS:
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
    """Where keys are written, counted from 1. tomllib does not say it; the usual ways of writing are understood."""
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


def _text(entries: Entries, key: str) -> str | None:
    """A text of at most the key's length; `@FILE` stands for what a file holds where that is allowed."""
    if key not in entries:
        return None
    entry = entries[key]
    value = _checked_text(entry.value, entry.label, is_path=key in _PATHS)
    if key in _PATHS and not value:  # as a shell writes a variable that is not set
        raise UsageError(f"{entry.label}: expected a file's name, found ''", "name one, or leave it out")
    if key in _FROM_FILE and value.startswith("@"):
        value = _file_text(entry.folder / value[1:], entry.label)
    _check_length(value, _LENGTHS.get(key), entry.label)
    return value


def _texts(entries: Entries, key: str) -> tuple[str, ...] | None:
    if key not in entries:
        return None
    entry = entries[key]
    if not isinstance(entry.value, list):
        raise UsageError(f"{entry.label}: expected a list of texts, found {entry.value!r}", 'write ["...", "..."]')
    return tuple(_checked_text(item, entry.label) for item in entry.value)


def _checked_text(value: object, label: str, is_path: bool = False) -> str:
    """A text without control characters; a path may hold bytes that are no UTF-8."""
    if not isinstance(value, str):
        raise UsageError(f"{label}: expected text, found {value!r}", "put it in quotes")
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if is_path else value
    if found := plain_text.find_unsafe(text):
        raise UsageError(f"{label}: found the control character {found} in the text", "take it out")
    return value


def _check_length(value: str, maximum: int | None, label: str) -> None:
    if maximum is not None and len(value) > maximum:
        raise UsageError(f"{label}: expected at most {maximum} characters, found {len(value)}", "shorten it")


def _file_text(path: Path, label: str) -> str:
    try:
        return _small_text(path).strip()
    except (OSError, ValueError) as error:
        why = (isinstance(error, OSError) and error.strerror) or error
        raise UsageError(f"{label}: {path}: {why}", "name a UTF-8 text file after the @") from error


def _small_text(path: Path) -> str:
    """A file's text; raises OSError, and ValueError where it is no UTF-8 or longer than any that is used.

    Windows' Notepad may begin it with a byte order mark, which is no part of it.
    """
    data = read_small_file(path, _FILE_MAXIMUM + 1)
    if len(data) > _FILE_MAXIMUM:
        raise ValueError(f"expected at most {_FILE_MAXIMUM} bytes, found more")
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _accent(entries: Entries) -> str | None:
    value = _text(entries, "page.accent")
    if value is not None and not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        label = entries["page.accent"].label
        message = f"{label}: expected a colour as #rrggbb, found {value!r}"
        raise UsageError(message, "colour names and short forms are not understood; teal, for example, is #008080")
    return value.lower() if value else None


def _questions(entries: Entries) -> tuple[str, ...] | None:
    found = _texts(entries, "page.questions")
    if found is None:
        return None
    label = entries["page.questions"].label
    if len(found) > QUESTIONS_MAXIMUM:
        message = f"{label}: expected at most {QUESTIONS_MAXIMUM} questions, found {len(found)}"
        raise UsageError(message, "keep the best ones")
    for question in found:
        _check_length(question, _QUESTION_LENGTH, label)
    return found


def _links(entries: Entries) -> bool | None:
    if "page.links" not in entries:
        return None
    entry = entries["page.links"]
    if not isinstance(entry.value, bool):
        raise UsageError(f"{entry.label}: expected true or false, found {entry.value!r}", "without quotes")
    return entry.value


def _language(entries: Entries) -> str | None:
    value = _text(entries, "page.language")
    if value is not None:
        setting = find_setting("language", "page.language")
        if value not in setting.choices:
            message = f"{entries['page.language'].label}: expected {setting.expected}, found {value!r}"
            raise UsageError(message, advise(value, setting.choices))
    return value


def _icon(entries: Entries) -> bytes | None:
    value = _text(entries, "page.icon")
    if not value:
        return None
    entry = entries["page.icon"]
    return read_icon(entry.folder / value, entry.label)


def _presets(entries: Entries, elsewhere: Mapping[str, str | None]) -> dict[str, Preset]:
    """The presets by setting, in the table's order; `elsewhere` are values of settings that have a key in [page]."""
    presets = {}
    for name, setting in all_settings().items():
        entry = entries.get(f"{_SETTINGS}.{name}")
        if entry is not None:
            presets[name] = _preset(setting, entry, elsewhere.get(name))
    return presets


def _preset(setting: Setting, entry: Entry, elsewhere: str | None) -> Preset:
    table = _preset_table(entry.value)
    unknown = [key for key in table if key not in ("value", "locked")]
    if unknown:
        raise UsageError(f"{entry.label}: no such key: {unknown[0]!r}", advise(unknown[0], ("value", "locked")))
    locked = table.get("locked", False)
    if not isinstance(locked, bool):
        raise UsageError(f"{entry.label}: locked: expected true or false, found {locked!r}", "without quotes")
    if "value" in table and elsewhere is not None:
        message = f"{entry.label}: the value is in [page] too, as page.{setting.name}"
        raise UsageError(message, f"keep one of them; {setting.name} = {{ locked = true }} locks the one in [page]")
    value = table.get("value", setting.default if elsewhere is None else elsewhere)
    if value is None:
        example = f"{setting.name} = {{ value = ..., locked = true }}, or --setting {setting.name}=..."
        raise UsageError(f"{entry.label}: there is no value that could be locked", f"give one: {example}")
    return Preset(check_value(setting, value, entry.label), locked)


def _preset_table(value: object) -> dict[str, object]:
    """`{ value = ..., locked = ... }` as it is, and a bare value in the same form."""
    return value if isinstance(value, dict) else {"value": value}
