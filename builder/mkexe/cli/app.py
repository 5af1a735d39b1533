"""The program `mkexe`: its commands, each in a file of its own, and the options in front of them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.main import get_command

from mkexe import __version__
from mkexe.cli import advise, boot, build, console, convert, extract, inspect, preview, runtime, verify
from mkexe.cli.parameters import option
from mkexe.cli.parser import Command, Group

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
_PANELS = {
    "Make a file": (build, advise, convert, preview),
    "Use a built file": (boot, inspect, verify, extract),
}


def make_command() -> Any:
    """The whole command line, as Typer reads it."""
    app = _group("mkexe", "Turn a GGUF model into one file that runs on Linux, Windows and macOS.")
    app.callback()(_options)
    for panel, modules in _PANELS.items():
        for module in modules:
            _add(app, module.run, module.EXAMPLES, module.__name__.rpartition(".")[2], panel)
    actions = _group("mkexe runtime", "Compile runtimes, or list those that are there.")
    _add(actions, runtime.build, runtime.BUILD_EXAMPLES, "build")
    _add(actions, runtime.show, runtime.LIST_EXAMPLES, "list")
    app.add_typer(actions, name="runtime", rich_help_panel="Prepare")
    return get_command(app)


def _group(path: str, text: str) -> typer.Typer:
    return typer.Typer(
        cls=Group,
        help=text,
        epilog=f"{path} COMMAND --help shows the options of a command, with examples.",
        context_settings=_SETTINGS,
        subcommand_metavar="COMMAND",
        options_metavar="",
    )


def _add(app: typer.Typer, run: Any, examples: tuple[str, ...], name: str, panel: str | None = None) -> None:
    lines = "\n".join(("[bold]Examples[/bold]", *(example.replace("[", "\\[") for example in examples)))
    settings = {**_SETTINGS, "allow_extra_args": True}  # Command refuses them, in our words
    app.command(
        name, cls=Command, epilog=lines, options_metavar="[OPTIONS]", context_settings=settings, rich_help_panel=panel
    )(run)


def _show_version(wanted: bool) -> None:
    if wanted:
        console.result_as_it_is(f"mkexe {__version__}\n")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options in front of a command."""
