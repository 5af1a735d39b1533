"""Take entries out of an artifact, as files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from mkexe.artifact.reader import Artifact, read_chunks, unpack_runtime
from mkexe.base import atomic_files
from mkexe.base.suggest import suggest
from mkexe.errors import ArtifactError, OutputError, UsageError
from mkexe.runtimes import targets


def extract_entries(artifact: Artifact, names: list[str], folder: Path) -> list[Path]:
    """Write entries (all if `names` is empty) into `folder`; runtimes become executables.

    Raises UsageError for a name that is not an entry, ArtifactError for an entry that would leave `folder`, and
    OutputError if writing fails.
    """
    path = artifact.path
    writers = _extractable(artifact)
    written = []
    with path.open("rb") as file:
        for name in names_of_entries(artifact, names):
            target = _place_of(path, name, folder)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with atomic_files.output_file(target, executable=name.startswith("runtimes/")) as output:
                    for chunk in writers[name](file):
                        output.write(chunk)
            except OSError as error:
                raise OutputError(f"{target}: {error.strerror}", "choose another folder with -C") from error
            written.append(target)
    return written


def names_of_entries(artifact: Artifact, names: list[str]) -> list[str]:
    """The entries `names`, or all entries if it is empty. Raises UsageError for a name that is not an entry."""
    known = list(_extractable(artifact))
    unknown = [name for name in names if name not in known]
    if unknown:
        hint = suggest(unknown[0], known, "mkexe extract --list lists the entries")
        raise UsageError(f"{artifact.path}: has no entry {unknown[0]!r}", hint)
    return names or known


def _place_of(path: Path, name: str, folder: Path) -> Path:
    """The path for an entry. Links in this path must not lead out of `folder`."""
    wanted = folder / name
    try:
        target, inside = wanted.parent.resolve() / wanted.name, folder.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: circular links, before Python 3.13
        raise OutputError(f"{folder}: there are circular links there", "choose another folder with -C") from error
    if not wanted.name or ".." in wanted.parts[len(folder.parts) :] or not target.is_relative_to(inside):
        raise ArtifactError(f"{path}: the entry {name!r} would be written outside {folder}", "do not trust it")
    return target


def _extractable(artifact: Artifact) -> dict[str, Callable[[BinaryIO], Iterator[bytes]]]:
    """Everything that can be extracted, by name, with a function that reads it from the artifact's file."""
    manifest = artifact.manifest
    table = targets.all_targets()
    found: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {}
    for record in manifest.runtimes:
        suffix = table[record.target].suffix if record.target in table else ""
        unpack = functools.partial(unpack_runtime, artifact=artifact, runtime=record)
        found[f"runtimes/{record.target}{suffix}"] = unpack
    for item in [*manifest.weights(), *manifest.packs, *manifest.files]:
        if item.entry:
            found[item.entry] = functools.partial(read_chunks, offset=item.offset, size=item.size)
    found["manifest.json"] = lambda _: iter([artifact.manifest_text])
    return found
