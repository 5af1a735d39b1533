"""Look at a built file: inspect it, verify it, take entries out."""

from __future__ import annotations

from pathlib import Path

from mkexe.artifact.extract import extract_entries, names_of_entries
from mkexe.artifact.reader import Artifact, open_artifact, verify_artifact
from mkexe.base.reporter import Reporter


def open_and_verify(path: Path, reporter: Reporter) -> tuple[Artifact, list[str]]:
    """Open an artifact and check every byte; returns the artifact and a list of all defects."""
    artifact = open_artifact(path)
    with reporter.bytes_progress(f"verifying {path.name}", artifact.size) as progress:
        return artifact, verify_artifact(artifact, progress)


def extract(path: Path, names: list[str], folder: Path) -> list[Path]:
    """Write the entries `names`, or all if it is empty, below `folder`. Runtimes are written as executables."""
    return extract_entries(open_artifact(path), names, folder)


def entry_names(path: Path, names: list[str]) -> list[str]:
    """The entries `names`, or all that `extract` can write if it is empty."""
    return names_of_entries(open_artifact(path), names)
