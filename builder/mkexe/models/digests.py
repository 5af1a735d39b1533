"""What earlier builds found model files to be, so that their SHA-256 need not be computed again."""

from __future__ import annotations

import dataclasses
from typing import Any

from mkexe.base import cache
from mkexe.base.copying import Digest
from mkexe.models.model_set import ModelFile

_KIND = "weights"  # mkexe.base.cache


def recall_files(files: tuple[ModelFile, ...]) -> tuple[Digest, ...]:
    """What an earlier build found these files to be; empty unless all are known and look untouched since."""
    known = []
    for part in files:
        record = cache.recall(_KIND, _facts_of(part))
        if record is None or set(record) != {field.name for field in dataclasses.fields(Digest)}:
            return ()
        known.append(Digest(**record))
    return tuple(known)


def remember_files(files: tuple[ModelFile, ...], found: tuple[Digest, ...]) -> None:
    """Keep what a build found these files to be, in their order."""
    for part, copied in zip(files, found, strict=True):
        cache.remember(_KIND, _facts_of(part), dataclasses.asdict(copied))


def _facts_of(part: ModelFile) -> dict[str, Any]:
    """What changes when the file's content does, almost always; the build looks at the content all the same."""
    status = part.path.stat()
    return {
        "device": status.st_dev, "inode": status.st_ino, "size": status.st_size,
        "modified_ns": status.st_mtime_ns, "changed_ns": status.st_ctime_ns,
    }  # fmt: skip
