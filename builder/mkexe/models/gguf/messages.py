"""Errors for model files: one sentence with the file, the byte offset, what was expected and what was found."""

from __future__ import annotations

from pathlib import Path

from mkexe.errors import ModelError

FETCH_AGAIN = "fetch the file again and compare its SHA-256 with the one its publisher gives"
SHOWN_CHARACTERS = 80


def shown(text: str) -> str:
    """Make text from an untrusted file safe to print: quoted, escaped, at most 80 characters.

    Control characters, terminal escapes and bidirectional overrides come out as backslash escapes.
    """
    cut = text[:SHOWN_CHARACTERS]
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return f"'{escaped}{'...' if len(text) > SHOWN_CHARACTERS else ''}'"


def printable(text: str) -> str:
    """Make text safe to print on one line: a question mark replaces every control character."""
    return "".join(c if c.isprintable() else "?" for c in text)


def file_name(path: Path) -> str:
    """Return the last part of a path, safe to print."""
    return printable(path.name)


def damaged(path: Path, offset_bytes: int, expected: str, found: str, hint: str = FETCH_AGAIN) -> ModelError:
    """Return the error for a violation of the format at `offset_bytes` from the start of the file."""
    return ModelError(f"{file_name(path)} is damaged at byte {offset_bytes}: expected {expected}, found {found}.", hint)


def unusable(path: Path, reason: str, hint: str) -> ModelError:
    """Return the error for an undamaged file that mkexe cannot use; `reason` completes the sentence."""
    return ModelError(f"{file_name(path)} {reason}.", hint)
