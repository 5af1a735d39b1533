"""What a person is told of an exception."""

from __future__ import annotations

import sys
import traceback

import typer

from mkexe.base.bounded_read import reason
from mkexe.errors import DefectError, MkexeError, UsageError

_SHOWN_CHARACTERS = 200  # of an unexpected exception's own words


def explain(error: Exception) -> MkexeError:
    """The error to show; an exception that nobody expected is a defect, and its traceback is kept."""
    if isinstance(error, MkexeError):
        return error
    if isinstance(error, typer.TyperException):
        return UsageError(f"mkexe: {error.format_message()}", "mkexe --help has examples")
    if isinstance(error, OSError):
        return MkexeError(f"{error.filename or 'a file'}: {reason(error)}", "check the path and its permissions")
    if isinstance(error, MemoryError):
        return _no_memory()
    return _defect(error)


def _defect(error: Exception) -> DefectError:
    from mkexe.base import cache

    lines = "".join(traceback.format_exception(error))
    what = f"this is a defect of mkexe: {type(error).__name__}: {str(error)[:_SHOWN_CHARACTERS]}"
    try:
        kept = cache.root() / "logs" / "defect.log"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(lines, "utf-8", errors="backslashreplace")
    except OSError:
        return DefectError(what, "please report it, with the lines above", lines)
    return DefectError(what, f"please report it, with what is in {kept}")


def _no_memory() -> MkexeError:
    """Names the shell's limit where there is one, in the unit that it has there."""
    limit = -1
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit < 0:  # RLIM_INFINITY
        return MkexeError("there is no more memory", "close other programs, and try again")
    return MkexeError(f"there is no more memory: ulimit -v is {limit // 1024} kB", "raise that limit, and try again")
