"""`mkexe build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mkexe.cli import console
from mkexe.cli.parameters import PAGE_PANEL, ConfigFile, Json, ModelFile, Sha256, from_table, lockable, option, settable
from mkexe.cli.results import show_built
from mkexe.config import options
from mkexe.config.entries import Entries, flag_entry

EXAMPLES = (
    "mkexe build model.gguf",
    "mkexe build model.gguf -o a.exe --title Garden --system-prompt @prompt.txt",
    "mkexe build model-00001-of-00005.gguf --target linux-x86_64",
    "mkexe build model.gguf --arg '--ctx-size 8192'",
    "mkexe build model.gguf --layout native --target linux-x86_64",
    "mkexe build model.gguf --mmproj mmproj-model.gguf",
)


@from_table(*(row.key for row in options.ALL))
def run(
    model: ModelFile,
    config: ConfigFile = None,
    names: Annotated[
        bool,
        option("--names", help="Also give the file its name for each system, as hard links or clones."),
    ] = False,
    sha256: Sha256 = False,
    json: Json = False,
    setting: Annotated[
        list[str] | None,
        option(
            "--setting", metavar="NAME=VALUE", names=settable, rich_help_panel=PAGE_PANEL,
            help="Preset a setting of the page, such as temperature=0.7. Can be repeated.",
        ),
    ] = None,
    lock: Annotated[
        list[str] | None,
        option(
            "--lock", metavar="NAME", names=lockable, rich_help_panel=PAGE_PANEL,
            help="Lock this setting, so that nobody can change it in the page. Can be repeated.",
        ),
    ] = None,
    **flags: object,
) -> None:  # fmt: skip
    """Write one executable file out of a GGUF model."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands import build
    from mkexe.config.checked_options import build_settings, page_settings
    from mkexe.layouts import built_file

    entries = _entries(config, flags, setting or [], lock or [])
    request = build.BuildRequest(model, build_settings(entries), page_settings(entries))
    built = build.build(request, TerminalReporter())
    show_built(built_file.give_other_names(built) if names else built, sha256, json)


def _entries(config: Path | None, flags: dict[str, object], assignments: list[str], locked: list[str]) -> Entries:
    """What the file and the flags say, the flags above the file."""
    from mkexe.config.presets import setting_entries
    from mkexe.config.toml_file import read_config

    path = _config_file(config)
    below = read_config(path) if path is not None else {}
    entries = dict(below)
    for row in options.ALL:
        value = flags[row.parameter]
        if row.kind.is_switch:
            value = False if value else None
        if value is not None:
            entries[row.key] = flag_entry(row.flags[0], value)
    return entries | setting_entries(assignments, locked, below)


def _config_file(named: Path | None) -> Path | None:
    from mkexe.config.toml_file import default_file

    found = None if named is not None else default_file()
    if found is not None:
        console.say(f"settings from {found.absolute()}")
    return found or named
