"""What every layout says of itself. One layout is one file of this package; `registry.LAYOUTS` has all of them."""

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
from mkexe.layouts.package import Package
from mkexe.models.model_set import ModelSet
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import LINUX, MACOS, WINDOWS, Target

SYSTEM_NAMES = {LINUX: "Linux", WINDOWS: "Windows", MACOS: "macOS"}
# Windows refuses to start programs of 4 GiB or more. The rest is for a signature, and for what a size does not know.
PROGRAM_SIZE_MAXIMUM = (4 << 30) - (16 << 20)  # bytes


@dataclass(frozen=True)
class Output:
    """Where a layout writes: into the empty, seekable `file`, which gets the name `path` when all is written.

    Files beside it get their names when `stack` is closed. `progress` gets the bytes of weights done.
    """

    path: Path
    file: BinaryIO
    stack: ExitStack
    progress: Progress


@dataclass(frozen=True)
class Draft:
    """A file before it is written: about how many bytes it takes, and how many the files beside it take.

    `write` writes them, and returns what the model's files were. It raises ModelError if one of these changes
    meanwhile, and OSError if writing fails.
    """

    own_bytes: int
    beside_bytes: int
    write: Callable[[Output], tuple[Digest, ...]]


class Layout:
    """A shape of a built file. What stands here suits most of them."""

    name = ""
    # the systems that it can be for
    systems: tuple[str, ...] = (LINUX, WINDOWS, MACOS)
    # else they are files of their own, beside the artifact that names them
    weights_inside = True
    # programs are packed, and a script in the head unpacks them; else what it holds starts as it is
    packs_programs = True
    has_script = True
    # the file itself can be started
    is_program = True
    # it is for one system and one processor
    holds_one_program = False
    # the weights are files in the same folder, whose size can be limited
    has_sidecars = False

    def check(self, targets: tuple[Target, ...], size: int) -> None:
        """Raise UsageError where it cannot hold these targets in an artifact of about `size` bytes."""
        if any(target.system not in self.systems for target in targets):
            what = " and ".join(SYSTEM_NAMES[system] for system in self.systems)
            raise UsageError(
                f"layout {self.name} is for {what} alone, and the targets are {names_of(targets)}",
                f"choose targets of {what}",
            )

    def check_output(self, output: Path, targets: tuple[Target, ...], reporter: Reporter) -> None:
        """Raise UsageError where the file should not have that name."""

    def usual_targets(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Of `targets` those that it can hold."""
        return tuple(target for target in targets if target.system in self.systems)

    def file_name(self, name: str, targets: tuple[Target, ...]) -> str:
        """What an artifact called `name` is called where nobody chose: Windows starts files by their ending."""
        return f"{name}.exe" if has_windows(targets) else name

    def other_names(self, name: str, targets: tuple[Target, ...]) -> list[str]:
        """Under which names the file `name` starts by a double click on its systems; its own name is left out."""
        return []

    def shape(self, targets: tuple[Target, ...]) -> Shape:
        """What it decides of an artifact with programs for these targets."""
        return Shape(self.name, self.in_place(targets), self.has_script, self.weights_inside)

    def in_place(self, targets: tuple[Target, ...]) -> str | None:
        """The target whose executable begins the artifact: Windows', where there is one."""
        return next((target.name for target in targets if target.system == WINDOWS), None)

    def sidecar_paths(self, output: Path, models: ModelSet) -> list[Path]:
        """The files of weights that are written beside `output`."""
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
        """Whether a file that begins with `head`, or a folder, is what this layout puts around an artifact."""
        return False

    def unwrap(self, path: Path, folder: Path) -> Package:
        """The artifacts in what `wraps` recognised; small files are taken out into `folder`.

        Raises ArtifactError, OutputError where `folder` is full, and what Python's own readers raise.
        """
        raise NotImplementedError

    def start(self, system: str, name: str, app: str) -> str:
        """What a person does with the file `name` on a system that it is for; layout app holds `app`."""
        raise NotImplementedError

    def notes(self, system: str, name: str) -> list[str]:
        """What a person should know of it on a system that it is for.

        What is said of warnings is what the systems' makers document (Microsoft: "Microsoft Defender SmartScreen";
        Apple Developer News, August 2024: "Updates to runtime protection in macOS Sequoia"); it was not tried here.
        """
        if system == WINDOWS:
            return [
                'a download that is not signed may bring up "Windows protected your PC": More info, then Run anyway'
            ]
        return [] if system == LINUX else [warning_of_macos(name.removesuffix(".zip"))]

    def size_limit(self, system: str, size: int) -> str:
        """What its size must not exceed on a system, as a sentence."""
        if system != WINDOWS:
            return "none"
        return f"a program of less than 4 GiB, and this one has about {readable_size(size)}"


class ShellLayout(Layout):
    """A file that a shell starts on Linux and macOS: its head is a script."""

    def other_names(self, name: str, targets: tuple[Target, ...]) -> list[str]:
        """MacOS opens NAME.command in a terminal."""
        stem = _stem(name)
        names = [self.file_name(stem, targets), stem]
        if any(target.system == MACOS for target in targets):
            names.append(command_name(name))
        return [other for other in dict.fromkeys(names) if other != name]

    def start(self, system: str, name: str, app: str) -> str:
        """In a terminal, but on Windows."""
        return start_on_windows(name, ".exe") if system == WINDOWS else f"sh {shlex.quote(name)} in a terminal"

    def notes(self, system: str, name: str) -> list[str]:
        """The run bit makes it a program."""
        if system == LINUX:
            return [f"after chmod +x, ./{shlex.quote(name)} does the same"]
        if system == MACOS:
            other = command_name(name)
            how = f"a double click starts it under the name {other}, which build --names gives it, after chmod +x"
            return [how, warning_of_macos(other)]
        return super().notes(system, name)


def encode_artifact(
    contents: Contents, sidecars: tuple[Sidecar, ...], runtimes: tuple[tuple[Target, Runtime], ...],
    shape: Shape, outside: tuple[tuple[Target, Runtime], ...] = (),
) -> bytes:  # fmt: skip
    """An artifact that lies in something else, with the weights beside it and these programs alone."""
    inner = dataclasses.replace(contents, shape=shape, runtimes=runtimes, sidecars=sidecars, outside=outside, known=())
    with tempfile.TemporaryDirectory(prefix="mkexe-") as folder:
        path = Path(folder) / "artifact"
        with path.open("w+b") as file:
            write_artifact(inner, place_contents(inner), file, UNWATCHED)
        return path.read_bytes()


def unpacked_size(contents: Contents) -> int:
    """Bytes of all that goes in, without what is around it."""
    programs = sum(runtime.size_bytes for _, runtime in contents.runtimes)
    return programs + contents.models.size_bytes + sum(map(len, contents.files.values()))


def has_windows(targets: tuple[Target, ...]) -> bool:
    """Whether one of them is Windows'."""
    return any(target.system == WINDOWS for target in targets)


def names_of(targets: tuple[Target, ...]) -> str:
    """Their names, for a sentence."""
    return ", ".join(target.name for target in targets)


def too_large(size: int) -> str:
    """Why a program of `size` bytes does not start on Windows."""
    return f"Windows refuses to start programs of 4 GiB or more, and this one would have {size / (1 << 30):.2f} GiB"


def check_program_size(targets: tuple[Target, ...], size: int) -> None:
    """Raise UsageError where Windows would not start a program of that size."""
    if has_windows(targets) and size > PROGRAM_SIZE_MAXIMUM:
        raise UsageError(too_large(size), "choose --layout script or --layout pair")


def start_on_windows(name: str, *endings: str) -> str:
    """A double click, under a name with one of these endings."""
    if name.lower().endswith(endings):
        return f"double click {name}"
    return f"name it {name}{endings[0]}, then double click it"


def warning_of_macos(name: str) -> str:
    """What macOS does with a download."""
    return (
        f"macOS refuses a downloaded {name} at first: System Settings, Privacy & Security, Open Anyway "
        "(before macOS 15: Control-click, Open)"
    )


def command_name(name: str) -> str:
    """The name under which macOS opens the file `name` in a terminal."""
    return f"{_stem(name)}.command"


def _stem(name: str) -> str:
    return re.sub(r"\.(exe|cmd|bat|command)$", "", name, flags=re.IGNORECASE)
