"""Write .xz streams with a filter for the processor (The .xz File Format 1.2.0), also if Python's lzma lacks it.

Each stream has one block, and its check is CRC-32. `xz` reads it; a stream for 64-bit Arm needs xz 5.4 or later.
"""

from __future__ import annotations

import lzma
import struct
import zlib

DICTIONARY_SIZE = 64 << 20  # bytes; unpacking needs as much memory as the unpacked data, up to this

X86, ARM64 = "x86_64", "aarch64"
_PRESET = 9 | lzma.PRESET_EXTREME
# section 5.3 of the specification
_ARM64_FILTER = 0x0A
_STREAM_HEADER_SIZE = 12
_CHECK_SIZE = 4


def compress(data: bytes, processor: str) -> bytes:
    """Compress `data`, programs for `processor`, to an .xz stream. The programs should begin at multiples of 4096."""
    if processor == X86:
        return _compress(data, {"id": lzma.FILTER_X86}, _lzma2())
    # instructions have four bytes; the best settings in a comparison (docs/decisions/0004-packed-runtimes.md)
    lzma2 = _lzma2(lc=2, lp=2, pb=2)
    if processor == ARM64:
        return _with_arm64_filter(_compress(filter_arm64(data), lzma2), data)
    return _compress(data, lzma2)


def _lzma2(**more: int) -> dict[str, int]:
    return {"id": lzma.FILTER_LZMA2, "preset": _PRESET, "dict_size": DICTIONARY_SIZE, **more}


def _compress(data: bytes, *filters: dict[str, int]) -> bytes:
    return lzma.compress(data, lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=list(filters))


def _with_arm64_filter(stream: bytes, unfiltered: bytes) -> bytes:
    """Change the block header of a stream of filtered data: it names only LZMA2, and then also the filter.

    Both headers have 12 bytes (section 3.1): size, flags, the filters' numbers and properties, padding, CRC-32. The
    block's check covers the output of all filters.
    """
    header = stream[_STREAM_HEADER_SIZE:][:12]
    size, flags, filter_number, properties_size, dictionary = header[:5]
    if (size, flags, filter_number, properties_size) != (2, 0, lzma.FILTER_LZMA2, 1):
        raise ValueError(f"expected a block header of 12 bytes that names LZMA2 alone, found {header.hex()}")
    named = bytes([size, 1, _ARM64_FILTER, 0, lzma.FILTER_LZMA2, 1, dictionary, 0])
    changed = bytearray(stream)
    changed[_STREAM_HEADER_SIZE : _STREAM_HEADER_SIZE + 12] = named + struct.pack("<I", zlib.crc32(named))
    check_end = len(stream) - _index_and_footer_size(stream)
    changed[check_end - _CHECK_SIZE : check_end] = struct.pack("<I", zlib.crc32(unfiltered))
    return bytes(changed)


def _index_and_footer_size(stream: bytes) -> int:
    """Backward Size of the stream footer, and the footer (section 2.1.2)."""
    return (int.from_bytes(stream[-8:-4], "little") + 1) * 4 + 12


def filter_arm64(data: bytes) -> bytes:
    """Make targets of calls (BL) and addresses of pages (ADRP) absolute, so that the same target has the same bytes.

    This is the specification's filter 0x0A (xz's src/liblzma/simple/arm64.c). Instructions are those of the Arm
    Architecture Reference Manual, C6.2: BL has 26 bits, counted in words; ADRP 21 bits, counted in pages of 4096 bytes,
    the two lowest in a separate field. Only pages within 512 MiB are filtered, so that other data rarely changes.
    """
    import numpy

    whole = len(data) // 4 * 4
    word = numpy.frombuffer(data[:whole], "<u4")
    position = numpy.arange(len(word), dtype="<u4") * 4

    call = 0x94000000 | (word + (position >> 2) & 0x03FFFFFF)
    page = (word >> 29 & 3) | (word >> 3 & 0x1FFFFC)
    is_near = (page + 0x20000 & 0x1C0000) == 0
    target = page + (position >> 12)
    sign = numpy.where(target & 0x20000, 0xE00000, 0).astype("<u4")
    address = (word & 0x9000001F) | (target & 3) << 29 | (target & 0x3FFFC) << 3 | sign

    is_call = word >> 26 == 0x25
    is_page = (word & 0x9F000000 == 0x90000000) & is_near
    return bytes(numpy.select([is_call, is_page], [call, address], word).astype("<u4").tobytes()) + data[whole:]
