"""The options of a build: mkexe.toml, the flags of `mkexe build`, and the table that defines both (options.py)."""

from mkexe.config.chosen import BuildSettings, build_settings, named_files, page_settings
from mkexe.config.entries import Entries, flag_entry
from mkexe.config.presets import setting_entries
from mkexe.config.toml_file import FILE_NAME, default_file, read_config
from mkexe.config.value_kinds import checked_layout, parse_size

__all__ = [
    "FILE_NAME",
    "BuildSettings",
    "Entries",
    "build_settings",
    "checked_layout",
    "default_file",
    "flag_entry",
    "named_files",
    "page_settings",
    "parse_size",
    "read_config",
    "setting_entries",
]
