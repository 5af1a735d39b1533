"""How a person starts a file on each system, and what limits its size there.

What is said of warnings is what the systems' makers document (Microsoft: "Microsoft Defender SmartScreen"; Apple
Developer News, August 2024: "Updates to runtime protection in macOS Sequoia"); it was not tried here.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mkexe.base.units import readable_size
from mkexe.layouts import registry
from mkexe.runtimes import targets
from mkexe.runtimes.records import Target

FAT32_FILE_MAXIMUM = (4 << 30) - 1
"""Bytes: a file's size has 32 bits there (Microsoft's FAT specification, DIR_FileSize)."""
SPLIT_SIZE = 4 * 10**9
"""Bytes of the 4GB that --split-size is told to."""
SYSTEM_NAMES = {targets.LINUX: "Linux", targets.WINDOWS: "Windows", targets.MACOS: "macOS"}
_AS_SCRIPT = (registry.EXE, registry.SCRIPT, registry.PAIR)  # a shell starts these


@dataclass(frozen=True)
class SystemAdvice:
    """One system: what a person does to start the file, or why it does not start; what its size must not exceed."""

    system: str
    targets: tuple[str, ...]
    starts: bool
    start: str
    limit: str
    notes: tuple[str, ...]


def how_to_start(layout: str, targets: tuple[Target, ...], name: str, app: str) -> str:
    """One line that says how a person starts the file `name` on each system it is for; layout app holds `app`."""
    ways: dict[str, list[str]] = {}
    for system, label in SYSTEM_NAMES.items():
        if any(target.system == system for target in targets):
            ways.setdefault(_start(system, layout, name, app), []).append(label)
    return "; ".join(f"{', '.join(labels)}: {way}" for way, labels in ways.items())


def disk_limits(layout: str, largest: int, tensor: int) -> tuple[str, ...]:
    """What holds on every system: where a file of `largest` bytes, with a tensor of `tensor` bytes, cannot lie."""
    if largest <= FAT32_FILE_MAXIMUM:
        return ()
    instead = "use exFAT"
    if layout in _AS_SCRIPT and tensor < SPLIT_SIZE:
        instead = "--layout pair --split-size 4GB"
    return (f"a disk with FAT32, such as many USB sticks, holds no file of 4 GiB or more: {instead}",)


def advise_system(
    system: str, layout: str, name: str, chosen: tuple[Target, ...], size: int, beside: tuple[str, ...]
) -> SystemAdvice:
    """What one system does with the file `name` of `size` bytes, with the files `beside` it."""
    inside = tuple(target.name for target in chosen if target.system == system)
    label = SYSTEM_NAMES[system]
    if not inside:
        return SystemAdvice(label, (), False, f"not at all: no program for {label} is inside", "none", ())
    notes = _NOTES[system](layout, name)
    if beside:
        notes = [f"{_some(beside)} must lie in the same folder", *notes]
    start = _start(system, layout, name, name.removesuffix(".zip"))
    return SystemAdvice(label, inside, True, start, _size_limit(system, layout, size), tuple(notes))


def _some(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _start(system: str, layout: str, name: str, app: str) -> str:
    """What a person does, on a system that the layout is for; layout app holds `app`, whatever its own name."""
    quoted = shlex.quote(name)
    if layout == registry.OCI:
        return f"podman load -i {quoted}, or another program for containers"
    if layout == registry.APP:
        return f"unpack {name}, then double click {app}"
    if system == targets.WINDOWS:
        return _start_on_windows(layout, name)
    return f"chmod +x {quoted}, then ./{quoted}" if layout == registry.NATIVE else f"sh {quoted} in a terminal"


def _start_on_windows(layout: str, name: str) -> str:
    endings = (".cmd", ".bat") if layout == registry.SCRIPT else (".exe",)
    if name.lower().endswith(endings):
        return f"double click {name}"
    return f"name it {name}{endings[0]}, then double click it"


def _size_limit(system: str, layout: str, size: int) -> str:
    if system != targets.WINDOWS:
        return "none"
    if layout == registry.SCRIPT:
        return "none: what Windows starts is the small program inside"
    return f"a program of less than 4 GiB, and this one has about {readable_size(size)}"


def _notes_for_linux(layout: str, name: str) -> list[str]:
    if layout == registry.NATIVE:
        return ["a double click starts it then too, in GNOME's Files, Thunar and PCManFM"]
    if layout not in _AS_SCRIPT:
        return []
    others = "; other programs can start it then too" if layout == registry.SCRIPT else ""
    return [f"after chmod +x, ./{shlex.quote(name)} does the same{others}"]


def _notes_for_windows(layout: str, _: str) -> list[str]:
    notes = ['a download that is not signed may bring up "Windows protected your PC": More info, then Run anyway']
    if layout == registry.SCRIPT:
        notes.insert(0, "the name must keep its ending .cmd")
        notes.append(r"the first start puts the program into %LOCALAPPDATA%\mkexe\run")
    return notes


def _notes_for_macos(layout: str, name: str) -> list[str]:
    what = name.removesuffix(".zip")
    notes = []
    if layout in _AS_SCRIPT:
        what = registry.command_name(name)
        notes = [f"a double click starts it under the name {what}, which build --names gives it, after chmod +x"]
    return [
        *notes,
        f"macOS refuses a downloaded {what} at first: System Settings, Privacy & Security, Open Anyway "
        "(before macOS 15: Control-click, Open)",
    ]


_NOTES: dict[str, Callable[[str, str], list[str]]] = {
    targets.LINUX: _notes_for_linux,
    targets.WINDOWS: _notes_for_windows,
    targets.MACOS: _notes_for_macos,
}


def names_of(targets: Iterable[str]) -> str:
    """Targets without their system: x86_64, aarch64."""
    return ", ".join(target.partition("-")[2] for target in targets)
