"""Where everything in an artifact lies, computed from sizes alone (docs/FORMAT.md, "Order and alignment")."""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass

from mkexe.container import manifest as manifests
from mkexe.container.manifest import Manifest
from mkexe.container.superblock import Superblock
from mkexe.container.zip_records import ZipEntry, central_directory, dos_date_time, local_header, local_header_size

RUNTIME_ALIGNMENT = 4096  # bytes; what `dd bs=4096 skip=N` reaches
WEIGHTS_ALIGNMENT = 65536  # bytes; Windows' mapping granularity, a multiple of every page size
SMALL_ALIGNMENT = 8  # bytes


def place(end: int, entry: str, size: int, alignment: int) -> int:
    """The offset of an entry's data: the first aligned one that leaves room for its local header after `end`."""
    earliest = end + local_header_size(entry, size)
    return -(-earliest // alignment) * alignment


@dataclass(frozen=True)
class Piece:
    """Bytes of an artifact that follow from its manifest: ZIP records at `offset`."""

    offset: int
    data: bytes


def records(manifest: Manifest, manifest_offset: int, manifest_size: int, manifest_crc32: int) -> list[Piece]:
    """Every ZIP record of the artifact: the local headers in order, the central directory last."""
    dos_time = dos_date_time(*_utc(manifest.created)[:6])
    entries = [ZipEntry(item.entry, item.offset, item.size, item.crc32) for item in manifest.ranges() if item.entry]
    entries.append(ZipEntry(manifests.ENTRY_NAME, manifest_offset, manifest_size, manifest_crc32))
    pieces = []
    for entry in entries:
        header = local_header(entry, dos_time)
        pieces.append(Piece(entry.offset - len(header), header))
    directory = manifest_offset + manifest_size
    pieces.append(Piece(directory, central_directory(entries, directory, dos_time)))
    return pieces


def expected_records(manifest: Manifest, block: Superblock, manifest_crc32: int) -> list[Piece]:
    """The records that an artifact with this superblock must hold."""
    return records(manifest, block.manifest_offset, block.manifest_size, manifest_crc32)


def format_time(seconds: int) -> str:
    """Seconds since 1970 as the manifest's `created`: UTC, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def parse_time(created: str) -> int:
    """Seconds since 1970 of a manifest's `created`; 0 for what is no such time, or an earlier one."""
    return calendar.timegm(_utc(created))


def _utc(created: str) -> time.struct_time:
    try:
        return time.gmtime(max(0, calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ"))))
    except (ValueError, OverflowError):
        return time.gmtime(0)
