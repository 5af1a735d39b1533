"""Write a model's parts as files of their own, beside the artifact that names them (docs/FORMAT.md, "Files beside")."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mkexe.artifact.manifest import BESIDE_BEGIN_SIZE, Sidecar
from mkexe.base.copying import Digest, Progress, copy_file, from_there, hash_begin, hash_range
from mkexe.errors import OutputError
from mkexe.models.records import ModelFile

# a new file of that name and size in bytes, there whole or not at all
OpenOutput = Callable[[Path, int], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Placed:
    """A part in a file of its own: what the manifest says of it, and what reading it gave."""

    record: Sidecar
    copied: Digest


def write_sidecars(
    parts: tuple[ModelFile, ...], paths: list[Path], stack: ExitStack, open_output: OpenOutput, progress: Progress
) -> tuple[Placed, ...]:
    """Write each part to its path; the new files get their names when `stack` is closed.

    A file that is there already and holds just that is left as it is. Raises OutputError where one holds anything else.
    """
    placed = []
    done = 0
    for part, path in zip(parts, paths, strict=True):
        copied = _place(part, path, stack, open_output, from_there(done, progress))
        begin = hash_begin(part, BESIDE_BEGIN_SIZE)
        placed.append(Placed(Sidecar(path.name, copied.size, copied.sha256, begin), copied))
        done += part.size_bytes
    return tuple(placed)


def _place(part: ModelFile, path: Path, stack: ExitStack, open_output: OpenOutput, progress: Progress) -> Digest:
    if not path.exists():  # a link that leads nowhere is refused there
        output = stack.enter_context(open_output(path, part.size_bytes))
        return copy_file(part, output, 0, progress, lambda _: None)
    if not path.is_file():
        raise OutputError(f"{path}: is there already and no file", "move it away, or choose another name with -o")
    copied = hash_range(part, progress)
    if part.is_file and path.samefile(part.path):
        return copied
    there = ModelFile(path, path.name, path.stat().st_size)
    if there.size_bytes != part.size_bytes or hash_range(there, lambda _: None) != copied:
        raise OutputError(
            f"{path}: is there already and holds something else: expected {copied.size} bytes with SHA-256 "
            f"{copied.sha256}, found {there.size_bytes} bytes of something else",
            "move it away, or choose another name with -o",
        )
    return copied
