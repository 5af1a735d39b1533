"""`mkexe verify`."""

from __future__ import annotations

from mkexe.base.units import readable_size
from mkexe.cli import console
from mkexe.cli.parameters import BuiltFile, Json
from mkexe.errors import ArtifactError

EXAMPLES = ("mkexe verify assistant.exe", "mkexe verify assistant.exe --json")


def run(file: BuiltFile, json: Json = False) -> None:
    """Check that a built file is undamaged."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands.artifact import open_and_verify

    artifact, findings = open_and_verify(file, TerminalReporter())
    entries = len(artifact.manifest.ranges())
    appended = artifact.size - artifact.block.artifact_size
    if json:
        console.result_json(
            {
                "path": str(file), "good": not findings, "findings": findings, "entries": entries,
                "size": artifact.size, "appended": appended,
            }
        )  # fmt: skip
    elif findings:
        for finding in findings:
            console.result(f"{file}: {finding}")
    else:
        follow = "1 byte follows" if appended == 1 else f"{appended} bytes follow"
        note = f"; {follow} it (a signature?)" if appended else ""
        console.result(f"{file}: good, {entries} entries, {readable_size(artifact.size)}{note}")
    if findings:
        raise ArtifactError(f"{file} is damaged: mkexe found {len(findings)} errors", "get another copy")
