"""ELF executables: the room that a runtime keeps for a superblock in its first page.

The room is a note (ELF specification, "Note Section"): 32 bytes of header and name, and 128 bytes of content
(runtime/artifact/superblock-note.cpp). The linker puts it directly after the program headers.
"""

from __future__ import annotations

from mkexe.binfmt.fields import check

MAGIC = b"\x7fELF"
_NAME = b"mkexe superblock\0"
_NAME_OFFSET = 12  # in the note, after three 32-bit numbers
_CONTENT_OFFSET = 32


def find_superblock_room(page: bytes) -> int:
    """The offset of these 128 bytes in an executable's first page. Raises AuditError if there is no such note."""
    check(page.startswith(MAGIC), "ELF header", 0, MAGIC, page[:4])
    name = page.find(_NAME)
    check(name >= 0, "note for the superblock", 0, "one in the first 4096 bytes", "none")
    return name - _NAME_OFFSET + _CONTENT_OFFSET
