"""The only module that prints. Results go to stdout, everything else to stderr; `NO_COLOR` is respected (by rich).

Everything that is printed passes `plain_text.one_line`, because names and titles are written by strangers: a text is
one line, whatever it holds, and steers no terminal. JSON is ASCII for the same reason.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mkexe.base.plain_text import one_line
from mkexe.errors import MkexeError

_MESSAGE_MAXIMUM = 4000  # characters

_out = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
ERR = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)


def prepare() -> None:
    """Let stdout and stderr write what their encoding cannot, such as Chinese in the C locale, as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """A line for the person at the terminal."""
    ERR.print(one_line(text))


def result(text: str) -> None:
    """A line of the result."""
    with standard_output():
        _out.print(one_line(text))


def result_json(value: Any) -> None:
    """The result for machines, in ASCII."""
    result_as_it_is(json.dumps(value, indent=2) + "\n")


def result_as_it_is(text: str) -> None:
    """A text of our own, with its lines."""
    with standard_output() as output:
        output.write(text)


def drop_output() -> None:
    """What is still to be written, and cannot be, goes nowhere: Python would try again at its end, and say so."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def standard_output() -> Iterator[TextIO]:
    """Gives the block stdout to write to.

    Raises MkexeError if writing fails, and BrokenPipeError if the reader has closed the pipe.
    """
    output: TextIO | None = sys.stdout  # None where it was closed before the start
    try:
        if output is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        yield output
        output.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        if output is not None:
            drop_output()
        problem = f"mkexe cannot write to standard output: {error.strerror or error}"
        raise MkexeError(problem, "redirect it, or free some space") from error


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """The result as a table; on a terminal with lines, elsewhere in aligned plain text."""
    rows = [tuple(one_line(cell) for cell in row) for row in rows]
    if not _out.is_terminal:
        widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
        with standard_output():
            for row in [columns, *rows] if any(columns) else rows:
                line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
                _out.print(line.rstrip())
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    with standard_output():
        _out.print(drawn)


def error(problem: MkexeError) -> None:
    """What went wrong and what to do; what is quoted may be of any length, and is cut."""
    ERR.print("error: ", style="bold red", end="")
    say(problem.message[:_MESSAGE_MAXIMUM])
    for line in problem.detail.rstrip().splitlines():
        say(line[:_MESSAGE_MAXIMUM])
    if problem.hint:
        ERR.print("hint: ", style="bold", end="")
        say(problem.hint[:_MESSAGE_MAXIMUM])
