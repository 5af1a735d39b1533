"""Write an artifact: head, runtimes, weights, small files, manifest, central directory (docs/FORMAT.md).

First, everything gets its place from the sizes. The head, which holds the superblock, is written last, so an unfinished
file is never an artifact. The bill of materials, the manifest and the head contain the hashes of the weights. If an
earlier build computed these hashes, they are used, and the artifact's own hash is computed while the weights are
copied. The weights are hashed again in any case. If they changed, the three are written again.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from typing import BinaryIO

from mkexe import __version__
from mkexe.artifact import superblock
from mkexe.artifact.contents import Contents
from mkexe.artifact.head import compose_shell_head
from mkexe.artifact.launcher import Launcher, LauncherRow, StoredProgram, render_launcher
from mkexe.artifact.manifest import (
    BESIDE_FEATURE,
    ENTRY_NAME,
    Manifest,
    ModelRecord,
    PackRecord,
    Range,
    RuntimeRecord,
    Sidecar,
    encode_manifest,
)
from mkexe.artifact.placement import SMALL_ALIGNMENT, Placement, format_time, place, program_entry, records
from mkexe.base.copying import Digest, copy_bytes, copy_file, describe
from mkexe.base.reporter import Progress
from mkexe.models.model_set import ModelSet
from mkexe.page.bundle import LICENSES
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target

SBOM_ENTRY = "sbom.cdx.json"
GENERATOR = f"mkexe {__version__}"


def prepare_sbom() -> None:
    """Import the encoder of the bill of materials in a thread: this takes 0.25 s, and the encoder is needed last."""
    threading.Thread(target=_import_sbom).start()


def _import_sbom() -> None:
    from mkexe.artifact import sbom  # noqa: F401


def write_artifact(
    contents: Contents, placement: Placement, output: BinaryIO, progress: Progress
) -> tuple[Digest, ...]:
    """Write everything into the empty, seekable file `output`; `progress` gets the bytes of weights done.

    Returns the digests of the model's files, in their order. Raises ModelError if a part of the model changed while it
    was read, OSError if writing fails.
    """
    return _Writer(contents, placement, output).write(progress)


class _Writer:
    """Writes one artifact into one file."""

    def __init__(self, contents: Contents, placement: Placement, output: BinaryIO) -> None:
        self._contents = contents
        self._placement = placement
        self._output = output
        self._runtimes: tuple[RuntimeRecord, ...] = ()
        self._packs: tuple[Range, ...] = ()
        self._files: tuple[Range, ...] = ()

    def write(self, progress: Progress) -> tuple[Digest, ...]:
        """Write everything, with the head last."""
        self._runtimes = tuple(self._write_runtime(target, runtime) for target, runtime in self._contents.runtimes)
        self._packs = tuple(
            self._write_bytes(pack.entry, self._placement.packs, pack.path.read_bytes())
            for pack in self._contents.packs
        )
        self._files = tuple(
            self._write_bytes(name, self._placement.files, data) for name, data in self._contents.files.items()
        )
        parts = self._write_weights(progress)
        copy_bytes(self._write_ending(parts), self._output, 0)
        self._output.flush()
        return parts

    def _write_runtime(self, target: Target, runtime: Runtime) -> RuntimeRecord:
        image = self._placement.images.get(target.name)
        if image is None:
            return self._write_packed_runtime(target, runtime)
        if target.name == self._placement.in_place:
            where = _range(None, superblock.HEAD_SIZE, copy_bytes(image.body, self._output, superblock.HEAD_SIZE))
        else:
            offset = self._placement.programs[target.name]
            where = _range(program_entry(target), offset, copy_bytes(image.data, self._output, offset))
        whole = describe(image.data)
        return RuntimeRecord(target.name, where, None, whole.size, whole.sha256, runtime.build)

    def _write_packed_runtime(self, target: Target, runtime: Runtime) -> RuntimeRecord:
        assert runtime.unpacker is not None
        offset = self._placement.programs[target.name]
        copied = copy_bytes(runtime.unpacker.read_bytes(), self._output, offset)
        found = next(pack for pack in self._contents.packs if target.name in pack.offsets)
        pack = PackRecord(found.entry, found.offsets[target.name])
        where = _range(program_entry(target), offset, copied)
        return RuntimeRecord(target.name, where, pack, runtime.size_bytes, runtime.sha256, runtime.build)

    def _write_bytes(self, entry: str, offsets: dict[str, int], data: bytes) -> Range:
        return _range(entry, offsets[entry], copy_bytes(data, self._output, offsets[entry]))

    def _write_weights(self, progress: Progress) -> tuple[Digest, ...]:
        """Copy and hash the parts; `progress` gets the bytes hashed."""
        parts = []
        expected = self._contents.known or (None,) * len(self._contents.stored_files)
        for part, known in zip(self._contents.stored_files, expected, strict=True):
            offset = self._placement.parts[part.entry]
            parts.append(copy_file(part, self._output, offset, progress, known=known))
        return tuple(parts)

    def _write_ending(self, parts: tuple[Digest, ...]) -> bytes:
        """Write all that contains the weights' hashes: bill of materials, manifest, ZIP records. Returns the head."""
        self._output.flush()
        self._output.truncate(self._placement.end)
        manifest = self._add_sbom(self._describe(parts))
        text = encode_manifest(manifest)
        end = max(item.offset + item.size for item in manifest.ranges())
        offset = place(end, ENTRY_NAME, len(text), SMALL_ALIGNMENT)
        copied = copy_bytes(text, self._output, offset)
        pieces = records(manifest, offset, len(text), copied.crc32)
        for piece in pieces:
            copy_bytes(piece.data, self._output, piece.offset)
        self._output.flush()
        directory = pieces[-1].offset
        size = directory + len(pieces[-1].data)
        return self._compose_head(manifest, offset, copied, directory, size)

    def _describe(self, parts: tuple[Digest, ...]) -> Manifest:
        contents = self._contents
        ranges = tuple(
            _range(part.entry, self._placement.parts[part.entry], copied)
            for part, copied in zip(contents.stored_files, parts, strict=True)
        )
        return Manifest(
            name=contents.name,
            layout=contents.shape.layout,
            created=format_time(contents.created),
            generator=GENERATOR,
            default_args=contents.default_args,
            page={"title": contents.page.title, "system_prompt": contents.page.system_prompt},
            runtimes=self._runtimes,
            packs=self._packs,
            models=_model_records(contents.models, ranges or contents.sidecars),
            files=self._files,
            required_features=(BESIDE_FEATURE,) if contents.sidecars else (),
        )

    def _add_sbom(self, manifest: Manifest) -> Manifest:
        """Write the bill of materials. It contains the weights' hashes, so it lies after everything that does not."""
        data = self._encode_sbom(manifest) if self._contents.has_sbom else b"{}"
        offset = place(self._placement.end, SBOM_ENTRY, len(data), SMALL_ALIGNMENT)
        written = _range(SBOM_ENTRY, offset, copy_bytes(data, self._output, offset))
        return replace(manifest, files=(*manifest.files, written))

    def _encode_sbom(self, manifest: Manifest) -> bytes:
        from mkexe.artifact.sbom import encode_sbom  # slow to import

        outside = tuple(_outside(*item) for item in self._contents.outside)
        third_party = self._contents.files.get(f"page/{LICENSES}", b"").decode(errors="replace")
        return encode_sbom(replace(manifest, runtimes=manifest.runtimes + outside), third_party)

    def _compose_head(self, manifest: Manifest, offset: int, text: Digest, directory: int, size: int) -> bytes:
        """Return the head for a manifest `text` at `offset` and a central directory that ends at `size`."""
        script = render_launcher(self._launcher(manifest)) if self._contents.shape.has_script else b""
        in_place = self._placement.in_place
        compose = self._placement.images[in_place].compose_head if in_place else compose_shell_head
        head, superblock_at = compose(script)
        block = superblock.Superblock(
            position=superblock_at,
            manifest_offset=offset,
            manifest_size=text.size,
            manifest_sha256=bytes.fromhex(text.sha256),
            directory_offset=directory,
            artifact_size=size,
            head_sha256=superblock.hash_head(head, superblock_at),
        )
        encoded = superblock.encode_superblock(block)
        return head[:superblock_at] + encoded + head[superblock_at + len(encoded) :]

    def _launcher(self, manifest: Manifest) -> Launcher:
        """The values that the head's script needs."""
        targets = {target.name: target for target, _ in self._contents.runtimes}
        packs = {item.entry: item for item in manifest.packs}
        rows = [
            LauncherRow(
                uname=targets[record.target].uname,
                offset=record.range.offset,
                size=record.range.size,
                pack_offset=packs[record.pack.entry].offset,
                pack_size=packs[record.pack.entry].size,
                pack_skip=record.pack.skip,
                unpacked_size=record.unpacked_size,
                unpacked_sha256=record.unpacked_sha256,
            )
            for record in manifest.runtimes
            if record.pack is not None
        ]
        stored = [
            StoredProgram(record.range.entry, record.range.offset, record.range.size, record.unpacked_sha256)
            for record in manifest.runtimes
            if record.pack is None and record.range.entry is not None
        ]
        return Launcher(
            tuple(rows), tuple(targets), self._placement.in_place is not None, stored[0] if stored else None
        )


def _model_records(models: ModelSet, places: tuple[Range | Sidecar, ...]) -> tuple[ModelRecord, ...]:
    """A record of every model; `places` are the places of their files, in order."""
    left = iter(places)
    return tuple(
        ModelRecord(
            model.role,
            model.name,
            model.architecture,
            model.license,
            tuple(itertools.islice(left, len(model.files))),
            model.quantization,
        )
        for model in models.models
    )


def _outside(target: Target, runtime: Runtime) -> RuntimeRecord:
    """The record of a runtime outside the artifact, for the bill of materials."""
    nowhere = Range(None, 0, 0, runtime.sha256, 0)
    return RuntimeRecord(target.name, nowhere, None, runtime.size_bytes, runtime.sha256, runtime.build)


def _range(entry: str | None, offset: int, copied: Digest) -> Range:
    return Range(entry, offset, copied.size, copied.sha256, copied.crc32)
