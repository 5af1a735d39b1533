"""The parameters that several commands share, and those that come from the table of a builder's options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from mkexe.config import options
from mkexe.config.options import Option
from mkexe.config.settings_table import all_settings

_Run = TypeVar("_Run", bound=Callable[..., None])
PAGE_PANEL = "The page (docs/configuration.md)"


def completed(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """What a shell completes a word with; Typer leaves out what does not begin like it."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return complete


def option(*flags: str, names: Callable[[], Iterable[str]] | None = None, **settings: Any) -> Any:
    """An option whose default stands in its help."""
    return typer.Option(
        *flags, show_default=False, autocompletion=completed(names) if names is not None else None, **settings
    )


def path_option(*flags: str, **settings: Any) -> Any:
    """An option that names a file or a folder. What is there is looked at where the path is used, not by Typer."""
    return option(*flags, parser=Path, **settings)


def path_argument(metavar: str, text: str) -> Any:
    """An argument that names a file."""
    return typer.Argument(metavar=metavar, help=text, show_default=False, parser=Path)


ModelFile = Annotated[Path, path_argument("MODEL.gguf", "The model. Of a split model, the first part.")]
BuiltFile = Annotated[Path, path_argument("FILE", "A file that mkexe wrote.")]
Json = Annotated[bool, option("--json", help="Print the result as JSON.")]
Sha256 = Annotated[bool, option("--sha256", help="Also print the SHA-256 of the whole file. This reads it once more.")]
ConfigFile = Annotated[
    Path | None,
    path_option(
        "--config", metavar="FILE",
        help="Read the settings from this file; flags win. Default: mkexe.toml in this folder, if there is one.",
    ),
]  # fmt: skip


def from_table(*keys: str, **changed: str) -> Callable[[_Run], _Run]:
    """Add options of the table to a command's parameters, in front of its own options.

    The command takes them by name alone, and without a default. `changed` has other texts of help, by parameter.
    """

    def add(run: _Run) -> _Run:
        rows = [options.BY_KEY[key] for key in keys]
        signature = inspect.signature(run, eval_str=True)
        own = [item for item in signature.parameters.values() if item.kind is not item.VAR_KEYWORD]
        required = [item for item in own if item.default is item.empty and item.kind is not item.KEYWORD_ONLY]
        optional = [item.replace(kind=item.KEYWORD_ONLY) for item in own if item.default is not item.empty]
        added = [_parameter(row, changed.get(row.parameter, "")) for row in rows]
        run.__signature__ = signature.replace(parameters=[*required, *added, *optional])  # type: ignore[attr-defined]
        return run

    return add


def _parameter(row: Option, text: str) -> inspect.Parameter:
    kind: Any = (list[str] if row.kind.is_list else bool if row.kind.is_switch else str) | None
    repeatable = " Can be repeated." if row.kind.is_list else ""
    default = f" Default: {row.default}." if row.default else ""
    described = option(
        *row.flags,
        names=row.kind.names,
        metavar=row.metavar or None,
        help=(text or row.flag_help or f"{row.help}{default}") + repeatable,
        rich_help_panel=PAGE_PANEL if row.table == "page" else None,
    )
    return inspect.Parameter(
        row.parameter, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, described]
    )


def settable() -> list[str]:
    """What can stand behind --setting: a name and, where there are few values, a value."""
    found = []
    for name, setting in all_settings().items():
        values = ("true", "false") if setting.kind == "boolean" else setting.choices or ("",)
        found += [f"{name}={value}" for value in values]
    return found


def lockable() -> list[str]:
    """What can stand behind --lock."""
    return list(all_settings())


def whole_number(text: str) -> int:
    """The number in a word of the command line."""
    try:
        return int(text)
    except ValueError as error:
        raise typer.BadParameter(f"expected a whole number, found {text!r}") from error


def number(text: str) -> float:
    """The number in a word of the command line, with or without a fraction."""
    try:
        return float(text)
    except ValueError as error:
        raise typer.BadParameter(f"expected a number, found {text!r}") from error
