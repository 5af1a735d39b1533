"""The page's settings, which a person can change and a build can preset, and the values that each allows.

The table is templates/webui/src/prefs/settings-table.json. The page is built from the same file. This module checks
every value from mkexe.toml or a flag.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass

from mkexe.base import resources
from mkexe.base.plain_text import find_unsafe
from mkexe.base.suggest import suggest
from mkexe.errors import UsageError

_TEXT_MAXIMUM = 20_000
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Setting:
    """One row: `kind` is number, integer, boolean, choice or text; `default` is None if the model decides."""

    name: str
    kind: str
    minimum: float
    maximum: float
    choices: tuple[str, ...]
    default: object

    @property
    def expected(self) -> str:
        """Describe the allowed values in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "boolean":
            return "true or false"
        if self.kind == "text":
            return f"text of at most {_TEXT_MAXIMUM} characters, without control characters"
        what = "a whole number" if self.kind == "integer" else "a number"
        return f"{what} from {self.minimum:.10g} to {self.maximum:.10g}"


@functools.cache
def all_settings() -> dict[str, Setting]:
    """Every setting by name, in the table's order."""
    path = resources.source_root() / "templates" / "webui" / "src" / "prefs" / "settings-table.json"
    rows = json.loads(path.read_text("utf-8"))
    return {
        row["name"]: Setting(
            row["name"], row["type"], row.get("min", 0), row.get("max", 0), tuple(row.get("choices", ())),
            row["default"],
        )
        for row in rows
    }  # fmt: skip


def find_setting(name: str, label: str) -> Setting:
    """The setting of this name; raises UsageError, which begins with `label`, for an unknown name."""
    known = all_settings()
    if name not in known:
        raise UsageError(f"{label}: the page has no setting {name!r}", suggest(name, known))
    return known[name]


def check_value(setting: Setting, value: object, label: str, typed: str = "") -> object:
    """Return the value if the setting allows it. Raises UsageError otherwise, with the value as `typed`."""
    if not _fits(setting, value):
        raise UsageError(
            f"{label}: expected {setting.expected}, found {typed or repr(value)}",
            "docs/configuration.md lists the values of every setting",
        )
    return value


def parse_value(setting: Setting, text: str, label: str) -> object:
    """The checked value of a text from the command line."""
    value: object = text
    if setting.kind == "boolean":
        value = _BOOLEANS.get(text, text)
    elif setting.kind == "integer" and re.fullmatch(r"[+-]?\d{1,12}", text):
        value = int(text)
    elif setting.kind == "number" and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", text, re.IGNORECASE):
        value = float(text)
    return check_value(setting, value, label, repr(text) if value is text else text)


def _fits(setting: Setting, value: object) -> bool:
    if setting.kind == "boolean":
        return isinstance(value, bool)
    if setting.kind == "choice":
        return value in setting.choices
    if setting.kind == "text":
        return isinstance(value, str) and len(value) <= _TEXT_MAXIMUM and find_unsafe(value) is None
    numbers = (int,) if setting.kind == "integer" else (int, float)
    # written so that a NaN does not fit
    return isinstance(value, numbers) and not isinstance(value, bool) and setting.minimum <= value <= setting.maximum
