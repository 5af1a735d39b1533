"""The first 4096 bytes of an artifact, one function per kind (docs/FORMAT.md, "Head").

Each returns the head, with 128 zero bytes for the superblock, and the offset of these bytes.
"""

from __future__ import annotations

from mkexe.artifact.superblock import HEAD_SIZE, SUPERBLOCK_ALIGNMENT, SUPERBLOCK_SIZE
from mkexe.errors import OutputError

_E_LFANEW = 0x3C  # here a PE stores the offset of its signature
_PE_ALIGNMENT = 16  # bytes; the format requires 8
_TERMINATOR = b"__mkexe__"
_FIRST_LINE = b"MZmkexe='' <<'" + _TERMINATOR + b"'\n"
_SHEBANG = b"#!/bin/sh\n"


def compose_shell_head(script: bytes) -> tuple[bytes, int]:
    """A script that the kernel starts by its first line. Raises OutputError if it does not fit."""
    return _fill(_SHEBANG + script, HEAD_SIZE, b"")


def compose_pe_and_shell_head(script: bytes, pe_headers: bytes) -> tuple[bytes, int]:
    """Windows reads this head as a PE, with the headers at its end. A shell reads an assignment and a script.

    A here-document hides the bytes at 0x3c from the shell. Raises OutputError if it does not fit.
    """
    at = _headers_at(pe_headers)
    hidden = _FIRST_LINE.ljust(_E_LFANEW, b"\n") + at.to_bytes(4, "little") + b"\n" + _TERMINATOR + b"\n"
    return _fill(hidden + script, at, pe_headers)


def compose_pe_head(pe_headers: bytes) -> tuple[bytes, int]:
    """Only a PE."""
    at = _headers_at(pe_headers)
    return _fill(b"MZ".ljust(_E_LFANEW, b"\0") + at.to_bytes(4, "little"), at, pe_headers)


def _headers_at(pe_headers: bytes) -> int:
    return (HEAD_SIZE - len(pe_headers)) // _PE_ALIGNMENT * _PE_ALIGNMENT


def _fill(text: bytes, end: int, headers: bytes) -> tuple[bytes, int]:
    """Join `text`, newlines, room for the superblock, zeros, and `headers`, which begin at `end`."""
    superblock_at = -(-len(text) // SUPERBLOCK_ALIGNMENT) * SUPERBLOCK_ALIGNMENT
    if superblock_at + SUPERBLOCK_SIZE > end:
        raise OutputError(
            f"the head holds {len(text)} bytes of script, {SUPERBLOCK_SIZE} of superblock and {len(headers)} of PE "
            f"headers, which is more than {HEAD_SIZE}",
            "bundle fewer targets, or shorten templates/launcher/head.sh.j2",
        )
    head = text.ljust(superblock_at, b"\n").ljust(end, b"\0") + headers
    return head.ljust(HEAD_SIZE, b"\0"), superblock_at
