"""Start a built file in every way there is here."""

from __future__ import annotations

from pathlib import Path

from mkexe.artifact.reader import open_artifact
from mkexe.base.reporter import Reporter
from mkexe.boot import boot
from mkexe.runtimes import targets


def boot_file(
    path: Path, names: list[str], question: boot.Question, timeout_s: float, reporter: Reporter
) -> list[boot.BootResult]:
    """Start an artifact for the targets called `names`, and audit what cannot be started; `reporter` gets each result.

    Without `names` these are all targets that it holds.
    """
    artifact = open_artifact(path.absolute())
    return boot.boot_artifact(artifact, targets.choose_targets(names, "--on"), question, timeout_s, reporter)
