"""Start a Linux program for another processor with qemu-user."""

from __future__ import annotations

from pathlib import Path

from mkexe.artifact.reader import Artifact
from mkexe.boot.starter import Starter, extract_program
from mkexe.layouts.registry import has_script
from mkexe.runtimes.targets import all_targets


def qemu_starter(artifact: Artifact, target: str) -> Starter:
    """Extract the runtime, as the head's script would: qemu-user has no shell for that processor."""
    emulator = f"qemu-{all_targets()[target].processor}-static"
    how = f"{emulator} (emulated)"
    if not has_script(artifact.manifest.layout):
        return Starter(target, how, (emulator,), lambda _: [emulator, str(artifact.path)], {})

    def command(folder: Path) -> list[str]:
        runtime = folder / "runtime"
        extract_program(artifact, target, runtime)
        runtime.chmod(0o700)
        return [emulator, str(runtime)]

    return Starter(target, how, (emulator,), command, {"MKEXE_ARTIFACT": str(artifact.path)})
