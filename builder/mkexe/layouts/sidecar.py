"""Write a model's parts as sidecars: files beside the artifact that refers to them (docs/FORMAT.md, "Files beside")."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact.manifest import BESIDE_BEGIN_SIZE, Sidecar
from mkexe.base.atomic_files import data_file
from mkexe.base.copying import Digest, copy_file, hash_begin, hash_range
from mkexe.base.reporter import UNWATCHED, Progress
from mkexe.errors import OutputError
from mkexe.models.model_set import PROJECTOR_ROLE, TEXT_ROLE, ModelFile, ModelSet

_SUFFIXES = {TEXT_ROLE: "", PROJECTOR_ROLE: ".mmproj"}


def sidecar_names(stem: str, models: ModelSet) -> list[str]:
    """The names of all sidecars of an artifact called `stem`, in order."""
    return [name for model in models.models for name in names_of_model(stem, model.role, len(model.files))]


def names_of_model(stem: str, role: str, count: int) -> list[str]:
    """The names of a model's `count` files, numbered from 1 (llama.cpp, common/common.h, "split")."""
    stem += _SUFFIXES[role]
    return [f"{stem}.gguf" if count == 1 else f"{stem}-{i + 1:05}-of-{count:05}.gguf" for i in range(count)]


def sidecar_records(names: list[str], models: ModelSet, digests: tuple[Digest, ...]) -> tuple[Sidecar, ...]:
    """The manifest's records of the models' files, which have these names."""
    return tuple(
        Sidecar(name, digest.size, digest.sha256, hash_begin(file, BESIDE_BEGIN_SIZE))
        for name, file, digest in zip(names, models.files, digests, strict=True)
    )


@dataclass(frozen=True)
class Placed:
    """A part that was written as a sidecar: its record for the manifest, and its digest."""

    record: Sidecar
    copied: Digest


def write_sidecars(
    parts: tuple[ModelFile, ...], paths: list[Path], stack: ExitStack, progress: Progress
) -> tuple[Placed, ...]:
    """Write each part to its path; the new files get their names when `stack` is closed.

    Leaves an existing file alone if it has the same content. Raises OutputError if the content differs.
    """
    placed = []
    for part, path in zip(parts, paths, strict=True):
        copied = _place(part, path, stack, progress)
        begin = hash_begin(part, BESIDE_BEGIN_SIZE)
        placed.append(Placed(Sidecar(path.name, copied.size, copied.sha256, begin), copied))
    return tuple(placed)


def _place(part: ModelFile, path: Path, stack: ExitStack, progress: Progress) -> Digest:
    if not path.exists():  # data_file refuses a broken link
        output = stack.enter_context(data_file(path, part.size_bytes))
        return copy_file(part, output, 0, progress)
    if not path.is_file():
        raise OutputError(f"{path}: exists and is not a file", "move it away, or choose another name with -o")
    copied = hash_range(part, progress)
    if part.is_file and path.samefile(part.path):
        return copied
    there = ModelFile(path, path.name, path.stat().st_size)
    if there.size_bytes != part.size_bytes or hash_range(there, UNWATCHED) != copied:
        raise OutputError(
            f"{path}: exists and has other content: expected {copied.size} bytes with SHA-256 {copied.sha256}, "
            f"found {there.size_bytes} bytes that differ",
            "move it away, or choose another name with -o",
        )
    return copied
