"""Take artifacts apart, into the parts from which another layout is written (docs/FORMAT.md, "Layouts").

Small parts are read or unpacked into a folder. The weights stay where they are, and are copied from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mkexe.artifact.manifest import SMALL_FILES_MAXIMUM, ModelRecord, Range, RuntimeRecord, Sidecar
from mkexe.artifact.packing import Pack
from mkexe.artifact.reader import Artifact, read_chunks, unpack_runtime
from mkexe.artifact.superblock import DAMAGED_HINT
from mkexe.artifact.writer import SBOM_ENTRY
from mkexe.base import plain_text
from mkexe.errors import ArtifactError
from mkexe.layouts.opened_file import Package
from mkexe.models.model_set import Model, ModelFile, ModelSet
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target, all_targets

_RUNTIME_FILE = "runtime"
_UNPACKER_FILE = "unpack.gz"


@dataclass(frozen=True)
class Parts:
    """The parts of an artifact.

    `files` are the small entries without the bill of materials, which is written again.
    """

    models: ModelSet
    runtimes: tuple[tuple[Target, Runtime], ...]
    packs: tuple[Pack, ...]
    files: dict[str, bytes]


def read_parts(package: Package, targets: tuple[str, ...], folder: Path, programs: bool) -> Parts:
    """Unpack the runtimes for `targets` into `folder`, and find all other parts.

    Without `programs`, unpacks nothing if all packs can be copied. Raises ArtifactError if a small part is damaged.
    """
    runtimes: list[tuple[Target, Runtime]] = []
    packs: tuple[Pack, ...] = ()
    for artifact in package.artifacts:
        programs_in_it, packs_in_it = _take_runtimes(artifact, targets, folder, programs)
        runtimes += programs_in_it
        packs += packs_in_it
    first = package.artifacts[0]
    with first.path.open("rb") as file:
        files = {item.entry: _read(file, first, item) for item in first.manifest.files if item.entry}
    files.pop(SBOM_ENTRY, None)
    models = ModelSet(tuple(_model(package, record) for record in first.manifest.models))
    return Parts(models, tuple(runtimes), packs, files)


def _take_runtimes(
    artifact: Artifact, targets: tuple[str, ...], folder: Path, programs: bool
) -> tuple[list[tuple[Target, Runtime]], tuple[Pack, ...]]:
    records = [record for record in artifact.manifest.runtimes if record.target in targets]
    with artifact.path.open("rb") as file:
        packs = _take_packs(file, artifact, records, folder)
        packed = {name for pack in packs for name in pack.offsets}
        programs = programs or any(record.pack is not None and record.target not in packed for record in records)
        return [
            _take_runtime(file, artifact, record, folder, programs or record.pack is None) for record in records
        ], packs


def _model(package: Package, record: ModelRecord) -> Model:
    """A model's record, without control characters in its texts."""
    name, architecture, licence = map(plain_text.cleaned, (record.name, record.architecture, record.license))
    files = tuple(_model_file(package, part) for part in record.parts)
    return Model(record.role, name or "model", architecture, licence, files, plain_text.cleaned(record.quantization))


def _model_file(package: Package, part: Range | Sidecar) -> ModelFile:
    """A model's part, in the artifact or beside it, with the name of its entry."""
    artifact = package.artifacts[0]
    if isinstance(part, Range):
        return ModelFile(artifact.path, part.entry or "models/model.gguf", part.size, part.offset, sha256=part.sha256)
    if part.beside in package.beside:
        return package.beside[part.beside]
    path = artifact.path.parent / part.beside
    found = path.stat().st_size if path.is_file() else None
    if found != part.size:
        raise ArtifactError(
            f"{path}: expected {part.size} bytes with SHA-256 {part.sha256}, found "
            f"{'no such file' if found is None else f'{found} bytes'}",
            f"put the file that belongs to it into the folder of {artifact.path.name}",
        )
    return ModelFile(path, f"models/{part.beside}", part.size, sha256=part.sha256)


def _take_runtime(
    file: BinaryIO, artifact: Artifact, record: RuntimeRecord, folder: Path, unpack: bool
) -> tuple[Target, Runtime]:
    target = all_targets().get(record.target)
    if target is None:
        raise ArtifactError(
            f"{artifact.path}: holds a program for {record.target}, which this mkexe does not know",
            "use the mkexe that made it, or leave that target out with --target",
        )
    place = folder / record.target
    place.mkdir()
    path, unpacker = place / _RUNTIME_FILE, place / _UNPACKER_FILE
    if unpack:
        _save(path, unpack_runtime(file, artifact, record), record.unpacked_sha256, f"{artifact.path}: {record.target}")
    if record.pack is not None:
        unpacker.write_bytes(_read(file, artifact, record.range))
    return target, Runtime(
        target=record.target,
        path=path,
        unpacker=unpacker if record.pack is not None else None,
        sha256=record.unpacked_sha256,
        size_bytes=record.unpacked_size,
        build=record.build,
    )


def _take_packs(file: BinaryIO, artifact: Artifact, records: list[RuntimeRecord], folder: Path) -> tuple[Pack, ...]:
    """The packs that can be copied because all their runtimes are needed. Other runtimes must be packed again."""
    taken = {record.target for record in records}
    packs: list[Pack] = []
    for item in artifact.manifest.packs:
        members = {
            record.target: record.pack.skip
            for record in artifact.manifest.runtimes
            if record.pack is not None and record.pack.entry == item.entry
        }
        if item.entry and members.keys() <= taken:
            path = folder / f"{len(packs)}.xz"
            _save(path, read_chunks(file, item.offset, item.size), item.sha256, f"{artifact.path}: {item.entry}")
            packs.append(Pack(item.entry, path, members))
    return tuple(packs)


def _save(path: Path, chunks: Iterable[bytes], sha256: str, name: str) -> None:
    digest = hashlib.sha256()
    with path.open("wb") as output:
        for chunk in chunks:
            digest.update(chunk)
            output.write(chunk)
    if digest.hexdigest() != sha256:
        raise ArtifactError(f"{name} is damaged: expected SHA-256 {sha256}, found {digest.hexdigest()}", DAMAGED_HINT)


def _read(file: BinaryIO, artifact: Artifact, item: Range) -> bytes:
    if item.size > SMALL_FILES_MAXIMUM:
        raise ArtifactError(f"{artifact.path}: {item.entry} has {item.size} bytes, which is too many", DAMAGED_HINT)
    data = b"".join(read_chunks(file, item.offset, item.size))
    found = hashlib.sha256(data).hexdigest()
    if found != item.sha256:
        raise ArtifactError(
            f"{artifact.path}: {item.entry} at offset {item.offset} is damaged: expected SHA-256 {item.sha256}, found "
            f"{found}",
            DAMAGED_HINT,
        )
    return data
