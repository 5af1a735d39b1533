"""Write an artifact: head, runtimes, weights, small files, manifest, central directory (docs/FORMAT.md).

Everything is placed from sizes first; the head, which holds the superblock, is written last, so an unfinished file is
never an artifact. What quotes the weights' hashes (bill of materials, manifest, head) is composed from the hashes that
an earlier build found, where there was one: then the artifact's own hash is computed while the weights are copied. The
weights are hashed again all the same, and where they changed, what quotes them is written anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from mkexe import __version__
from mkexe.binfmt import pe
from mkexe.container import plan, superblock
from mkexe.container.head import compose_head
from mkexe.container.manifest import ENTRY_NAME, Manifest, ModelRecord, Range, RuntimeRecord, encode_manifest
from mkexe.copying import Copied, FollowingHash, Progress, copy_bytes, copy_file, describe
from mkexe.errors import OutputError
from mkexe.model import LauncherRow, Model, PageSettings, Runtime, Target

LAYOUT = "exe"
# Windows refuses to start programs of 4 GiB and more; the difference leaves room for a signature.
WINDOWS_SIZE_MAXIMUM = (1 << 32) - (16 << 20)
WINDOWS_SYSTEM = "Windows"
SBOM_ENTRY = "sbom.cdx.json"

# the head's script for these rows, all target names, and whether a Windows runtime is inside
RenderScript = Callable[[list[LauncherRow], list[str], bool], bytes]
# the bill of materials for a manifest that does not name it yet
EncodeSbom = Callable[[Manifest], bytes]


@dataclass(frozen=True)
class Contents:
    """All that goes into an artifact.

    `files` are small entries by name, `created` is seconds since 1970, `expected` what an earlier build found the
    model's parts to be, in their order; empty without one.
    """

    name: str
    model: Model
    runtimes: tuple[tuple[Target, Runtime], ...]
    files: dict[str, bytes]
    page: PageSettings
    default_args: tuple[str, ...]
    created: int
    expected: tuple[Copied, ...] = ()


@dataclass(frozen=True)
class Written:
    """What was written: the artifact's size in bytes and SHA-256, and the model's parts in their order."""

    size: int
    sha256: str
    parts: tuple[Copied, ...]


@dataclass(frozen=True)
class Layout:
    """Where things go, as offsets by name; `end` is where the last of them ends."""

    windows: pe.RelocatedPe | None
    runtimes: dict[str, int]
    parts: dict[str, int]
    files: dict[str, int]
    end: int


def place_contents(contents: Contents) -> Layout:
    """Compute every offset; nothing is written."""
    windows = None
    end = superblock.HEAD_SIZE
    runtimes = {}
    for target, runtime in contents.runtimes:
        if target.system == WINDOWS_SYSTEM:
            windows = pe.relocate_pe_headers(runtime.path.read_bytes(), superblock.HEAD_SIZE)
            end += len(windows.body)
    for target, runtime in contents.runtimes:
        if target.system != WINDOWS_SYSTEM:
            size = runtime.packed.stat().st_size
            runtimes[target.name] = plan.place(end, _runtime_entry(target), size, plan.RUNTIME_ALIGNMENT)
            end = runtimes[target.name] + size
    parts = {}
    for part in contents.model.parts:
        parts[part.entry] = plan.place(end, part.entry, part.size_bytes, plan.WEIGHTS_ALIGNMENT)
        end = parts[part.entry] + part.size_bytes
    files = {}
    for name, data in contents.files.items():
        files[name] = plan.place(end, name, len(data), plan.SMALL_ALIGNMENT)
        end = files[name] + len(data)
    return Layout(windows, runtimes, parts, files, end)


def write_artifact(
    contents: Contents,
    layout: Layout,
    output: BinaryIO,
    progress: Progress,
    render_script: RenderScript,
    encode_sbom: EncodeSbom,
) -> Written:
    """Write everything into the empty, seekable file `output`; `progress` gets bytes of weights done so far.

    Raises OutputError when a part of the model changed while it was read, or the disk is full.
    """
    try:
        runtimes = _write_runtimes(contents, layout, output)
        for name, data in contents.files.items():
            copy_bytes(data, output, layout.files[name])
        halves = _Halves(progress)
        if contents.expected:
            ending = _finish(contents, layout, runtimes, contents.expected, output, render_script, encode_sbom)
            with closing(FollowingHash(output, ending.head, halves.second)) as digest:
                parts = _write_weights(contents, layout, output, halves.first, digest)
                if parts == contents.expected:
                    return _seal(ending, parts, output, digest)
        else:
            parts = _write_weights(contents, layout, output, halves.first, None)
        ending = _finish(contents, layout, runtimes, parts, output, render_script, encode_sbom)
        with closing(FollowingHash(output, ending.head, halves.second)) as digest:
            return _seal(ending, parts, output, digest)
    except OSError as error:
        raise OutputError(f"writing failed: {error.strerror}", "make room on that disk, or choose another") from error


def _write_runtimes(contents: Contents, layout: Layout, output: BinaryIO) -> tuple[RuntimeRecord, ...]:
    records = []
    for target, runtime in contents.runtimes:
        if target.system == WINDOWS_SYSTEM:
            assert layout.windows is not None
            copied = copy_bytes(layout.windows.body, output, superblock.HEAD_SIZE)
            where, encoding = _range(None, superblock.HEAD_SIZE, copied), "none"
        else:
            offset = layout.runtimes[target.name]
            where = _range(_runtime_entry(target), offset, copy_bytes(runtime.packed.read_bytes(), output, offset))
            encoding = "gzip"
        records.append(RuntimeRecord(target.name, where, encoding, runtime.size_bytes, runtime.sha256, runtime.build))
    return tuple(records)


def _write_weights(
    contents: Contents, layout: Layout, output: BinaryIO, progress: Progress, digest: FollowingHash | None
) -> tuple[Copied, ...]:
    """Copy and hash the parts; with `digest`, what is written goes there."""
    parts: list[Copied] = []
    done = 0
    for part in contents.model.parts:
        offset = layout.parts[part.entry]
        advance = _after(offset, digest.advance) if digest is not None else _ignore
        copied = copy_file(part.path, part.size_bytes, output, offset, _after(done, progress), advance)
        parts.append(copied)
        done += part.size_bytes
    return tuple(parts)


def _after(done: int, progress: Progress) -> Progress:
    """`progress` for bytes counted from `done` on."""
    return lambda count: progress(done + count)


def _ignore(_: int) -> None:
    pass


class _Halves:
    """Two passes over the same bytes, side by side or one after the other, as one progress."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = [0, 0]

    def first(self, done: int) -> None:
        """Bytes that the first pass has done."""
        self._tell(0, done)

    def second(self, done: int) -> None:
        """Bytes that the second pass has done."""
        self._tell(1, done)

    def _tell(self, which: int, done: int) -> None:
        self._done[which] = done
        self._progress(sum(self._done) // 2)


@dataclass(frozen=True)
class _Ending:
    """What goes over the first bytes at last, and the artifact's size in bytes."""

    head: bytes
    size: int


def _finish(
    contents: Contents,
    layout: Layout,
    runtimes: tuple[RuntimeRecord, ...],
    parts: tuple[Copied, ...],
    output: BinaryIO,
    render_script: RenderScript,
    encode_sbom: EncodeSbom,
) -> _Ending:
    """Write all that quotes the weights' hashes but the head: bill of materials, manifest, ZIP records."""
    output.flush()
    output.truncate(layout.end)
    manifest = _add_sbom(_describe(contents, layout, runtimes, parts), layout.end, output, encode_sbom)
    text = encode_manifest(manifest)
    end = max(item.offset + item.size for item in manifest.ranges())
    manifest_offset = plan.place(end, ENTRY_NAME, len(text), plan.SMALL_ALIGNMENT)
    copied = copy_bytes(text, output, manifest_offset)
    pieces = plan.records(manifest, manifest_offset, len(text), copied.crc32)
    for piece in pieces:
        copy_bytes(piece.data, output, piece.offset)
    output.flush()
    directory = pieces[-1]
    script = _script(contents, manifest, render_script)
    head, superblock_at = compose_head(script, layout.windows.headers if layout.windows is not None else None)
    block = superblock.Superblock(
        position=superblock_at,
        manifest_offset=manifest_offset,
        manifest_size=len(text),
        manifest_sha256=bytes.fromhex(copied.sha256),
        directory_offset=directory.offset,
        artifact_size=directory.offset + len(directory.data),
        head_sha256=superblock.hash_head(head, superblock_at),
    )
    encoded = superblock.encode_superblock(block)
    head = head[:superblock_at] + encoded + head[superblock_at + len(encoded) :]
    return _Ending(head, block.artifact_size)


def _describe(
    contents: Contents, layout: Layout, runtimes: tuple[RuntimeRecord, ...], parts: tuple[Copied, ...]
) -> Manifest:
    model = contents.model
    ranges = tuple(
        _range(part.entry, layout.parts[part.entry], copied) for part, copied in zip(model.parts, parts, strict=True)
    )
    return Manifest(
        name=contents.name,
        layout=LAYOUT,
        created=plan.format_time(contents.created),
        generator=f"mkexe {__version__}",
        default_args=contents.default_args,
        page={"title": contents.page.title, "system_prompt": contents.page.system_prompt},
        runtimes=runtimes,
        models=(ModelRecord("model", model.name, model.architecture, model.license, ranges),),
        files=tuple(_range(name, layout.files[name], describe(data)) for name, data in contents.files.items()),
    )


def _add_sbom(manifest: Manifest, end: int, output: BinaryIO, encode_sbom: EncodeSbom) -> Manifest:
    """Write the bill of materials behind everything that does not quote the weights' hashes, as it does."""
    data = encode_sbom(manifest)
    offset = plan.place(end, SBOM_ENTRY, len(data), plan.SMALL_ALIGNMENT)
    return replace(manifest, files=(*manifest.files, _range(SBOM_ENTRY, offset, copy_bytes(data, output, offset))))


def _seal(ending: _Ending, parts: tuple[Copied, ...], output: BinaryIO, digest: FollowingHash) -> Written:
    """Make it an artifact: all of it is hashed, and the head written."""
    digest.advance(ending.size)
    copy_bytes(ending.head, output, 0)
    output.flush()
    return Written(ending.size, digest.digest(), parts)


def _script(contents: Contents, manifest: Manifest, render_script: RenderScript) -> bytes:
    targets = {target.name: target for target, _ in contents.runtimes}
    rows = [
        LauncherRow(
            targets[record.target].uname,
            record.range.offset,
            record.range.size,
            record.unpacked_size,
            record.unpacked_sha256,
        )
        for record in manifest.runtimes
        if record.encoding == "gzip"
    ]
    windows = any(target.system == WINDOWS_SYSTEM for target in targets.values())
    return render_script(rows, list(targets), windows)


def _runtime_entry(target: Target) -> str:
    return f"runtimes/{target.name}.gz"


def _range(entry: str | None, offset: int, copied: Copied) -> Range:
    return Range(entry, offset, copied.size, copied.sha256, copied.crc32)


def needed_bytes(layout: Layout) -> int:
    """An upper bound of the artifact's size in bytes: what is placed, and generously what is written after that."""
    names = len(layout.runtimes) + len(layout.parts) + len(layout.files)
    return layout.end + 96 * 1024 + 1024 * names


def check_space(folder: Path, needed: int) -> None:
    """Raise OutputError when `needed` bytes do not fit on the folder's disk."""
    status = os.statvfs(folder) if hasattr(os, "statvfs") else None
    if status is not None and status.f_bavail * status.f_frsize < needed:
        free = status.f_bavail * status.f_frsize
        raise OutputError(
            f"{folder}: the file needs {needed} bytes ({needed / 1e9:.2f} GB), {free} ({free / 1e9:.2f} GB) are free",
            "make room, or choose another disk with -o",
        )
