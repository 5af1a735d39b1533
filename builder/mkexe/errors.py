"""All errors that mkexe reports, each with its exit code.

docs/errors.md documents the exit codes; a test compares the two and asserts that no code is used twice. Every package
raises these errors; only `mkexe.cli` turns them into text and an exit status.
"""

from __future__ import annotations

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT, as shells have it (POSIX, "Exit Status for Commands")."""


class MkexeError(Exception):
    """An error that the user can understand.

    `message` says what is wrong, where (file and offset, or target), what was expected and what was found. `hint` is
    the next command to type or the next thing to check; it may be empty. Each of the two is one line. `detail` is text
    of several lines, such as the end of a log.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class UsageError(MkexeError):
    """An option or an argument is wrong."""

    exit_code = 2


class ModelError(MkexeError):
    """A model file cannot be used: it is not a GGUF, damaged, unsupported or incomplete."""

    exit_code = 3


class ArtifactError(MkexeError):
    """A file is not an artifact, or is damaged."""

    exit_code = 4


class CompileError(MkexeError):
    """A step of compiling a runtime failed."""

    exit_code = 5


class BootError(MkexeError):
    """An artifact did not start, or its answer was wrong."""

    exit_code = 6


class AuditError(MkexeError):
    """A runtime executable breaks a rule of its target."""

    exit_code = 7


class ToolMissingError(MkexeError):
    """A program that is needed for this step is not installed."""

    exit_code = 8


class FetchError(MkexeError):
    """A pinned input could not be downloaded, or does not have the pinned hash."""

    exit_code = 9


class OutputError(MkexeError):
    """The output cannot be written: no space, no permission, already there."""

    exit_code = 10


class PageError(MkexeError):
    """The web page could not be built."""

    exit_code = 11


class DefectError(MkexeError):
    """A defect of mkexe itself. The message says where the traceback is."""

    exit_code = 70
