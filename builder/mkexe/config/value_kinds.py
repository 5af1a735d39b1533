"""The kinds of values that an option can have: how each is checked, and how the documentation describes it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkexe.base import plain_text
from mkexe.base.bounded_read import reason
from mkexe.base.suggest import suggest
from mkexe.config.entries import Entry
from mkexe.config.settings_table import find_setting
from mkexe.config.text_file import read_text_file
from mkexe.errors import UsageError
from mkexe.layouts.names import AUTO, CHOICES
from mkexe.runtimes import targets

WITHOUT_QUOTES = "write true or false, without quotes"


def _no_file(_: str) -> str | None:
    return None


@dataclass(frozen=True)
class Kind:
    """How values of an option are read; `values` describes them in docs/configuration.md."""

    read: Callable[[Entry], Any]
    values: str = ""
    is_list: bool = False
    # a flag without a value, which stands for false
    is_switch: bool = False
    # the names that a shell completes
    names: Callable[[], Iterable[str]] | None = None
    # the file that a value names, if it names one that the page is made from
    file_of: Callable[[str], str | None] = _no_file


def text(maximum: int | None = None) -> Kind:
    """A text of at most so many characters."""

    def read(entry: Entry) -> str:
        return _check_length(_checked_text(entry.value, entry.label), maximum, entry.label)

    return Kind(read, _length(maximum))


def text_or_file(maximum: int) -> Kind:
    """A text, or `@FILE` for the text that a file holds."""

    def read(entry: Entry) -> str:
        value = _checked_text(entry.value, entry.label)
        if value.startswith("@"):
            value = _file_text(entry.folder / value[1:], entry.label)
        return _check_length(value, maximum, entry.label)

    values = f"{_length(maximum)}, or `@FILE` for the text in a file"
    return Kind(read, values, file_of=lambda value: value[1:] if value.startswith("@") else None)


def texts(count: int, maximum: int) -> Kind:
    """A list of at most `count` texts of at most `maximum` characters."""

    def read(entry: Entry) -> tuple[str, ...]:
        found = _text_list(entry)
        if len(found) > count:
            raise UsageError(
                f"{entry.label}: expected at most {count} questions, found {len(found)}", "remove some of them"
            )
        return tuple(_check_length(item, maximum, entry.label) for item in found)

    return Kind(read, f"list of at most {count} texts of at most {maximum} characters", is_list=True)


def target_names() -> Kind:
    """A list of names of targets."""

    def read(entry: Entry) -> tuple[str, ...]:
        names = _text_list(entry)
        targets.check_names(names, entry.label)
        return names

    return Kind(
        read, 'list of targets, `"all"` or `"host"`', is_list=True,
        names=lambda: [*targets.all_targets(), "all", "host"],
    )  # fmt: skip


def command_line() -> Kind:
    """A list of texts, each split into words as a shell does it."""

    def read(entry: Entry) -> tuple[str, ...]:
        words: list[str] = []
        for item in _text_list(entry):
            try:
                words += shlex.split(item)
            except ValueError as error:
                raise UsageError(f"{entry.label}: {error}", "quote it as in a shell") from error
        return tuple(words)

    return Kind(read, "list of texts; mkexe splits each at spaces, like a shell", is_list=True)


def path() -> Kind:
    """A path that is not empty."""
    return Kind(lambda entry: entry.folder / _checked_path(entry), "path")


def icon() -> Kind:
    """The path of an icon; the checked value is the icon as a PNG."""

    def read(entry: Entry) -> bytes:
        from mkexe.page.icon import read_icon  # it starts programs, and takes a while to import

        return read_icon(entry.folder / _checked_path(entry), entry.label)

    values = (
        "path of an SVG or a PNG of at most 1 MB. `mkexe` draws an SVG once, as a PNG of 512 x 512 pixels. It "
        "refuses an SVG that contains text or refers to other files. A PNG of at most 2048 pixels a side stays as it is"
    )
    return Kind(read, values, file_of=lambda value: value)


def layout() -> Kind:
    """The name of a layout; an empty one stands for auto."""

    def read(entry: Entry) -> str:
        return checked_layout(_checked_text(entry.value, entry.label) or AUTO, entry.label)

    return Kind(read, "name of a [layout](layouts.md)", names=lambda: CHOICES)


def size() -> Kind:
    """A size in bytes, written with a unit."""
    return Kind(
        lambda entry: parse_size(_checked_text(entry.value, entry.label), entry.label), 'size, for example `"4GB"`'
    )


def colour() -> Kind:
    """A colour, in lower case."""

    def read(entry: Entry) -> str | None:
        value = _checked_text(entry.value, entry.label)
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise UsageError(
                f"{entry.label}: expected a colour as #rrggbb, found {value!r}",
                "write six hexadecimal digits; teal, for example, is #008080",
            )
        return value.lower()

    return Kind(read, "`#rrggbb`")


def switch() -> Kind:
    """True or false; the flag stands for false."""

    def read(entry: Entry) -> bool:
        if not isinstance(entry.value, bool):
            raise UsageError(f"{entry.label}: expected true or false, found {entry.value!r}", WITHOUT_QUOTES)
        return entry.value

    return Kind(read, "`true` or `false`", is_switch=True)


def language() -> Kind:
    """A language of the page: one from the table of the page's settings."""

    def read(entry: Entry) -> str:
        value = _checked_text(entry.value, entry.label)
        setting = find_setting("language", "page.language")
        if value not in setting.choices:
            raise UsageError(
                f"{entry.label}: expected {setting.expected}, found {value!r}", suggest(value, setting.choices)
            )
        return value

    def names() -> tuple[str, ...]:
        return find_setting("language", "page.language").choices

    return Kind(read, "one of the languages in the table of settings below", names=names)


def checked_layout(name: str, label: str) -> str:
    """The name of a layout; raises UsageError, which begins with `label`, for an unknown name."""
    if name not in CHOICES:
        raise UsageError(f"{label}: unknown layout {name!r}", suggest(name, CHOICES))
    return name


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


def _text_list(entry: Entry) -> tuple[str, ...]:
    if not isinstance(entry.value, list):
        raise UsageError(f"{entry.label}: expected a list of texts, found {entry.value!r}", 'write ["...", "..."]')
    return tuple(_checked_text(item, entry.label) for item in entry.value)


def _checked_text(value: object, label: str) -> str:
    """A text without control characters."""
    return _without_controls(_any_text(value, label), label)


def _checked_path(entry: Entry) -> str:
    """A path without control characters, which may hold bytes that are not UTF-8."""
    value = _any_text(entry.value, entry.label)
    _without_controls(value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), entry.label)
    if not value:  # as a shell writes a variable that is not set
        raise UsageError(f"{entry.label}: expected a file's name, found ''", "name a file, or leave the option out")
    return value


def _any_text(value: object, label: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{label}: expected text, found {value!r}", "put it in quotes")
    return value


def _without_controls(value: str, label: str) -> str:
    if found := plain_text.find_unsafe(value):
        raise UsageError(f"{label}: found the control character {found} in the text", "remove it from the text")
    return value


def _check_length(value: str, maximum: int | None, label: str) -> str:
    if maximum is not None and len(value) > maximum:
        raise UsageError(f"{label}: expected at most {maximum} characters, found {len(value)}", "shorten it")
    return value


def _length(maximum: int | None) -> str:
    return "text" if maximum is None else f"text of at most {maximum:,} characters"


def _file_text(path: Path, label: str) -> str:
    try:
        return read_text_file(path).strip()
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise UsageError(f"{label}: {path}: {why}", "name a UTF-8 text file after the @") from error
