"""`mkexe verify`."""

from __future__ import annotations

from mkexe.base.units import readable_size
from mkexe.cli import console
from mkexe.cli.parameters import BuiltFile
from mkexe.errors import ArtifactError

EXAMPLES = ("mkexe verify assistant.exe",)


def run(file: BuiltFile) -> None:
    """Check that a built file is undamaged."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands.artifact import open_and_verify

    artifact, findings = open_and_verify(file, TerminalReporter())
    if findings:
        for finding in findings:
            console.result(f"{file}: {finding}")
        raise ArtifactError(f"{file} is damaged: mkexe found {len(findings)} errors", "get another copy")
    appended = artifact.size - artifact.block.artifact_size
    follow = "1 byte follows" if appended == 1 else f"{appended} bytes follow"
    note = f"; {follow} it (a signature?)" if appended else ""
    console.result(f"{file}: good, {len(artifact.manifest.ranges())} entries, {readable_size(artifact.size)}{note}")
