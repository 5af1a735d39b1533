"""How the builder reports progress and results: the interfaces, without their implementations.

The command line implements them for a terminal and for a program that reads JSON (mkexe.cli.reporters).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Progress(Protocol):
    """A long piece of work that somebody watches. Any thread may report, one at a time."""

    def advance(self, count: int, doing: str = "") -> None:
        """So many more bytes or steps are done; `doing` is what is being done now."""

    def set_total(self, total: int) -> None:
        """So many bytes or steps there are in all."""


class Reporter(Protocol):
    """One who is told what goes on."""

    def say(self, text: str) -> None:
        """A line about what goes on."""

    def result(self, value: object) -> None:
        """A part of the result, as soon as it is there."""

    def bytes_progress(self, title: str, total: int) -> AbstractContextManager[Progress]:
        """Work on `total` bytes begins; it ends with the block."""

    def steps_progress(self, title: str) -> AbstractContextManager[Progress]:
        """Work begins whose number of steps is not known yet; it ends with the block."""


class _Unwatched:
    def advance(self, count: int, doing: str = "") -> None:
        """Nobody looks."""

    def set_total(self, total: int) -> None:
        """Nobody looks."""


UNWATCHED: Progress = _Unwatched()
