"""The checked options of a build, as records for the commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkexe.config import options
from mkexe.config.entries import Entries
from mkexe.config.presets import read_presets
from mkexe.layouts.names import AUTO
from mkexe.page.branding import Branding


@dataclass(frozen=True)
class BuildSettings:
    """The options of the table [build]; None and empty mean the default."""

    output: Path | None
    targets: tuple[str, ...]
    name: str
    default_args: tuple[str, ...]
    layout: str
    split_size: int | None = None  # bytes
    projector: Path | None = None


def build_settings(entries: Entries) -> BuildSettings:
    """The checked entries of the table [build]; the model's name is checked where it is used."""
    values = _read("build", entries)
    return BuildSettings(
        values["output"],
        values["targets"] or (),
        values["name"] or "",
        values["args"] or (),
        values["layout"] or AUTO,
        values["split_size"],
        values["mmproj"],
    )


def page_settings(entries: Entries) -> Branding:
    """The checked entries of the tables [page] and [page.settings], with the contents of the files that they name."""
    values = _read("page", entries)
    prompt, language = values["system_prompt"], values["language"]
    presets = read_presets(entries, {"system_prompt": prompt, "language": language})
    preset = {name: preset.value for name, preset in presets.items()}
    values["title"] = values["title"] or ""
    values["system_prompt"] = prompt or str(preset.get("system_prompt", ""))
    values["language"] = language or (str(preset["language"]) if "language" in preset else None)
    return Branding(**values, settings=presets or None)


def named_files(entries: Entries) -> list[Path]:
    """The files that the entries name: the icon, and the texts given as @FILE."""
    paths = []
    for row in options.ALL:
        entry = entries.get(row.key)
        file = row.kind.file_of(entry.value) if entry is not None and isinstance(entry.value, str) else None
        if entry is not None and file is not None:
            paths.append(entry.folder / file)
    return paths


def _read(table: str, entries: Entries) -> dict[str, Any]:
    """The checked values of a table's options by name; None for an option that was not given."""
    return {
        row.name: row.kind.read(entries[row.key]) if row.key in entries else None
        for row in options.ALL
        if row.table == table
    }
