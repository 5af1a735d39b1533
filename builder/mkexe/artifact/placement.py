"""The place of everything in an artifact, computed from sizes alone (docs/FORMAT.md, "Order and alignment")."""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass

from mkexe.artifact import manifest as manifests
from mkexe.artifact.contents import Contents
from mkexe.artifact.executable import Executable, load_executable
from mkexe.artifact.manifest import Manifest
from mkexe.artifact.superblock import HEAD_SIZE, Superblock
from mkexe.artifact.zip_records import ZipEntry, central_directory, dos_date_time, local_header, local_header_size
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import WINDOWS, Target

RUNTIME_ALIGNMENT = 4096  # bytes; the block size of `dd bs=4096 skip=N`
WEIGHTS_ALIGNMENT = 65536  # bytes; Windows' mapping granularity, a multiple of every page size
SMALL_ALIGNMENT = 8  # bytes


def place(end: int, entry: str, size: int, alignment: int) -> int:
    """The offset of an entry's data: the first aligned offset with room for its local header after `end`."""
    earliest = end + local_header_size(entry, size)
    return -(-earliest // alignment) * alignment


@dataclass(frozen=True)
class Piece:
    """Bytes of an artifact that follow from its manifest: ZIP records at `offset`."""

    offset: int
    data: bytes


def records(manifest: Manifest, manifest_offset: int, manifest_size: int, manifest_crc32: int) -> list[Piece]:
    """Every ZIP record of the artifact: first the local headers in order, then the central directory."""
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
    """Seconds since 1970 of a manifest's `created`; 0 if it is not such a time, or is before 1970."""
    return calendar.timegm(_utc(created))


def _utc(created: str) -> time.struct_time:
    try:
        return time.gmtime(max(0, calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ"))))
    except (ValueError, OverflowError):
        return time.gmtime(0)


@dataclass(frozen=True)
class Placement:
    """The offset of everything, by name; `end` is the end of the last of them.

    `in_place` is the target whose executable begins the artifact, if any. `images` are the executables that are not
    packed, including that one.
    """

    in_place: str | None
    images: dict[str, Executable]
    programs: dict[str, int]
    packs: dict[str, int]
    parts: dict[str, int]
    files: dict[str, int]
    end: int


def place_contents(contents: Contents) -> Placement:
    """Compute every offset; nothing is written."""
    in_place = contents.shape.in_place
    images = {
        target.name: load_executable(runtime.path.read_bytes())
        for target, runtime in contents.runtimes
        if target.name == in_place or target.system == WINDOWS
    }
    end = HEAD_SIZE + (len(images[in_place].body) if in_place else 0)
    programs = {}
    for target, runtime in contents.runtimes:
        if target.name != in_place:
            size = len(images[target.name].data) if target.name in images else _unpacker_size(runtime)
            entry = program_entry(target)
            programs[target.name] = place(end, entry, size, RUNTIME_ALIGNMENT)
            end = programs[target.name] + size
    packs = {}
    for pack in contents.packs:
        size = pack.path.stat().st_size
        packs[pack.entry] = place(end, pack.entry, size, SMALL_ALIGNMENT)
        end = packs[pack.entry] + size
    parts = {}
    for part in contents.stored_files:
        parts[part.entry] = place(end, part.entry, part.size_bytes, WEIGHTS_ALIGNMENT)
        end = parts[part.entry] + part.size_bytes
    files = {}
    for name, data in contents.files.items():
        files[name] = place(end, name, len(data), SMALL_ALIGNMENT)
        end = files[name] + len(data)
    return Placement(in_place, images, programs, packs, parts, files, end)


def _unpacker_size(runtime: Runtime) -> int:
    assert runtime.unpacker is not None
    return runtime.unpacker.stat().st_size


def program_entry(target: Target) -> str:
    """The entry of the Windows program, or of the unpacker of another program."""
    return f"runtimes/{target.name}{'.exe' if target.system == WINDOWS else '.gz'}"


def needed_bytes(placement: Placement) -> int:
    """An upper bound of the artifact's size in bytes: everything that is placed, and enough for the rest."""
    names = len(placement.programs) + len(placement.packs) + len(placement.parts) + len(placement.files)
    return placement.end + 96 * 1024 + 1024 * names
