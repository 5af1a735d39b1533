"""Start an artifact on this machine by each of the shells that read its script."""

from __future__ import annotations

from mkexe.artifact.reader import Artifact
from mkexe.boot.starter import Starter
from mkexe.runtimes.targets import MACOS

_SHELLS = {
    "sh": ["sh"], "bash": ["bash"], "dash": ["dash"], "zsh": ["zsh"], "mksh": ["mksh"], "busybox": ["busybox", "sh"],
}  # fmt: skip
_MACOS_SHELLS = ("sh", "bash", "dash", "zsh")  # macOS itself includes these


def shell_starters(artifact: Artifact, target: str, system: str) -> list[Starter]:
    """One way for each shell that the system can have."""
    return [
        _shell_starter(artifact, target, name, words)
        for name, words in _SHELLS.items()
        if system != MACOS or name in _MACOS_SHELLS
    ]


def _shell_starter(artifact: Artifact, target: str, name: str, words: list[str]) -> Starter:
    return Starter(target, f"{name} (this machine)", (words[0],), lambda _: [*words, str(artifact.path)], {})
