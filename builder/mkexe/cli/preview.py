"""`mkexe preview`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mkexe.cli.parameters import ConfigFile, option, path_option, whole_number
from mkexe.errors import UsageError

EXAMPLES = (
    "mkexe preview",
    "mkexe preview --model model.gguf --config brand/mkexe.toml",
)


def run(
    model: Annotated[
        Path | None,
        path_option(
            "--model", metavar="MODEL.gguf",
            help="Let this model answer. Default: scripted answers, which come at once.",
        ),
    ] = None,
    config: ConfigFile = None,
    port: Annotated[
        int, option("--port", metavar="N", parser=whole_number, help="The port on this computer. Default: a free one.")
    ] = 0,
) -> None:  # fmt: skip
    """Show the page as mkexe.toml makes it. The page loads again after every change."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands import preview
    from mkexe.config.toml_file import FILE_NAME

    if not 0 <= port <= 65535:
        raise UsageError(f"--port: expected 0 to 65535, found {port}", "leave it out, and mkexe chooses a free one")
    preview.preview(model, config or Path(FILE_NAME), config is not None, port, TerminalReporter())
