"""Start a built file in every way that this machine supports."""

from __future__ import annotations

from pathlib import Path

from mkexe.artifact.reader import open_artifact
from mkexe.base.reporter import Reporter
from mkexe.boot.every_way import boot_artifact
from mkexe.boot.question import Question
from mkexe.boot.result import BootResult
from mkexe.runtimes import targets


def boot_file(
    path: Path, names: list[str], question: Question, timeout_s: float, reporter: Reporter
) -> list[BootResult]:
    """Start an artifact for the targets `names`, and audit programs that cannot be started here.

    Empty `names` mean all targets of the artifact. `reporter` gets each result.
    """
    artifact = open_artifact(path.absolute())
    return boot_artifact(artifact, targets.choose_targets(names, "--on"), question, timeout_s, reporter)
