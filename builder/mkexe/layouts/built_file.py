"""Steps after a file was written: further names, its hash, and how to start it."""

from __future__ import annotations

import dataclasses

from mkexe.base import atomic_files
from mkexe.base.copying import hash_range
from mkexe.base.reporter import Reporter
from mkexe.layouts import deliver, systems
from mkexe.layouts.registry import LAYOUTS
from mkexe.models.model_set import ModelFile
from mkexe.runtimes import targets


def give_other_names(built: deliver.Built) -> deliver.Built:
    """Give the file further names, so that a double click starts it on each of its systems. Copies no bytes.

    Raises OutputError if the file system has neither hard links nor clones; the file itself stays.
    """
    chosen = tuple(targets.all_targets()[name] for name in built.targets)
    names = LAYOUTS[built.layout].other_names(built.path.name, chosen)
    paths = tuple(built.path.with_name(name) for name in names)
    for path in paths:
        atomic_files.give_other_name(built.path, path)
    return dataclasses.replace(built, other_names=paths)


def add_checksum(built: deliver.Built, reporter: Reporter) -> deliver.Built:
    """Hash the whole file, which takes about as long as to write it."""
    part = ModelFile(built.path, built.path.name, built.size)
    with reporter.bytes_progress(f"hashing {built.path.name}", built.size) as progress:
        return dataclasses.replace(built, sha256=hash_range(part, progress).sha256)


def how_to_start(built: deliver.Built) -> str:
    """One line: how a person starts the file on each of its systems."""
    chosen = tuple(targets.all_targets()[name] for name in built.targets)
    return systems.how_to_start(LAYOUTS[built.layout], chosen, built.path.name, app=f"{built.name}.app")
