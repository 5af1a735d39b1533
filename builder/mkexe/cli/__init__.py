"""The command line: arguments in, exit status out. The only place that prints, and that turns errors into text."""

from __future__ import annotations

import os
import sys

import typer

from mkexe.base import interruption
from mkexe.cli import console
from mkexe.cli.app import make_command
from mkexe.cli.problems import explain
from mkexe.errors import INTERRUPTED

# what people type as commands
_OPTIONS = {"help": "--help", "version": "--version"}
_UNLIMITED = "10000"
_COMPLETE = "_MKEXE_COMPLETE"  # set by the scripts that shells run to complete a word


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (docs/errors.md)."""
    console.prepare()
    try:
        with interruption.by_signals():
            _run(sys.argv[1:] if arguments is None else arguments)
    except typer.Exit as end:
        return end.exit_code
    except KeyboardInterrupt:
        console.say("interrupted; no half-written file is left")
        return INTERRUPTED
    except BrokenPipeError:
        console.drop_output()
        return 1
    except Exception as error:
        problem = explain(error)
        console.error(problem)
        return problem.exit_code
    return 0


def _run(arguments: list[str]) -> None:
    command = make_command()
    if os.environ.get(_COMPLETE):
        os.environ["COLUMNS"] = _UNLIMITED  # a shell takes a line for a word
        command.main(arguments, prog_name="mkexe", complete_var=_COMPLETE)
    with command.make_context("mkexe", _with_options(arguments)) as context:
        command.invoke(context)


def _with_options(arguments: list[str]) -> list[str]:
    """`mkexe help build` means `mkexe build --help`."""
    word = _OPTIONS.get(arguments[0]) if arguments else None
    return [*arguments[1:], word] if word else list(arguments)
