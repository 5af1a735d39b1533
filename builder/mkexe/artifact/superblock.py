"""The superblock: 128 bytes in the first 4 KiB that say where the rest is (docs/FORMAT.md, "Superblock").

All numbers are little-endian. All offsets count bytes from the start of the file.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from mkexe.errors import ArtifactError

HEAD_SIZE = 4096  # bytes; the superblock is inside the head
SUPERBLOCK_SIZE = 128  # bytes
SUPERBLOCK_ALIGNMENT = 16  # bytes
MAGIC = b"MKEXE\x1a\n\0"
FORMAT_MAJOR = 1
FORMAT_MINOR = 0
MANIFEST_SIZE_MAXIMUM = 16 * 1024 * 1024  # bytes

# magic, major, minor, required features, manifest offset, size and hash, central directory offset, artifact size,
# head hash
_FIELDS = struct.Struct("<8sHHIQQ32sQQ32s")
_CHECKSUM_OFFSET = _FIELDS.size
_CHECKSUM_SIZE = SUPERBLOCK_SIZE - _FIELDS.size
_OFFSETS = {"major": 8, "required": 12, "manifest_size": 24}

DAMAGED_HINT = "this copy is damaged or incomplete; copy or download it again and compare its SHA-256"


@dataclass(frozen=True)
class Superblock:
    """The decoded superblock; `position` is its offset in the head."""

    position: int
    manifest_offset: int
    manifest_size: int
    manifest_sha256: bytes
    directory_offset: int
    artifact_size: int
    head_sha256: bytes


def encode_superblock(block: Superblock) -> bytes:
    """Return the 128 bytes, with the checksum."""
    fields = _FIELDS.pack(
        MAGIC,
        FORMAT_MAJOR,
        FORMAT_MINOR,
        0,
        block.manifest_offset,
        block.manifest_size,
        block.manifest_sha256,
        block.directory_offset,
        block.artifact_size,
        block.head_sha256,
    )
    return fields + hashlib.sha256(fields).digest()[:_CHECKSUM_SIZE]


def decode_superblock(head: bytes, file_size: int) -> Superblock:
    """Find and check the superblock.

    `head` is the file's first HEAD_SIZE bytes (fewer if it is shorter), `file_size` the whole file's size in bytes.
    Raises ArtifactError with the offset, and what was expected and found.
    """
    position = _find(head)
    fields = head[position : position + _CHECKSUM_OFFSET]
    _check_checksum(head, position, fields)
    _, major, _, required, *rest = _FIELDS.unpack(fields)
    if major != FORMAT_MAJOR:
        raise ArtifactError(
            f"the format version at offset {position + _OFFSETS['major']} is {major}, this program reads version "
            f"{FORMAT_MAJOR}",
            "use a newer mkexe",
        )
    if required:
        raise ArtifactError(
            f"the required features at offset {position + _OFFSETS['required']} hold {required}, "
            "this program knows none",
            "use a newer mkexe",
        )
    block = Superblock(position, *rest)
    _check_bounds(block, file_size)
    found = hash_head(head, position)
    if found != block.head_sha256:
        raise ArtifactError(
            f"the head (offset 0 to {HEAD_SIZE}) is damaged: expected {block.head_sha256.hex()}, found {found.hex()}",
            DAMAGED_HINT,
        )
    return block


def hash_head(head: bytes, superblock_position: int) -> bytes:
    """SHA-256 of the head. The superblock, and the fields that signing changes in a PE, count as zero.

    PE/COFF specification: the optional header starts 24 bytes after the signature that e_lfanew (at 0x3c) points to; it
    holds CheckSum at 64 and, in PE32+, the certificate table's directory entry at 144.
    """
    copy = bytearray(head)
    copy[superblock_position : superblock_position + SUPERBLOCK_SIZE] = bytes(SUPERBLOCK_SIZE)
    if copy[:2] == b"MZ":
        signature = int.from_bytes(copy[0x3C:0x40], "little")
        if signature <= len(copy) - 24 - 152 and copy[signature : signature + 4] == b"PE\0\0":
            optional_header = signature + 24
            copy[optional_header + 64 : optional_header + 68] = bytes(4)
            copy[optional_header + 144 : optional_header + 152] = bytes(8)
    return hashlib.sha256(copy).digest()


def _find(head: bytes) -> int:
    last = len(head) - SUPERBLOCK_SIZE
    found = [at for at in range(0, last + 1, SUPERBLOCK_ALIGNMENT) if head.startswith(MAGIC, at)]
    if len(found) != 1:
        message = f"expected one superblock in the first {HEAD_SIZE} bytes, found {len(found)}"
        raise ArtifactError(message, _hint_without_superblock(head))
    return found[0]


def _hint_without_superblock(head: bytes) -> str:
    """What to do with a file that does not begin as an artifact: layouts app and oci have artifacts inside."""
    if head.startswith(b"PK\x03\x04") and b".app/" in head[:256]:
        return "this looks like a macOS app: mkexe convert reads it; others want NAME.app/Contents/Resources/NAME.mkexe"
    if head.startswith(b"oci-layout\0"):
        return "this looks like a container image: mkexe convert reads it; others want the program in it (umoci unpack)"
    return "this is not a file that mkexe made, or its start is damaged"


def _check_checksum(head: bytes, position: int, fields: bytes) -> None:
    at = position + _CHECKSUM_OFFSET
    found = head[at : at + _CHECKSUM_SIZE]
    expected = hashlib.sha256(fields).digest()[:_CHECKSUM_SIZE]
    if found != expected:
        raise ArtifactError(
            f"the superblock's checksum at offset {at} does not match: expected {expected.hex()}, found {found.hex()}",
            DAMAGED_HINT,
        )


def _check_bounds(block: Superblock, file_size: int) -> None:
    if block.artifact_size > file_size:
        raise ArtifactError(
            f"the file is cut off: expected {block.artifact_size} bytes, found {file_size}", DAMAGED_HINT
        )
    if block.manifest_size > MANIFEST_SIZE_MAXIMUM:
        raise ArtifactError(
            f"the manifest's size at offset {block.position + _OFFSETS['manifest_size']} is {block.manifest_size}, "
            f"expected at most {MANIFEST_SIZE_MAXIMUM}",
            DAMAGED_HINT,
        )
    end = block.manifest_offset + block.manifest_size
    if not HEAD_SIZE <= block.manifest_offset <= end <= block.directory_offset <= block.artifact_size:
        raise ArtifactError(
            f"the manifest at offset {block.manifest_offset} ({block.manifest_size} bytes) must lie between the head "
            f"({HEAD_SIZE}) and the central directory ({block.directory_offset})",
            DAMAGED_HINT,
        )
