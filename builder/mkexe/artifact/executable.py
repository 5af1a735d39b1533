"""Executables that begin an artifact: their first page is its head (docs/FORMAT.md, "Head")."""

from __future__ import annotations

from dataclasses import dataclass

from mkexe.artifact.head import compose_pe_and_shell_head, compose_pe_head
from mkexe.artifact.superblock import DAMAGED_HINT, HEAD_SIZE, SUPERBLOCK_SIZE
from mkexe.binfmt import elf, pe
from mkexe.errors import ArtifactError

_PE_EARLIEST = 0x40 + SUPERBLOCK_SIZE  # after the smallest head and the superblock
_PE_SMALLEST = pe.CERTIFICATE_ENTRY + 8  # up to the last field that is cleared


@dataclass(frozen=True)
class Executable:
    """An executable in two pieces: its first page and its `body`. The superblock can be written at `superblock_at`.

    `pe_headers` are a PE's headers, which may share the page with a script; None for an ELF.
    """

    page: bytes
    superblock_at: int
    body: bytes
    pe_headers: bytes | None

    @property
    def data(self) -> bytes:
        """The executable without an artifact."""
        return self.page + self.body

    def compose_head(self, script: bytes) -> tuple[bytes, int]:
        """Return an artifact's head and the offset of the room for the superblock. A PE's head can hold `script`.

        Raises OutputError if it does not fit, ValueError for an ELF with a script.
        """
        if not script:
            return self.page, self.superblock_at
        if self.pe_headers is None:
            raise ValueError("an ELF's first page has no room for a script")
        return compose_pe_and_shell_head(script, self.pe_headers)


def load_executable(executable: bytes) -> Executable:
    """Split a runtime's executable. Raises AuditError if it cannot begin an artifact."""
    if executable.startswith(elf.MAGIC):
        page = executable[:HEAD_SIZE]
        return Executable(page, elf.find_superblock_room(page), executable[HEAD_SIZE:], None)
    moved = pe.relocate_pe_headers(executable, HEAD_SIZE)
    page, superblock_at = compose_pe_head(moved.headers)
    return Executable(page, superblock_at, moved.body, moved.headers)


def plain_page(head: bytes, superblock_at: int) -> bytes:
    """Return the executable's own first page, from the head of an artifact that begins with this executable.

    The superblock, the script and the fields of a signature are removed. Raises ArtifactError if the head is not an
    executable.
    """
    if head.startswith(elf.MAGIC):
        return head[:superblock_at] + bytes(SUPERBLOCK_SIZE) + head[superblock_at + SUPERBLOCK_SIZE :]
    at = int.from_bytes(head[pe.LFANEW_OFFSET :][:4], "little")
    if not head.startswith(b"MZ") or not _PE_EARLIEST <= at <= HEAD_SIZE - _PE_SMALLEST:
        raise ArtifactError(
            f"the head is not an executable: expected ELF's magic, or MZ and PE headers between {_PE_EARLIEST} and "
            f"{HEAD_SIZE - _PE_SMALLEST}, found {head[:4]!r} and {at}",
            DAMAGED_HINT,
        )
    headers = bytearray(head[at:])
    headers[pe.CHECKSUM : pe.CHECKSUM + 4] = bytes(4)
    headers[pe.CERTIFICATE_ENTRY : pe.CERTIFICATE_ENTRY + 8] = bytes(8)
    return compose_pe_head(bytes(headers))[0]
