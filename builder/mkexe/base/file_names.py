"""Names that a file can have on every system: one that Windows reserves can neither be copied nor started there."""

from __future__ import annotations

from pathlib import Path

from mkexe.base.plain_text import find_unsafe_anywhere
from mkexe.errors import UsageError

# file systems' own limit of a name, less what is put before and behind it: ".NAME.12345.part", "NAME-chats", ".log"
_MOST_BYTES = 255 - 35
# learn.microsoft.com, "Naming Files, Paths, and Namespaces"
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"
}


def find_name_problem(name: str) -> str:
    """What keeps a file from having this name somewhere, as the end of a sentence; empty where nothing does."""
    if not name or name.strip(". ") == "":
        return "is not a name"
    if len(name.encode(errors="surrogateescape")) > _MOST_BYTES:
        return f"has {len(name.encode(errors='surrogateescape'))} bytes; file systems allow about {_MOST_BYTES}"
    if name.split(".")[0].rstrip(" ").lower() in _RESERVED:
        return f"begins with {name.split('.')[0]!r}, which is a device on Windows"
    return "ends in a dot or a space, which Windows drops" if name[-1] in ". " else ""


def check_output_name(path: Path) -> None:
    """Raise UsageError where no file should be written under that name; a folder such as `.` is none of its cases."""
    problem = _find_output_problem(path.name) if path.name not in ("", "..") else ""
    if problem:
        raise UsageError(f"{_shortened(str(path))}: the name {problem}", "choose another with -o")


def _find_output_problem(name: str) -> str:
    """What is wrong with a name that other files quote: those beside it, and its bill of materials."""
    if name == "-":
        return "stands for standard output elsewhere; the file is written under its name or not at all"
    if unsafe := find_unsafe_anywhere(name):
        return f"holds the control character {unsafe}"
    return find_name_problem(name)


def check_model_name(path: Path) -> None:
    """Raise UsageError where a model's file has a name that an artifact's entry cannot have."""
    problem = find_name_problem(path.name)
    if problem:
        raise UsageError(f"{_shortened(str(path))}: the name {problem}", "rename the model's file")


def _shortened(text: str) -> str:
    return text if len(text) < 100 else text[:97] + "..."
