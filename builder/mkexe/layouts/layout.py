"""The interface of a layout. Each layout is one file of this package; `registry.LAYOUTS` lists all of them."""

from __future__ import annotations

import dataclasses
import re
import shlex
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mkexe.artifact.contents import Contents, Shape
from mkexe.artifact.manifest import Sidecar
from mkexe.artifact.placement import needed_bytes, place_contents
from mkexe.artifact.writer import write_artifact
from mkexe.base.copying import Digest
from mkexe.base.reporter import UNWATCHED, Progress, Reporter
from mkexe.base.units import readable_size
from mkexe.errors import UsageError
from mkexe.layouts.opened_file import Package
from mkexe.models.model_set import ModelSet
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import LINUX, MACOS, WINDOWS, Target

SYSTEM_NAMES = {LINUX: "Linux", WINDOWS: "Windows", MACOS: "macOS"}
# Windows refuses to start programs of 4 GiB or more. 16 MiB stay free for a signature and for errors of an estimate.
PROGRAM_SIZE_MAXIMUM = (4 << 30) - (16 << 20)  # bytes


@dataclass(frozen=True)
class Output:
    """Where a layout writes to: the empty, seekable `file`, which gets the name `path` when it is complete.

    Sidecars get their names when `stack` is closed. `progress` gets the bytes of weights that are done.
    """

    path: Path
    file: BinaryIO
    stack: ExitStack
    progress: Progress


@dataclass(frozen=True)
class Draft:
    """A file before it is written: about how many bytes it takes, and how many the files beside it take.

    `write` writes them, and returns the digests of the model's files. It raises ModelError if one of these changes
    meanwhile, and OSError if writing fails.
    """

    own_bytes: int
    beside_bytes: int
    write: Callable[[Output], tuple[Digest, ...]]


class Layout:
    """A layout of a built file. The defaults here suit most layouts."""

    name = ""
    # the systems that it supports
    systems: tuple[str, ...] = (LINUX, WINDOWS, MACOS)
    # if not, the weights are separate files beside the artifact
    weights_inside = True
    # programs are packed, and a script in the head unpacks them; if not, programs are stored unpacked
    packs_programs = True
    has_script = True
    # the file itself is executable
    is_program = True
    # it is for one system and one processor
    holds_one_program = False
    # the weights are files in the same folder, whose size can be limited
    has_sidecars = False

    def check(self, targets: tuple[Target, ...], size: int) -> None:
        """Raise UsageError if it cannot hold these targets in an artifact of about `size` bytes."""
        if any(target.system not in self.systems for target in targets):
            what = " and ".join(SYSTEM_NAMES[system] for system in self.systems)
            raise UsageError(
                f"layout {self.name} is only for {what}, and the targets are {names_of(targets)}",
                f"choose targets of {what}",
            )

    def check_output(self, output: Path, targets: tuple[Target, ...], reporter: Reporter) -> None:
        """Raise UsageError if the file should not have that name."""

    def usual_targets(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """The targets among `targets` that it can hold."""
        return tuple(target for target in targets if target.system in self.systems)

    def file_name(self, name: str, targets: tuple[Target, ...]) -> str:
        """The default file name of an artifact called `name`. Windows starts a file only if its ending is right."""
        return f"{name}.exe" if has_windows(targets) else name

    def other_names(self, name: str, targets: tuple[Target, ...]) -> list[str]:
        """Further names under which a double click starts the file `name` on its systems."""
        return []

    def shape(self, targets: tuple[Target, ...]) -> Shape:
        """The shape of an artifact with programs for these targets."""
        return Shape(self.name, self.in_place(targets), self.has_script, self.weights_inside)

    def in_place(self, targets: tuple[Target, ...]) -> str | None:
        """The target whose executable begins the artifact: by default Windows, if it is among the targets."""
        return next((target.name for target in targets if target.system == WINDOWS), None)

    def sidecar_paths(self, output: Path, models: ModelSet) -> list[Path]:
        """The paths of the sidecars, which hold the weights."""
        return []

    def draft(self, contents: Contents) -> Draft:
        """Place everything; nothing is written yet."""
        placement = place_contents(contents)
        return Draft(
            needed_bytes(placement),
            0,
            lambda output: write_artifact(contents, placement, output.file, output.progress),
        )

    def wraps(self, is_folder: bool, head: bytes) -> bool:
        """Whether a folder, or a file that begins with `head`, may be this layout's container for an artifact."""
        return False

    def unwrap(self, path: Path, folder: Path) -> Package:
        """The artifacts in a container that `wraps` recognised. Extracts small files into `folder`.

        Raises ArtifactError, OutputError if `folder` is full, and the exceptions of Python's own readers.
        """
        raise NotImplementedError

    def start(self, system: str, name: str, app: str) -> str:
        """How a person starts the file `name` on a supported system; `app` is the name inside layout app."""
        raise NotImplementedError

    def notes(self, system: str, name: str) -> list[str]:
        """Notes for a person who starts it on a supported system.

        The notes on warnings follow the makers' documentation (Microsoft: "Microsoft Defender SmartScreen"; Apple
        Developer News, August 2024: "Updates to runtime protection in macOS Sequoia"). They were not tested.
        """
        if system == WINDOWS:
            return [
                'a download that is not signed may bring up "Windows protected your PC": More info, then Run anyway'
            ]
        return [] if system == LINUX else [warning_of_macos(name.removesuffix(".zip"))]

    def size_limit(self, system: str, size: int) -> str:
        """The limit of its size on a system, as a phrase."""
        if system != WINDOWS:
            return "none"
        return f"a program of less than 4 GiB, and this one has about {readable_size(size)}"


class ShellLayout(Layout):
    """A file with a script in its head, which a shell runs on Linux and macOS."""

    def other_names(self, name: str, targets: tuple[Target, ...]) -> list[str]:
        """Add NAME.command, which macOS opens in a terminal."""
        stem = _stem(name)
        names = [self.file_name(stem, targets), stem]
        if any(target.system == MACOS for target in targets):
            names.append(command_name(name))
        return [other for other in dict.fromkeys(names) if other != name]

    def start(self, system: str, name: str, app: str) -> str:
        """By a double click on Windows, in a terminal elsewhere."""
        return start_on_windows(name, ".exe") if system == WINDOWS else f"sh {shlex.quote(name)} in a terminal"

    def notes(self, system: str, name: str) -> list[str]:
        """Add how to start it after chmod +x."""
        if system == LINUX:
            return [f"after chmod +x, ./{shlex.quote(name)} does the same"]
        if system == MACOS:
            other = command_name(name)
            how = f"after chmod +x, a double click starts it if its name is {other}; mkexe build --names adds this name"
            return [how, warning_of_macos(other)]
        return super().notes(system, name)


def encode_artifact(
    contents: Contents, sidecars: tuple[Sidecar, ...], runtimes: tuple[tuple[Target, Runtime], ...],
    shape: Shape, outside: tuple[tuple[Target, Runtime], ...] = (),
) -> bytes:  # fmt: skip
    """The bytes of an artifact inside a container, with only these programs, and the weights beside it."""
    inner = dataclasses.replace(contents, shape=shape, runtimes=runtimes, sidecars=sidecars, outside=outside, known=())
    with tempfile.TemporaryDirectory(prefix="mkexe-") as folder:
        path = Path(folder) / "artifact"
        with path.open("w+b") as file:
            write_artifact(inner, place_contents(inner), file, UNWATCHED)
        return path.read_bytes()


def unpacked_size(contents: Contents) -> int:
    """The bytes of all contents, without the container."""
    programs = sum(runtime.size_bytes for _, runtime in contents.runtimes)
    return programs + contents.models.size_bytes + sum(map(len, contents.files.values()))


def has_windows(targets: tuple[Target, ...]) -> bool:
    """Whether one of the targets is for Windows."""
    return any(target.system == WINDOWS for target in targets)


def names_of(targets: tuple[Target, ...]) -> str:
    """The targets' names, separated by commas."""
    return ", ".join(target.name for target in targets)


def too_large(size: int) -> str:
    """A sentence that says why a program of `size` bytes does not start on Windows."""
    return f"Windows refuses to start programs of 4 GiB or more, and this one would have {size / (1 << 30):.2f} GiB"


def check_program_size(targets: tuple[Target, ...], size: int) -> None:
    """Raise UsageError if Windows would refuse to start a program of that size."""
    if has_windows(targets) and size > PROGRAM_SIZE_MAXIMUM:
        raise UsageError(too_large(size), "choose --layout script or --layout pair")


def start_on_windows(name: str, *endings: str) -> str:
    """How to start the file on Windows: by a double click, if its name has one of these endings."""
    if name.lower().endswith(endings):
        return f"double click {name}"
    return f"name it {name}{endings[0]}, then double click it"


def warning_of_macos(name: str) -> str:
    """A note on how macOS treats a downloaded program."""
    return (
        f"macOS refuses a downloaded {name} at first: System Settings, Privacy & Security, Open Anyway "
        "(before macOS 15: Control-click, Open)"
    )


def command_name(name: str) -> str:
    """The name under which macOS opens the file `name` in a terminal."""
    return f"{_stem(name)}.command"


def _stem(name: str) -> str:
    return re.sub(r"\.(exe|cmd|bat|command)$", "", name, flags=re.IGNORECASE)
