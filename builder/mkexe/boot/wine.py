"""Start a Windows program with Wine."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from mkexe.artifact.reader import Artifact
from mkexe.boot.starter import Starter, extract_program, find_record


def wine_starter(artifact: Artifact, target: str) -> Starter:
    """Extract the Windows program of layout script, because Wine lacks the PowerShell and tar that its head needs."""
    begins_with_it = find_record(artifact, target).range.entry is None

    def command(folder: Path) -> list[str]:
        program = folder / f"{artifact.path.stem}.exe"
        if begins_with_it:
            program.symlink_to(artifact.path)
        else:
            extract_program(artifact, target, program)
        return ["wine", str(program)]

    prefix = Path(os.environ.get("WINEPREFIX") or Path(tempfile.gettempdir()) / f"mkexe-wine{_user_suffix()}")
    environment = {"WINEPREFIX": str(prefix), "WINEDEBUG": "-all"}
    if not begins_with_it:
        environment["MKEXE_ARTIFACT"] = str(artifact.path)
    return Starter(target, "Wine", ("wine",), command, environment)


def _user_suffix() -> str:
    """A suffix that differs between users, for names in a folder that they share."""
    if sys.platform == "win32":  # every user has another temporary folder
        return ""
    return f"-{os.getuid()}"
