"""Presets for the page's settings: the table [page.settings], and the flags --setting and --lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mkexe.base.suggest import suggest
from mkexe.config.entries import Entries, Entry, flag_entry
from mkexe.config.options import SETTINGS
from mkexe.config.settings_table import Setting, all_settings, check_value, find_setting, parse_value
from mkexe.config.value_kinds import WITHOUT_QUOTES
from mkexe.errors import UsageError
from mkexe.page.branding import Preset


def setting_entries(assignments: Iterable[str], locked: Iterable[str], below: Entries) -> Entries:
    """The entries of --setting NAME=VALUE and --lock NAME. They replace the entries of the file."""
    entries: Entries = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--setting {text}: expected NAME=VALUE", "for example --setting temperature=0.7")
        setting = find_setting(name, "--setting")
        parsed = parse_value(setting, value, f"--setting {name}")
        entries[f"{SETTINGS}.{name}"] = flag_entry(f"--setting {name}", {"value": parsed})
    for name in locked:
        key = f"{SETTINGS}.{find_setting(name, '--lock').name}"
        given = entries.get(key) or below.get(key)
        preset = _preset_table(given.value) if given else {}
        entries[key] = flag_entry(f"--lock {name}", {**preset, "locked": True})
    return entries


def read_presets(entries: Entries, elsewhere: Mapping[str, str | None]) -> dict[str, Preset]:
    """The presets by setting, in the table's order; `elsewhere` has the values of settings with a key in [page]."""
    presets = {}
    for name, setting in all_settings().items():
        entry = entries.get(f"{SETTINGS}.{name}")
        if entry is not None:
            presets[name] = _preset(setting, entry, elsewhere.get(name))
    return presets


def _preset(setting: Setting, entry: Entry, elsewhere: str | None) -> Preset:
    table = _preset_table(entry.value)
    unknown = [key for key in table if key not in ("value", "locked")]
    if unknown:
        raise UsageError(f"{entry.label}: no such key: {unknown[0]!r}", suggest(unknown[0], ("value", "locked")))
    locked = table.get("locked", False)
    if not isinstance(locked, bool):
        raise UsageError(f"{entry.label}: locked: expected true or false, found {locked!r}", WITHOUT_QUOTES)
    if "value" in table and elsewhere is not None:
        message = f"{entry.label}: the same value is in [page], as page.{setting.name}"
        raise UsageError(message, f"keep one of them; {setting.name} = {{ locked = true }} locks the one in [page]")
    value = table.get("value", setting.default if elsewhere is None else elsewhere)
    if value is None:
        example = f"{setting.name} = {{ value = ..., locked = true }}, or --setting {setting.name}=..."
        raise UsageError(f"{entry.label}: there is no value to lock", f"give one: {example}")
    return Preset(check_value(setting, value, entry.label), locked)


def _preset_table(value: object) -> dict[str, object]:
    """A preset as a table: `{ value = ..., locked = ... }` stays as it is, and a bare value becomes its `value`."""
    return value if isinstance(value, dict) else {"value": value}
