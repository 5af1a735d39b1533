"""`mkexe extract`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mkexe.cli import console
from mkexe.cli.parameters import BuiltFile, path_option

EXAMPLES = (
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
) -> None:
    """Take files out of a built file."""
    from mkexe.commands import artifact

    for path in artifact.extract(file, entries or [], directory):
        console.result(str(path))
