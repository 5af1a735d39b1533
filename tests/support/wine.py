"""A prefix of Wine's (its registry, its C:), made once and copied for those that need one of their own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 300.0


@dataclass(frozen=True)
class WinePrefix:
    """A prefix in which nothing runs."""

    path: Path

    @staticmethod
    def make(folder: Path) -> None:
        """Make `folder`/prefix."""
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all", "LC_ALL": "C.UTF-8",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # else a new prefix asks whether to download these
        }  # fmt: skip
        for command in (["wine", "cmd", "/c", "ver"], ["wineserver", "-w"]):  # the registry is written at the end
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=True, timeout=LIMIT_S)

    def copy(self, to: Path) -> Path:
        """A copy at `to`, where nothing may be yet."""
        subprocess.run(["cp", "-a", "--reflink=auto", self.path, to], check=True, timeout=LIMIT_S)
        return to
