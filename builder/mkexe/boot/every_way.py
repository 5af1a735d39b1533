"""Start a built artifact in every possible way, and ask it questions over HTTP.

A result says whether the program was started or only audited, and how.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from mkexe.artifact.reader import Artifact
from mkexe.base.reporter import Reporter
from mkexe.boot.mac_audit import audit_program
from mkexe.boot.qemu import qemu_starter
from mkexe.boot.question import Question
from mkexe.boot.result import NOT_RUN, BootResult
from mkexe.boot.shells import shell_starters
from mkexe.boot.start import boot_once
from mkexe.boot.starter import Starter, direct_starter
from mkexe.boot.wine import wine_starter
from mkexe.errors import ArtifactError, UsageError
from mkexe.layouts.registry import has_script
from mkexe.runtimes import targets
from mkexe.runtimes.targets import host_name


def boot_artifact(
    artifact: Artifact,
    wanted: list[str],
    question: Question,
    timeout_s: float,
    reporter: Reporter,
) -> list[BootResult]:
    """Start or audit the program for each target in `wanted`; if it is empty, for each target of the artifact.

    `reporter` gets each result at once. Raises UsageError if the artifact has no program for a wanted target.
    """
    held = [record.target for record in artifact.manifest.runtimes]
    missing = [name for name in wanted if name not in held]
    if missing:
        raise UsageError(f"{artifact.path}: holds no runtime for {missing[0]}", f"it holds {', '.join(held)}")
    unknown = [name for name in wanted or held if name not in targets.all_targets()]
    if unknown:
        raise ArtifactError(
            f"{artifact.path}: holds a program for {unknown[0]}, which this mkexe does not know",
            "use the mkexe that made it",
        )
    results = []
    for target in wanted or held:
        for result in _boot_target(artifact, target, question, timeout_s):
            reporter.result(result)
            results.append(result)
    return results


def _boot_target(artifact: Artifact, target: str, question: Question, timeout_s: float) -> Iterator[BootResult]:
    system = targets.all_targets()[target].system
    if system == targets.MACOS and host_name() != target:
        yield audit_program(artifact, target)
        return
    for starter in find_starters(artifact, target, system):
        lacking = [tool for tool in starter.tools if shutil.which(tool) is None]
        if lacking:
            yield BootResult(target, starter.how, NOT_RUN, f"{lacking[0]} is not installed", 0.0)
        else:
            yield boot_once(artifact, starter, question, timeout_s)


def find_starters(artifact: Artifact, target: str, system: str) -> list[Starter]:
    """The ways to start the program for a target on this machine. Their tools may be missing."""
    is_here = host_name() == target
    if system == targets.WINDOWS:
        here = direct_starter(artifact, target, "CreateProcess (this machine)")
        return [here if is_here else wine_starter(artifact, target)]
    if not is_here:
        return [qemu_starter(artifact, target)]
    if has_script(artifact.manifest.layout):
        return shell_starters(artifact, target, system)
    return [direct_starter(artifact, target, "execve (this machine)")]
