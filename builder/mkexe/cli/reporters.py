"""Reporters for a person at a terminal and for a program that reads JSON."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import rich.progress
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from mkexe.base.plain_text import one_line
from mkexe.base.reporter import Progress
from mkexe.cli import console

_PLAIN_INTERVAL_S = 30.0


class TerminalReporter:
    """Tells a person at a terminal, on stderr; `show` prints a part of the result."""

    def __init__(self, show: Callable[[Any], None] = console.result) -> None:
        self._show = show

    def say(self, text: str) -> None:
        """A line on stderr."""
        console.say(text)

    def result(self, value: object) -> None:
        """Print it at once."""
        self._show(value)

    def bytes_progress(self, title: str, total: int) -> AbstractContextManager[Progress]:
        """A bar with rate and time left."""
        return _bar(title, total, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())

    def steps_progress(self, title: str) -> AbstractContextManager[Progress]:
        """A bar with the step that is being done."""
        doing = TextColumn("{task.fields[doing]}", markup=False)
        return _bar(title, 1, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), doing)


class JsonReporter(TerminalReporter):
    """Tells a program: parts of the result are not printed one by one, but by the command, as one JSON text."""

    def result(self, value: object) -> None:
        """Nothing yet."""


@contextlib.contextmanager
def _bar(title: str, total: int, *columns: ProgressColumn) -> Iterator[Progress]:
    title = one_line(title)
    if not console.ERR.is_terminal:
        yield _PlainProgress(title, total)
        return
    with rich.progress.Progress(TextColumn("{task.description}", markup=False), *columns, console=console.ERR) as drawn:
        yield _DrawnProgress(drawn, drawn.add_task(title, total=total, doing=""))


class _DrawnProgress:
    """One of rich's bars."""

    def __init__(self, drawn: rich.progress.Progress, task: TaskID) -> None:
        self._drawn = drawn
        self._task = task

    def advance(self, count: int, doing: str = "") -> None:
        self._drawn.update(self._task, advance=count, doing=one_line(doing))

    def set_total(self, total: int) -> None:
        self._drawn.update(self._task, total=total)


class _PlainProgress:
    """A line at the start and one every half minute, for logs."""

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._last = time.monotonic()
        console.say(f"{title} ...")

    def advance(self, count: int, doing: str = "") -> None:
        self._done += count
        now = time.monotonic()
        if now - self._last >= _PLAIN_INTERVAL_S:
            self._last = now
            console.say(f"{self._title}: {100 * self._done // max(self._total, 1)} % {doing}".rstrip())

    def set_total(self, total: int) -> None:
        self._total = total
