"""The first 4096 bytes of an artifact of layout exe: script, superblock, PE headers (docs/FORMAT.md, "Head").

With a Windows runtime the file begins with `MZ`: to Windows it is a PE whose headers end the head, to a Unix shell an
assignment with a here-document that hides the bytes at 0x3c. Without one it begins with `#!/bin/sh`.
"""

from __future__ import annotations

from mkexe.container.superblock import HEAD_SIZE, SUPERBLOCK_ALIGNMENT, SUPERBLOCK_SIZE
from mkexe.errors import OutputError

_E_LFANEW = 0x3C  # where a PE holds the offset of its signature
_PE_ALIGNMENT = 16  # bytes; the format asks for 8
_TERMINATOR = b"__mkexe__"
_FIRST_LINE = b"MZmkexe='' <<'" + _TERMINATOR + b"'\n"
_SHEBANG = b"#!/bin/sh\n"


def compose_head(script: bytes, pe_headers: bytes | None) -> tuple[bytes, int]:
    """The head with 128 zero bytes where the superblock goes, and the offset of those.

    `pe_headers` are the relocated headers of the Windows runtime, None without one.
    Raises OutputError when it does not all fit.
    """
    headers = pe_headers or b""
    headers_at = (HEAD_SIZE - len(headers)) // _PE_ALIGNMENT * _PE_ALIGNMENT
    start = _mz_start(headers_at) if pe_headers else _SHEBANG
    text = start + script
    superblock_at = -(-len(text) // SUPERBLOCK_ALIGNMENT) * SUPERBLOCK_ALIGNMENT
    if superblock_at + SUPERBLOCK_SIZE > headers_at:
        raise OutputError(
            f"the head holds {len(text)} bytes of script, {SUPERBLOCK_SIZE} of superblock and {len(headers)} of PE "
            f"headers, which is more than {HEAD_SIZE}",
            "bundle fewer targets, or shorten templates/launcher/head.sh.j2",
        )
    head = text.ljust(superblock_at, b"\n").ljust(headers_at, b"\0") + headers
    return head.ljust(HEAD_SIZE, b"\0"), superblock_at


def _mz_start(headers_at: int) -> bytes:
    """The bytes up to the end of the here-document."""
    return _FIRST_LINE.ljust(_E_LFANEW, b"\n") + headers_at.to_bytes(4, "little") + b"\n" + _TERMINATOR + b"\n"
