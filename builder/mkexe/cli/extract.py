"""`mkexe extract`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mkexe.cli import console
from mkexe.cli.parameters import BuiltFile, option, path_option

EXAMPLES = (
    "mkexe extract assistant.exe --list",
    "mkexe extract assistant.exe -C out",
    "mkexe extract assistant.exe models/model.gguf",
)


def run(
    file: BuiltFile,
    entries: Annotated[
        list[str] | None, typer.Argument(metavar="ENTRY", help="The entries to take out. Default: all.")
    ] = None,
    directory: Annotated[
        Path, path_option("--directory", "-C", metavar="FOLDER", help="The folder to write to. Default: here.")
    ] = Path(),
    only_list: Annotated[
        bool, option("--list", "-l", help="Print the names of the entries, and write nothing.")
    ] = False,
) -> None:
    """Take files out of a built file."""
    from mkexe.commands import artifact

    if only_list:
        for name in artifact.entry_names(file, entries or []):
            console.result(name)
        return
    for path in artifact.extract(file, entries or [], directory):
        console.result(str(path))
