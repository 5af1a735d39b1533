"""How the builder reports progress and results: the interfaces, without their implementations.

The command line implements them for a terminal and for a program that reads JSON (mkexe.cli.reporters).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Progress(Protocol):
    """Receives the progress of a long task. Any thread may report, one at a time."""

    def advance(self, count: int, doing: str = "") -> None:
        """`count` more bytes or steps are done; `doing` describes the current step."""

    def set_total(self, total: int) -> None:
        """The task has `total` bytes or steps."""


class Reporter(Protocol):
    """Receives messages, progress and results."""

    def say(self, text: str) -> None:
        """Show a message of one line."""

    def result(self, value: object) -> None:
        """Show one part of the result, as soon as it is known."""

    def bytes_progress(self, title: str, total: int) -> AbstractContextManager[Progress]:
        """Begin a task of `total` bytes; it ends with the block."""

    def steps_progress(self, title: str) -> AbstractContextManager[Progress]:
        """Begin a task whose number of steps is not known yet; it ends with the block."""


class _Unwatched:
    def advance(self, count: int, doing: str = "") -> None:
        """Show nothing."""

    def set_total(self, total: int) -> None:
        """Show nothing."""


UNWATCHED: Progress = _Unwatched()
