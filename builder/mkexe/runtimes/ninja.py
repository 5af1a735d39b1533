"""Ninja's status lines, as progress."""

from __future__ import annotations

import re

from mkexe.base.reporter import Progress

_STATUS = re.compile(r"\[(\d+)/(\d+)\] (.*)")


class StatusReader:
    """Reports Ninja's lines to `progress`. They have the form `[steps done/all steps] description`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0

    def read(self, line: str) -> None:
        """Read a line that Ninja printed. Lines that are not status lines are skipped."""
        status = _STATUS.match(line)
        if status is None:
            return
        done = int(status[1])
        self._progress.set_total(int(status[2]))
        self._progress.advance(done - self._done, status[3].rsplit("/", 1)[-1])
        self._done = done
