"""Bounded reads of fixed-size fields: a damaged executable raises an error with a message, not a struct.error."""

from __future__ import annotations

import struct
from typing import NoReturn

from mkexe.errors import AuditError

REBUILD_HINT = "rebuild the runtime: mkexe runtime build"


def refuse(what: str, offset: int, expected: object, found: object, hint: str = REBUILD_HINT) -> NoReturn:
    """Raise an AuditError with the field, the file offset, and what was expected and found."""
    raise AuditError(f"{what} at offset {offset:#x}: expected {expected}, found {found}", hint)


def check(condition: bool, what: str, offset: int, expected: object, found: object) -> None:
    """Refuse the file unless the condition holds."""
    if not condition:
        refuse(what, offset, expected, found)


def check_range(data: bytes, offset: int, size: int, what: str) -> None:
    """Refuse the file if it ends before offset + size."""
    check(offset + size <= len(data), what, offset, f"{size} bytes", f"a file that ends at {len(data):#x}")


def unpack(layout: str, data: bytes, offset: int, what: str) -> tuple[int, ...]:
    """Return the integers that a struct layout describes at a file offset.

    Raises AuditError if the file is too short.
    """
    check_range(data, offset, struct.calcsize(layout), what)
    return struct.unpack_from(layout, data, offset)
