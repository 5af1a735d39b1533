"""The shapes of an artifact (docs/FORMAT.md, "Layouts"), and which one a model gets where nobody chose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mkexe.artifact.contents import APP as APP
from mkexe.artifact.contents import EXE as EXE
from mkexe.artifact.contents import NATIVE as NATIVE
from mkexe.artifact.contents import OCI as OCI
from mkexe.artifact.contents import PAIR as PAIR
from mkexe.artifact.contents import SCRIPT as SCRIPT
from mkexe.artifact.contents import WEIGHTS_BESIDE as WEIGHTS_BESIDE
from mkexe.errors import UsageError
from mkexe.runtimes.records import Target
from mkexe.runtimes.targets import LINUX, MACOS, WINDOWS

AUTO = "auto"
CHOICES = (EXE, SCRIPT, NATIVE, PAIR, APP, OCI, AUTO)
# layouts for one system alone, with that system
_ONE_SYSTEM = {APP: MACOS, OCI: LINUX}
# these pack no program: what they hold starts as it is
UNPACKED = (NATIVE, APP, OCI)

# Windows starts no program of 4 GiB or more. What stays free is for a signature, and for what `size` does not know.
PROGRAM_SIZE_MAXIMUM = (4 << 30) - (16 << 20)  # bytes


_SUFFIXES = {APP: ".app.zip", OCI: ".oci.tar"}


@dataclass(frozen=True)
class Choice:
    """A layout, and a sentence that says why it was taken; empty where it is the usual one, or was asked for."""

    layout: str
    reason: str


def choose_layout(wanted: str, targets: tuple[Target, ...], size: int) -> Choice:
    """What `wanted` means for these targets and an artifact of about `size` bytes.

    Raises UsageError where that layout cannot hold them.
    """
    windows = any(target.system == WINDOWS for target in targets)
    too_large = f"Windows starts no program of 4 GiB or more, and this one would have {size / (1 << 30):.2f} GiB"
    if wanted == AUTO:
        if not windows:
            return Choice(SCRIPT, "")
        return Choice(EXE, "") if size <= PROGRAM_SIZE_MAXIMUM else Choice(SCRIPT, too_large)
    names = ", ".join(target.name for target in targets)
    if wanted == EXE and not windows:
        raise UsageError(
            f"layout exe begins with Windows' program, and the targets are {names}",
            "choose --layout script, or add --target windows-x86_64",
        )
    if wanted in _ONE_SYSTEM and any(target.system != _ONE_SYSTEM[wanted] for target in targets):
        what = "macOS" if wanted == APP else "Linux"
        raise UsageError(
            f"layout {wanted} is for {what} alone, and the targets are {names}", f"choose targets of {what}"
        )
    if wanted == NATIVE and len(targets) != 1:
        raise UsageError(f"layout native holds one program, and the targets are {names}", "choose one with --target")
    if wanted == NATIVE and targets[0].system == MACOS:
        raise UsageError(
            f"layout native cannot hold {names}: a signed Mach-O takes nothing behind its end",
            "choose --layout script",
        )
    if wanted in (EXE, NATIVE) and windows and size > PROGRAM_SIZE_MAXIMUM:
        raise UsageError(too_large, "choose --layout script or --layout pair")
    return Choice(wanted, "")


def file_name(name: str, layout: str, targets: tuple[Target, ...]) -> str:
    """What an artifact called `name` is called where nobody chose: Windows starts files by their ending."""
    if layout in _SUFFIXES:
        return name + _SUFFIXES[layout]
    if not any(target.system == WINDOWS for target in targets):
        return name
    return name + (".cmd" if layout == SCRIPT else ".exe")


def other_names(name: str, layout: str, targets: tuple[Target, ...]) -> list[str]:
    """Under which names the file `name` starts by a double click on each of its systems; its own name is left out.

    macOS opens NAME.command in a terminal. Layouts of one system have one name.
    """
    if layout in UNPACKED:
        return []
    stem = _stem(name)
    names = [file_name(stem, layout, targets), stem]
    if any(target.system == MACOS for target in targets):
        names.append(command_name(name))
    return [other for other in dict.fromkeys(names) if other != name]


def command_name(name: str) -> str:
    """The name under which macOS opens the file `name` in a terminal."""
    return f"{_stem(name)}.command"


def _stem(name: str) -> str:
    return re.sub(r"\.(exe|cmd|bat|command)$", "", name, flags=re.IGNORECASE)


def usual_targets(layout: str, names: Iterable[str], table: Mapping[str, Target]) -> list[str]:
    """Of targets by name those that this layout can hold; all of them where it is not for one system alone."""
    wanted = _ONE_SYSTEM.get(layout)
    return [name for name in names if wanted is None or table[name].system == wanted]


def projector_name(stem: str) -> str:
    """The name of a projector's file beside an artifact."""
    return f"{stem}.mmproj.gguf"


def beside_name(stem: str, number: int, count: int) -> str:
    """The name of a model's file beside an artifact, numbered from 1 (llama.cpp, common/common.h, "split")."""
    return f"{stem}.gguf" if count == 1 else f"{stem}-{number:05}-of-{count:05}.gguf"
