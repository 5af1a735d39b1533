"""Commands that read their words as ours do: options are written in full, and every mistake has our form of error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from mkexe.base.suggest import suggest
from mkexe.cli import console
from mkexe.errors import UsageError

_USAGE = 2
_ANY_VALUE = ("--arg",)  # their values are options of another program
_NUMBER = re.compile(r"-(\d+\.?\d*|\.\d+)")


class Command(TyperCommand):
    """One command of mkexe. Of the context that Typer hands on, only public members are used."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raise UsageError for whatever is wrong with the words."""
        parameters = self.get_params(ctx)
        _hide_types(parameters)
        options = _options(parameters)
        if ctx.resilient_parsing:  # a shell completes words that are not finished
            return super().parse_args(ctx, args)
        try:
            rest = super().parse_args(ctx, _Words(ctx.command_path, options).check(args))
        except typer.BadParameter as error:
            raise _bad_parameter(ctx.command_path, error) from error
        if rest:
            raise UsageError(
                f"{ctx.command_path}: unknown argument {rest[0]}", f"{ctx.command_path} --help shows what it takes"
            )
        return rest

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words of the usage line. Typer puts a required argument in braces, unlike manuals."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Help is a result, and it is an error where it cannot be written."""
        with console.standard_output():
            super().format_help(ctx, formatter)


class Group(TyperGroup):
    """A command that has commands of its own. Alone it shows its help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raise UsageError for an option that the group does not have."""
        options = _options(self.get_params(ctx))
        if not ctx.resilient_parsing:
            if not args:
                ctx.get_help()
                raise typer.Exit(_USAGE)
            args = _Words(ctx.command_path, options).check(args, stop_at_argument=True)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Raise UsageError, with the nearest name, for a command that the group does not have."""
        if not ctx.resilient_parsing and args[0] not in self.commands:
            raise UsageError(f"{ctx.command_path}: unknown command {args[0]}", suggest(args[0], self.commands))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Help is a result, and it is an error where it cannot be written."""
        with console.standard_output():
            super().format_help(ctx, formatter)


def _hide_types(parameters: Sequence[object]) -> None:
    """Leave Python's types, such as <Path>, out of the help on arguments: the metavar says what an argument is."""
    for item in parameters:
        if isinstance(item, TyperArgument):
            item.display_type_rich = lambda ctx: None  # type: ignore[method-assign]


def _options(parameters: Sequence[object]) -> list[TyperOption]:
    """The options among them. Flags get what Typer's own flags lack, such as --help."""
    options = [item for item in parameters if isinstance(item, TyperOption)]
    for item in options:
        if item.is_flag:
            item.metavar = ""  # in help not "<bool>": a flag takes no value
            item.default = item.default or False  # None would be checked by pydantic, which takes long to import
    return options


class _Words:
    """The words of one command, compared with its options before Typer reads them."""

    def __init__(self, path: str, options: list[TyperOption]) -> None:
        self._path = path
        self._is_flag = {name: item.is_flag for item in options for name in (*item.opts, *item.secondary_opts)}

    def check(self, words: list[str], stop_at_argument: bool = False) -> list[str]:
        """The words, with the value of every option in a word of its own; raises UsageError."""
        checked: list[str] = []
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if not _is_option(word):
                checked.append(word)
                if stop_at_argument or word == "--":
                    break
                continue
            name, value = self._split(word)
            checked.append(name)
            if not self._is_flag[name]:
                checked.append(self._value(name, rest) if value is None else value)
            elif value is not None:
                self._refuse(f"{name}: takes no value, found {value!r}")
        return checked + rest

    def _split(self, word: str) -> tuple[str, str | None]:
        """The option in a word, and the value that stands in the same word."""
        name, equals, value = word.partition("=")
        if name in self._is_flag:
            return name, value if equals else None
        short = word[:2]
        if short in self._is_flag and not self._is_flag[short]:
            return short, word[2:]
        hint = suggest(name, self._is_flag, f"{self._path} --help lists the options")
        raise UsageError(f"{self._path}: unknown option {name}", hint)

    def _value(self, name: str, rest: list[str]) -> str:
        if not rest or (_is_option(rest[0]) and name not in _ANY_VALUE):
            self._refuse(f"{name}: expected one argument")
        return rest.pop(0)

    def _refuse(self, problem: str) -> NoReturn:
        raise UsageError(f"{self._path}: {problem}", f"{self._path} --help has examples")


def _is_option(word: str) -> bool:
    """Whether a word is meant as an option: a negative number and a sentence with a dash are not."""
    return len(word) > 1 and word[0] == "-" and word != "--" and " " not in word and not _NUMBER.fullmatch(word)


def _bad_parameter(path: str, error: typer.BadParameter) -> UsageError:
    name = ""
    if error.param is not None:
        name = error.param.opts[0] if isinstance(error.param, TyperOption) else error.param.metavar or error.param.name
    problem = f"{name}: {error.message}" if error.message else f"{name} is missing"
    return UsageError(f"{path}: {problem}", f"{path} --help has examples")
