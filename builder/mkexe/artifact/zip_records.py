"""The ZIP records around an artifact's entries (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16).

Every entry is stored. The records depend only on names, offsets, sizes, CRCs and one time, so a reader can compute
them again and compare: `local_header` and `central_directory` are pure. ZIP64 fields appear exactly where a 32-bit
field would overflow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_LOCAL_HEADER = struct.Struct("<IHHHHHIIIHH")
_CENTRAL_HEADER = struct.Struct("<IHHHHHHIIIHHHHHII")
_ZIP64_END = struct.Struct("<IQHHIIQQQQ")
_ZIP64_LOCATOR = struct.Struct("<IIQI")
_END = struct.Struct("<IHHHHIIH")

_UTF8_NAMES = 1 << 11  # general purpose flag, section 4.4.4
_VERSION_PLAIN = 20
_VERSION_ZIP64 = 45
_MADE_BY_UNIX = 3 << 8
_REGULAR_FILE = 0o100644 << 16
_MAXIMUM_32 = 0xFFFFFFFF
_MAXIMUM_16 = 0xFFFF


@dataclass(frozen=True)
class ZipEntry:
    """A stored entry; `offset` is the offset of its first data byte, where its local header ends."""

    name: str
    offset: int
    size: int
    crc32: int


def local_header(entry: ZipEntry, dos_time: tuple[int, int]) -> bytes:
    """The local file header; `dos_time` is (time, date) from `dos_date_time`."""
    name = entry.name.encode()
    large = entry.size >= _MAXIMUM_32
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if large else b""
    size = _MAXIMUM_32 if large else entry.size
    version = _VERSION_ZIP64 if large else _VERSION_PLAIN
    return (
        _LOCAL_HEADER.pack(
            0x04034B50, version, _UTF8_NAMES, 0, *dos_time, entry.crc32, size, size, len(name), len(extra)
        )
        + name
        + extra
    )


def local_header_size(name: str, size: int) -> int:
    """The size of the local header in bytes; the data follows it."""
    return _LOCAL_HEADER.size + len(name.encode()) + (20 if size >= _MAXIMUM_32 else 0)


def central_directory(entries: list[ZipEntry], offset: int, dos_time: tuple[int, int]) -> bytes:
    """The central directory and its end records, which fill the artifact from `offset` to its end."""
    headers = b"".join(_central_header(entry, dos_time) for entry in entries)
    count = len(entries)
    large = count >= _MAXIMUM_16 or len(headers) >= _MAXIMUM_32 or offset >= _MAXIMUM_32
    records = b""
    if large:
        end = offset + len(headers)
        records = _ZIP64_END.pack(
            0x06064B50, 44, _VERSION_ZIP64 | _MADE_BY_UNIX, _VERSION_ZIP64, 0, 0, count, count, len(headers), offset
        ) + _ZIP64_LOCATOR.pack(0x07064B50, 0, end, 1)
    short = min(count, _MAXIMUM_16)
    records += _END.pack(0x06054B50, 0, 0, short, short, min(len(headers), _MAXIMUM_32), min(offset, _MAXIMUM_32), 0)
    return headers + records


def dos_date_time(year: int, month: int, day: int, hour: int, minute: int, second: int) -> tuple[int, int]:
    """(time, date) in the format of section 4.4.6: two-second steps, years 1980 to 2107; others are clamped."""
    if year < 1980:
        return 0, 1 << 5 | 1
    if year > 2107:
        year, month, day, hour, minute, second = 2107, 12, 31, 23, 59, 58
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _central_header(entry: ZipEntry, dos_time: tuple[int, int]) -> bytes:
    name = entry.name.encode()
    header_offset = entry.offset - local_header_size(entry.name, entry.size)
    zip64 = b""
    size = entry.size
    if size >= _MAXIMUM_32:
        zip64 += struct.pack("<QQ", size, size)
        size = _MAXIMUM_32
    if header_offset >= _MAXIMUM_32:
        zip64 += struct.pack("<Q", header_offset)
        header_offset = _MAXIMUM_32
    extra = struct.pack("<HH", 1, len(zip64)) + zip64 if zip64 else b""
    version = _VERSION_ZIP64 if zip64 else _VERSION_PLAIN
    fixed = _CENTRAL_HEADER.pack(
        0x02014B50, version | _MADE_BY_UNIX, version, _UTF8_NAMES, 0, *dos_time, entry.crc32, size, size, len(name),
        len(extra), 0, 0, 0, _REGULAR_FILE, header_offset,
    )  # fmt: skip
    return fixed + name + extra
