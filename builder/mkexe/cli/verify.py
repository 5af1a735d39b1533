"""`mkexe verify`."""

from __future__ import annotations

from mkexe.base.units import readable_size
from mkexe.cli import console
from mkexe.cli.parameters import BuiltFile
from mkexe.errors import ArtifactError

EXAMPLES = ("mkexe verify assistant.exe",)


def run(file: BuiltFile) -> None:
    """Compare every hash of a built file, and check every byte around the entries."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands.artifact import open_and_verify

    artifact, findings = open_and_verify(file, TerminalReporter())
    if findings:
        for finding in findings:
            console.result(f"{file}: {finding}")
        raise ArtifactError(f"{file} is damaged: mkexe found {len(findings)} errors", "get another copy")
    appended = artifact.size - artifact.block.artifact_size
    note = f"; {appended} bytes follow it (a signature?)" if appended else ""
    console.result(f"{file}: good, {len(artifact.manifest.ranges())} entries, {readable_size(artifact.size)}{note}")
