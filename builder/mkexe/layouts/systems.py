"""How a person starts a file on each system, and what limits its size there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mkexe.layouts.layout import SYSTEM_NAMES, Layout, ShellLayout
from mkexe.runtimes.targets import Target

FAT32_FILE_MAXIMUM = (4 << 30) - 1
"""Bytes: a file's size has 32 bits there (Microsoft's FAT specification, DIR_FileSize)."""
SPLIT_SIZE = 4 * 10**9
"""Bytes of the 4GB that --split-size is told to."""


@dataclass(frozen=True)
class SystemAdvice:
    """One system: what a person does to start the file, or why it does not start; what its size must not exceed."""

    system: str
    targets: tuple[str, ...]
    starts: bool
    start: str
    limit: str
    notes: tuple[str, ...]


def how_to_start(layout: Layout, targets: tuple[Target, ...], name: str, app: str) -> str:
    """One line that says how a person starts the file `name` on each system it is for; layout app holds `app`."""
    ways: dict[str, list[str]] = {}
    for system, label in SYSTEM_NAMES.items():
        if any(target.system == system for target in targets):
            ways.setdefault(layout.start(system, name, app), []).append(label)
    return "; ".join(f"{', '.join(labels)}: {way}" for way, labels in ways.items())


def disk_limits(layout: Layout, largest: int, tensor: int) -> tuple[str, ...]:
    """What holds on every system: where a file of `largest` bytes, with a tensor of `tensor` bytes, cannot lie."""
    if largest <= FAT32_FILE_MAXIMUM:
        return ()
    instead = "use exFAT"
    if isinstance(layout, ShellLayout) and tensor < SPLIT_SIZE:
        instead = "--layout pair --split-size 4GB"
    return (f"a disk with FAT32, such as many USB sticks, holds no file of 4 GiB or more: {instead}",)


def advise_system(
    system: str, layout: Layout, name: str, targets: tuple[Target, ...], size: int, beside: tuple[str, ...]
) -> SystemAdvice:
    """What one system does with the file `name` of `size` bytes, with the files `beside` it."""
    inside = tuple(target.name for target in targets if target.system == system)
    label = SYSTEM_NAMES[system]
    if not inside:
        return SystemAdvice(label, (), False, f"not at all: no program for {label} is inside", "none", ())
    notes = layout.notes(system, name)
    if beside:
        notes = [f"{_some(beside)} must lie in the same folder", *notes]
    start = layout.start(system, name, name.removesuffix(".zip"))
    return SystemAdvice(label, inside, True, start, layout.size_limit(system, size), tuple(notes))


def _some(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def names_of(targets: Iterable[str]) -> str:
    """Targets without their system: x86_64, aarch64."""
    return ", ".join(target.partition("-")[2] for target in targets)
