"""Every failure a person can meet, with its exit code and the next thing to do.

The exit codes are documented in docs/errors.md; a test compares the two and asserts that no code is used twice.
Libraries raise these, only `mkexe.cli` turns them into text and an exit status.
"""

from __future__ import annotations

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT, as shells have it (POSIX, "Exit Status for Commands")."""


class MkexeError(Exception):
    """A failure that is explained to the user.

    `message` says what, where (file and offset, or target), what was expected and what was found.
    `hint` is the next command to type or the next thing to look at; it may be empty. Both are shown in one line; what
    has lines of its own, such as the end of a log, is `detail`.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class UsageError(MkexeError):
    """An option or an argument that makes no sense."""

    exit_code = 2


class ModelError(MkexeError):
    """A model file that cannot be used: not a GGUF, damaged, unsupported, parts missing."""

    exit_code = 3


class ArtifactError(MkexeError):
    """A file that is not an artifact, or a damaged one."""

    exit_code = 4


class CompileError(MkexeError):
    """A step of compiling a runtime failed."""

    exit_code = 5


class BootError(MkexeError):
    """An artifact did not start or did not answer as it must."""

    exit_code = 6


class AuditError(MkexeError):
    """A runtime executable breaks a rule of its target."""

    exit_code = 7


class ToolMissingError(MkexeError):
    """A program that is needed for this step is not installed."""

    exit_code = 8


class FetchError(MkexeError):
    """A pinned input could not be obtained, or does not have the pinned hash."""

    exit_code = 9


class OutputError(MkexeError):
    """The output cannot be written: no space, no permission, already there."""

    exit_code = 10


class PageError(MkexeError):
    """The web page could not be built."""

    exit_code = 11


class DefectError(MkexeError):
    """Something that mkexe did not expect: a defect of its own. It says where the traceback is."""

    exit_code = 70
