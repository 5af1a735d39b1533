"""`mkexe convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mkexe.cli.parameters import Json, Sha256, from_table, option, path_argument
from mkexe.cli.results import show_built
from mkexe.layouts.names import CHOICES

EXAMPLES = (
    "mkexe convert assistant.exe --layout script -o assistant.cmd",
    "mkexe convert assistant.exe --layout native --target linux-x86_64 -o assistant",
)


@from_table(
    "build.split_size",
    "build.output",
    "build.targets",
    output="The file to write. Default: the name in FILE, with the ending of the layout.",
    target="A system of the new file. Default: all systems of FILE; with layout native, the only system of FILE, "
    "else this machine. mkexe adds a program that FILE does not have.",
)
def run(
    file: Annotated[Path, path_argument("FILE", "A file that mkexe wrote, or the folder of an app.")],
    layout: Annotated[
        str,
        option(
            "--layout", metavar="LAYOUT", names=lambda: CHOICES,
            help=f"The new shape of the file: {', '.join(CHOICES)}.",
        ),
    ],
    sha256: Sha256 = False,
    json: Json = False,
    *,
    split_size: str | None,
    output: str | None,
    target: list[str] | None,
) -> None:  # fmt: skip
    """Write a built file in another layout."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands import convert
    from mkexe.config.value_kinds import checked_layout, parse_size

    checked_layout(layout, "--layout")
    size = parse_size(split_size, "--split-size") if split_size is not None else None
    out = Path(output) if output is not None else None
    request = convert.ConvertRequest(file, layout, out, tuple(target or ()), size)
    show_built(convert.convert(request, TerminalReporter()), sha256, json)
