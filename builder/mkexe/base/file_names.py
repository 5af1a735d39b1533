"""Names that a file can have on every system. A file with a name that Windows reserves cannot be copied to it."""

from __future__ import annotations

from pathlib import Path

from mkexe.base.plain_text import find_unsafe_anywhere
from mkexe.errors import UsageError

# the limit of most file systems, minus what mkexe adds to a name: ".NAME.12345.part", "NAME-chats", ".log"
_MOST_BYTES = 255 - 35
# learn.microsoft.com, "Naming Files, Paths, and Namespaces"
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}


def find_name_problem(name: str) -> str:
    """Why some system does not allow this name, as the end of a sentence; empty if all allow it."""
    if not name or name.strip(". ") == "":
        return "is not a name"
    if len(name.encode(errors="surrogateescape")) > _MOST_BYTES:
        return f"has {len(name.encode(errors='surrogateescape'))} bytes; file systems allow about {_MOST_BYTES}"
    if name.split(".")[0].rstrip(" ").lower() in _RESERVED:
        return f"begins with {name.split('.')[0]!r}, which is a device on Windows"
    return "ends in a dot or a space, which Windows drops" if name[-1] in ". " else ""


def check_output_name(path: Path) -> None:
    """Raise UsageError if no file should be written under that name. Allows `.` and other folders."""
    problem = _find_output_problem(path.name) if path.name not in ("", "..") else ""
    if problem:
        raise UsageError(f"{_shortened(str(path))}: the name {problem}", "choose another with -o")


def _find_output_problem(name: str) -> str:
    """Why a file cannot get this name, which other files also contain (the bill of materials); empty if it can."""
    if name == "-":
        return "means standard output in other programs; mkexe does not write to it"
    if unsafe := find_unsafe_anywhere(name):
        return f"holds the control character {unsafe}"
    return find_name_problem(name)


def check_model_name(path: Path) -> None:
    """Raise UsageError if a model's file has a name that an artifact's entry cannot have."""
    problem = find_name_problem(path.name)
    if problem:
        raise UsageError(f"{_shortened(str(path))}: the name {problem}", "rename the model's file")


def _shortened(text: str) -> str:
    return text if len(text) < 100 else text[:97] + "..."
