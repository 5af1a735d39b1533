"""Universal ("fat") Mach-O files: programs for several processors in one file (macOS' <mach-o/fat.h>)."""

from __future__ import annotations

import struct

_MAGIC = 0xCAFEBABE  # FAT_MAGIC; everything in this header is big-endian
_ALIGNMENT_SHIFT = 14  # slices begin at multiples of 16 KiB, the page size of Apple silicon
_THIN_MAGIC = 0xFEEDFACF  # MH_MAGIC_64


def compose_universal(images: list[bytes]) -> bytes:
    """Join 64-bit programs for different processors into one file. A single program stays unchanged.

    A program's signature covers only its own bytes, so it stays valid. Raises ValueError if one is not a 64-bit Mach-O.
    """
    if len(images) == 1:
        return images[0]
    table = struct.pack(">II", _MAGIC, len(images))
    offset = 1 << _ALIGNMENT_SHIFT
    data = b""
    for image in images:
        magic, processor, kind = struct.unpack_from("<IiI", image)
        if magic != _THIN_MAGIC:
            raise ValueError(f"expected a 64-bit Mach-O, found the magic {magic:#x}")
        start = -(-(offset + len(data)) // offset) * offset
        table += struct.pack(">iIIII", processor, kind, start, len(image), _ALIGNMENT_SHIFT)
        data = data.ljust(start - offset, b"\0") + image
    return table.ljust(offset, b"\0") + data
