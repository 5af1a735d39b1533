"""A reporter that keeps what it hears."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Heard:
    """One piece of work: how much of it was said to be done, of how much."""

    def __init__(self, title: str, total: int) -> None:
        self.title = title
        self.total = total
        self.done = 0
        self.doings: list[str] = []

    def advance(self, count: int, doing: str = "") -> None:
        assert count >= 0
        self.done += count
        self.doings.append(doing)

    def set_total(self, total: int) -> None:
        self.total = total


class Listener:
    """A Reporter (mkexe.base.reporter)."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.results: list[object] = []
        self.works: list[Heard] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def result(self, value: object) -> None:
        self.results.append(value)

    @contextlib.contextmanager
    def bytes_progress(self, title: str, total: int) -> Iterator[Heard]:
        self.works.append(Heard(title, total))
        yield self.works[-1]

    @contextlib.contextmanager
    def steps_progress(self, title: str) -> Iterator[Heard]:
        self.works.append(Heard(title, 1))
        yield self.works[-1]
