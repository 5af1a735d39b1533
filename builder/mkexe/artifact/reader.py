"""Read an artifact: open it, verify every byte, read its entries."""

from __future__ import annotations

import hashlib
import lzma
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from zlib_ng.zlib_ng import crc32

from mkexe.artifact import placement
from mkexe.artifact.executable import plain_page
from mkexe.artifact.manifest import BESIDE_BEGIN_SIZE, Manifest, Range, RuntimeRecord, Sidecar, decode_manifest
from mkexe.artifact.superblock import DAMAGED_HINT, HEAD_SIZE, Superblock, decode_superblock
from mkexe.base.bounded_read import reason
from mkexe.base.reporter import UNWATCHED, Progress
from mkexe.errors import ArtifactError

CHUNK_SIZE = 4 * 1024 * 1024  # bytes
# the limit for unpacking a hostile stream; our own streams need 65 MB
_XZ_MEMORY_MAXIMUM = 256 << 20  # bytes


@dataclass(frozen=True)
class Artifact:
    """An opened artifact. Its superblock, manifest and bounds are valid. `size` is the file's size in bytes."""

    path: Path
    size: int
    block: Superblock
    manifest: Manifest
    manifest_text: bytes


def open_artifact(path: Path) -> Artifact:
    """Open an artifact. Check its superblock, its manifest and every bound, without reading the weights.

    Raises ArtifactError with the file, the offset, and what was expected and found.
    """
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):  # reading a pipe could wait forever
            raise ArtifactError("is not an ordinary file", "name a file that mkexe made")
        with path.open("rb") as file:
            return _open(path, file)
    except OSError as error:
        raise ArtifactError(f"{path}: {reason(error)}", "check the path") from error
    except ValueError as error:  # a name with NUL
        raise ArtifactError(f"{path}: {error}", "check the path") from error
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error.message}", error.hint) from error


def verify_artifact(artifact: Artifact, progress: Progress = UNWATCHED) -> list[str]:
    """Return every error in the artifact's bytes, one sentence each; empty if there is none.

    Compares every hash and CRC, every ZIP record, and the zero bytes between them. `progress` gets the bytes read.
    """
    findings: list[str] = []
    with artifact.path.open("rb") as file:
        for item in artifact.manifest.ranges():
            findings += _check_range(file, item, progress)
        for runtime in artifact.manifest.runtimes:
            findings += _check_runtime(file, artifact, runtime)
        findings += _check_records(file, artifact)
    for beside in artifact.manifest.sidecars():
        findings += _check_sidecar(artifact.path.parent / beside.beside, beside)
    progress.advance(artifact.size - sum(item.size for item in artifact.manifest.ranges()))
    return findings


def read_chunks(file: BinaryIO, offset: int, size: int) -> Iterator[bytes]:
    """The bytes of a range in pieces of at most CHUNK_SIZE; fewer than `size` bytes if the file ends early."""
    file.seek(offset)
    while size > 0:
        chunk = file.read(min(size, CHUNK_SIZE))
        if not chunk:
            return
        size -= len(chunk)
        yield chunk


def unpack_runtime(file: BinaryIO, artifact: Artifact, runtime: RuntimeRecord) -> Iterator[bytes]:
    """The executable of a runtime, in pieces. Raises ArtifactError if it cannot be unpacked.

    If the artifact itself is the executable, the result has no superblock and no script.
    """
    try:
        if runtime.range.entry is None:
            yield plain_page(b"".join(read_chunks(file, 0, HEAD_SIZE)), artifact.block.position)
            yield from read_chunks(file, runtime.range.offset, runtime.range.size)
        elif runtime.pack is None:
            yield from read_chunks(file, runtime.range.offset, runtime.range.size)
        else:
            pack = next(item for item in artifact.manifest.packs if item.entry == runtime.pack.entry)
            unpacked = _decompress(read_chunks(file, pack.offset, pack.size), _end_of(artifact.manifest, pack))
            yield from _part(unpacked, runtime.pack.skip, runtime.unpacked_size)
    except (lzma.LZMAError, ArtifactError) as error:
        raise ArtifactError(
            f"{artifact.path}: the program for {runtime.target} cannot be unpacked: {error}", DAMAGED_HINT
        ) from error


def _end_of(manifest: Manifest, pack: Range) -> int:
    """The size of a pack's unpacked data: up to the end of its last program, which is padded to a page."""
    ends = [
        record.pack.skip + record.unpacked_size
        for record in manifest.runtimes
        if record.pack is not None and record.pack.entry == pack.entry
    ]
    return -(-max(ends) // placement.RUNTIME_ALIGNMENT) * placement.RUNTIME_ALIGNMENT


def _decompress(chunks: Iterator[bytes], maximum: int) -> Iterator[bytes]:
    """Unpack an .xz stream, even a hostile one, in pieces of at most CHUNK_SIZE bytes, `maximum` bytes in all."""
    done = 0
    for piece in _pieces(chunks):
        done += len(piece)
        if done > maximum:
            raise lzma.LZMAError(f"the stream holds more than {maximum} bytes")
        yield piece


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY_MAXIMUM)
    for chunk in chunks:
        yield stream.decompress(chunk, CHUNK_SIZE)
        while not stream.needs_input and not stream.eof:
            yield stream.decompress(b"", CHUNK_SIZE)
        if stream.eof:
            return
    raise lzma.LZMAError("the stream ends early")


def _part(chunks: Iterator[bytes], skip: int, size: int) -> Iterator[bytes]:
    """`size` bytes after the first `skip`, or fewer if there are fewer. Reads all chunks, for the checksum."""
    for chunk in chunks:
        part = chunk[skip : skip + size]
        skip = max(0, skip - len(chunk))
        size -= len(part)
        yield part


def _open(path: Path, file: BinaryIO) -> Artifact:
    size = os.fstat(file.fileno()).st_size
    block = decode_superblock(file.read(HEAD_SIZE), size)
    file.seek(block.manifest_offset)
    text = file.read(block.manifest_size)
    found = hashlib.sha256(text).digest()
    if found != block.manifest_sha256:
        raise ArtifactError(
            f"the manifest at offset {block.manifest_offset} is damaged: expected {block.manifest_sha256.hex()}, "
            f"found {found.hex()}",
            DAMAGED_HINT,
        )
    return Artifact(path, size, block, decode_manifest(text, block), text)


def _check_range(file: BinaryIO, item: Range, progress: Progress) -> list[str]:
    sha256, checksum = hashlib.sha256(), 0
    for chunk in read_chunks(file, item.offset, item.size):
        sha256.update(chunk)
        checksum = crc32(chunk, checksum)
        progress.advance(len(chunk))
    name = item.entry or "the program"
    findings = []
    if sha256.hexdigest() != item.sha256:
        findings.append(
            f"{name} at offset {item.offset} ({item.size} bytes): expected SHA-256 {item.sha256}, "
            f"found {sha256.hexdigest()}"
        )
    if checksum != item.crc32:
        findings.append(f"{name} at offset {item.offset}: expected CRC-32 {item.crc32:08x}, found {checksum:08x}")
    return findings


def _check_sidecar(path: Path, expected: Sidecar) -> list[str]:
    if not path.is_file():
        return [f"{path}: is missing; expected {expected.size} bytes with SHA-256 {expected.sha256}"]
    size = path.stat().st_size
    if size != expected.size:
        return [f"{path}: expected {expected.size} bytes with SHA-256 {expected.sha256}, found {size} bytes"]
    with path.open("rb") as file:
        begin = hashlib.sha256(file.read(BESIDE_BEGIN_SIZE)).hexdigest()
        file.seek(0)
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if (found, begin) == (expected.sha256, expected.begin_sha256):
        return []
    return [f"{path}: expected {expected.size} bytes with SHA-256 {expected.sha256}, found {size} with {found}"]


def _check_runtime(file: BinaryIO, artifact: Artifact, runtime: RuntimeRecord) -> list[str]:
    sha256, size = hashlib.sha256(), 0
    try:
        for chunk in unpack_runtime(file, artifact, runtime):
            sha256.update(chunk)
            size += len(chunk)
    except ArtifactError as error:
        return [error.message.removeprefix(f"{artifact.path}: ")]
    if (size, sha256.hexdigest()) != (runtime.unpacked_size, runtime.unpacked_sha256):
        return [
            f"the program for {runtime.target} unpacks to {size} bytes with SHA-256 {sha256.hexdigest()}, expected "
            f"{runtime.unpacked_size} bytes with {runtime.unpacked_sha256}"
        ]
    return []


def _check_records(file: BinaryIO, artifact: Artifact) -> list[str]:
    """Check that the ZIP records are right, and that all unused bytes are zero."""
    block = artifact.block
    pieces = placement.expected_records(artifact.manifest, block, crc32(artifact.manifest_text))
    findings = []
    if pieces[-1].offset != block.directory_offset or pieces[-1].offset + len(pieces[-1].data) != block.artifact_size:
        findings.append(
            f"the central directory: expected from {pieces[-1].offset} to {pieces[-1].offset + len(pieces[-1].data)}, "
            f"found {block.directory_offset} to {block.artifact_size}"
        )
    for piece in pieces:
        if b"".join(read_chunks(file, piece.offset, len(piece.data))) != piece.data:
            findings.append(f"the ZIP record at offset {piece.offset} ({len(piece.data)} bytes) is damaged")
    used = [(item.offset, item.size) for item in artifact.manifest.ranges()]
    used += [(piece.offset, len(piece.data)) for piece in pieces]
    used.append((block.manifest_offset, block.manifest_size))
    return findings + _check_gaps(file, sorted(used))


def _check_gaps(file: BinaryIO, used: list[tuple[int, int]]) -> list[str]:
    findings = []
    end = HEAD_SIZE
    for offset, size in used:
        if offset < end:
            findings.append(f"the data at offset {offset} begins before offset {end}, where the data before it ends")
        elif any(chunk.count(0) != len(chunk) for chunk in read_chunks(file, end, offset - end)):
            findings.append(f"the bytes between offset {end} and {offset} must be zero")
        end = max(end, offset + size)
    return findings
