"""The result of opening a file: its artifacts, and where their weights are."""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact.manifest import Sidecar
from mkexe.artifact.reader import Artifact, open_artifact
from mkexe.artifact.superblock import DAMAGED_HINT
from mkexe.errors import ArtifactError, OutputError
from mkexe.models.model_set import ModelFile

ARTIFACT_MAXIMUM = 256 << 20  # bytes of an artifact without weights: page, licences, and in an image the program
# exceptions of Python's own readers for a damaged file
UNREADABLE = (
    zipfile.BadZipFile, NotImplementedError, tarfile.TarError, zlib.error, struct.error, ValueError, OverflowError,
    EOFError,
)  # fmt: skip


@dataclass(frozen=True)
class Package:
    """One or more artifacts with the same model, for different targets.

    `beside` has their sidecars by name, if these do not lie in the artifact's own folder.
    """

    artifacts: tuple[Artifact, ...]
    beside: dict[str, ModelFile]


def sidecar_in(path: Path, record: Sidecar, size: int, offset: int) -> ModelFile:
    """The sidecar at `offset` of `path`; raises ArtifactError if its size is wrong."""
    if size != record.size:
        raise ArtifactError(
            f"{path}: {record.beside}: expected {record.size} bytes with SHA-256 {record.sha256}, found {size} bytes",
            DAMAGED_HINT,
        )
    if offset + size > path.stat().st_size:
        raise ArtifactError(f"{path}: {record.beside} at offset {offset} is cut off", DAMAGED_HINT)
    return ModelFile(path, f"models/{record.beside}", size, offset, sha256=record.sha256)


def open_small(data: bytes, place: Path) -> Artifact:
    """Write an artifact without weights to `place`, and open it; raises OutputError if the disk is full."""
    try:
        place.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{place}: {error.strerror}", "free some space there, or set TMPDIR") from error
    return open_artifact(place)
