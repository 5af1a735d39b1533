"""Take artifacts apart again, into what another one is assembled from (docs/FORMAT.md, "Layouts").

Small things are read or unpacked into a folder; the weights stay where they are, and are copied from there.
"""

from __future__ import annotations

import hashlib
import json
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
from mkexe.layouts.opening import Package
from mkexe.models.records import Model, ModelFile, Projector
from mkexe.runtimes import targets
from mkexe.runtimes.records import Runtime, Target

_QUANTIZATION = "mkexe:quantization"
_RUNTIME_FILE = "runtime"
_UNPACKER_FILE = "unpack.gz"


@dataclass(frozen=True)
class Bundle:
    """What an artifact was assembled from.

    `expected` are the SHA-256 that the model's files must have when they are read, in their order. `files` are small
    entries without the bill of materials, which is written anew; `quantization` is what that said of the model.
    """

    model: Model
    expected: tuple[str, ...]
    runtimes: tuple[tuple[Target, Runtime], ...]
    packs: tuple[Pack, ...]
    files: dict[str, bytes]
    quantization: str


def unbundle(package: Package, wanted: tuple[str, ...], folder: Path, programs: bool) -> Bundle:
    """Unpack those runtimes of `wanted` targets that are inside into `folder`, and say where everything else is.

    Without `programs` nothing is unpacked where all packs can be taken as they are.
    Raises ArtifactError where something small is damaged.
    """
    runtimes: list[tuple[Target, Runtime]] = []
    packs: tuple[Pack, ...] = ()
    for artifact in package.artifacts:
        programs_in_it, packs_in_it = _take_runtimes(artifact, wanted, folder, programs)
        runtimes += programs_in_it
        packs += packs_in_it
    first = package.artifacts[0]
    with first.path.open("rb") as file:
        files = {item.entry: _read(file, first, item) for item in first.manifest.files if item.entry}
    model, projector = first.manifest.model, first.manifest.projector
    return Bundle(
        model=Model(
            *_described(model),
            _parts(package, model),
            None if projector is None else _projector(package, projector),
        ),
        expected=tuple(part.sha256 for record in (model, projector) if record for part in record.parts),
        runtimes=tuple(runtimes),
        packs=packs,
        quantization=_quantization(files.pop(SBOM_ENTRY, b"{}")),
        files=files,
    )


def _take_runtimes(
    artifact: Artifact, wanted: tuple[str, ...], folder: Path, programs: bool
) -> tuple[list[tuple[Target, Runtime]], tuple[Pack, ...]]:
    records = [record for record in artifact.manifest.runtimes if record.target in wanted]
    with artifact.path.open("rb") as file:
        packs = _take_packs(file, artifact, records, folder)
        packed = {name for pack in packs for name in pack.offsets}
        programs = programs or any(record.pack is not None and record.target not in packed for record in records)
        return [
            _take_runtime(file, artifact, record, folder, programs or record.pack is None) for record in records
        ], packs


def _projector(package: Package, record: ModelRecord) -> Projector:
    return Projector(*_described(record), _parts(package, record)[0])


def _described(record: ModelRecord) -> tuple[str, str, str]:
    """Name, architecture and licence without control characters."""
    name, architecture, licence = map(plain_text.cleaned, (record.name, record.architecture, record.license))
    return name or "model", architecture, licence


def _parts(package: Package, model: ModelRecord) -> tuple[ModelFile, ...]:
    """The model's parts under the names that entries have, wherever they lie."""
    artifact = package.artifacts[0]
    parts = []
    for part in model.parts:
        if isinstance(part, Sidecar) and part.beside in package.beside:
            parts.append(package.beside[part.beside])
        elif isinstance(part, Sidecar):
            path = artifact.path.parent / part.beside
            found = path.stat().st_size if path.is_file() else None
            if found != part.size:
                raise ArtifactError(
                    f"{path}: expected {part.size} bytes with SHA-256 {part.sha256}, found "
                    f"{'no such file' if found is None else f'{found} bytes'}",
                    f"put the file that belongs to it into the folder of {artifact.path.name}",
                )
            parts.append(ModelFile(path, f"models/{part.beside}", part.size))
        else:
            parts.append(ModelFile(artifact.path, part.entry or "models/model.gguf", part.size, part.offset))
    return tuple(parts)


def _take_runtime(
    file: BinaryIO, artifact: Artifact, record: RuntimeRecord, folder: Path, unpack: bool
) -> tuple[Target, Runtime]:
    target = targets.all_targets().get(record.target)
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
    """The packs all of whose runtimes are taken; others must be packed anew."""
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


def _quantization(bill: bytes) -> str:
    """What an artifact's bill of materials says of its model (mkexe.artifact.sbom); empty where it says nothing."""
    try:
        document = json.loads(bill.decode())
    except (ValueError, RecursionError):
        return ""
    for component in _tables(document, "components"):
        for item in _tables(component, "properties"):
            if item.get("name") == _QUANTIZATION:
                return plain_text.cleaned(str(item.get("value", "")))
    return ""


def _tables(value: object, key: str) -> list[dict[str, object]]:
    """The objects in a list under `key`; none where there is no such list."""
    found = value.get(key) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
