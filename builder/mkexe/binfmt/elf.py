"""ELF executables: the room that a runtime keeps for a superblock in its first page.

The room is a note (ELF specification, "Note Section") of 32 bytes of head and name and 128 of content
(runtime/artifact/superblock-note.cpp), which the linker puts right behind the program headers.
"""

from __future__ import annotations

from mkexe.binfmt.fields import check

MAGIC = b"\x7fELF"
_NAME = b"mkexe superblock\0"
_NAME_OFFSET = 12  # in the note, behind three 32-bit numbers
_CONTENT_OFFSET = 32


def find_superblock_room(page: bytes) -> int:
    """The offset of those 128 bytes in an executable's first page; raises AuditError where it has none."""
    check(page.startswith(MAGIC), "ELF header", 0, MAGIC, page[:4])
    name = page.find(_NAME)
    check(name >= 0, "note for the superblock", 0, "one in the first 4096 bytes", "none")
    return name - _NAME_OFFSET + _CONTENT_OFFSET
