"""A cache of the hashes of model files, so that a later build need not compute SHA-256 again."""

from __future__ import annotations

import dataclasses
from typing import Any

from mkexe.base import cache
from mkexe.base.copying import Digest
from mkexe.models.model_set import ModelFile

_KIND = "weights"  # mkexe.base.cache


def recall_files(files: tuple[ModelFile, ...]) -> tuple[Digest, ...]:
    """The digests of these files from an earlier build; empty unless all are known and seem unchanged since then."""
    known = []
    for part in files:
        record = cache.recall(_KIND, _facts_of(part))
        if record is None or set(record) != {field.name for field in dataclasses.fields(Digest)}:
            return ()
        known.append(Digest(**record))
    return tuple(known)


def remember_files(files: tuple[ModelFile, ...], found: tuple[Digest, ...]) -> None:
    """Store the digests that a build computed for these files, in the same order."""
    for part, copied in zip(files, found, strict=True):
        cache.remember(_KIND, _facts_of(part), dataclasses.asdict(copied))


def _facts_of(part: ModelFile) -> dict[str, Any]:
    """Facts that nearly always change with the file's content. The build still checks the content by CRC-32."""
    status = part.path.stat()
    return {
        "device": status.st_dev, "inode": status.st_ino, "size": status.st_size,
        "modified_ns": status.st_mtime_ns, "changed_ns": status.st_ctime_ns,
    }  # fmt: skip
