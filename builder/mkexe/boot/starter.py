"""A way to start the program for one target, and that program as a separate file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact.manifest import RuntimeRecord
from mkexe.artifact.reader import Artifact, unpack_runtime


@dataclass(frozen=True)
class Starter:
    """A way to start: `command` returns the words in front of the artifact's options; `tools` must be installed."""

    target: str
    how: str
    tools: tuple[str, ...]
    command: Callable[[Path], list[str]]
    environment: dict[str, str]


def direct_starter(artifact: Artifact, target: str, how: str) -> Starter:
    """The system starts the file itself."""
    return Starter(target, how, (), lambda _: [str(artifact.path)], {})


def find_record(artifact: Artifact, target: str) -> RuntimeRecord:
    """The artifact's record of its program for a target."""
    return next(record for record in artifact.manifest.runtimes if record.target == target)


def extract_program(artifact: Artifact, target: str, path: Path) -> None:
    """Write the program for a target to `path`."""
    with artifact.path.open("rb") as file, path.open("wb") as output:
        output.writelines(unpack_runtime(file, artifact, find_record(artifact, target)))
