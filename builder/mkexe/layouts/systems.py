"""How a person starts a file on each system, and what limits its size there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mkexe.layouts.layout import SYSTEM_NAMES, Layout, ShellLayout
from mkexe.runtimes.targets import Target

FAT32_FILE_MAXIMUM = (4 << 30) - 1
"""Bytes: FAT32 stores a file's size in 32 bits (Microsoft's FAT specification, DIR_FileSize)."""
SPLIT_SIZE = 4 * 10**9
"""Bytes: the 4GB of the advice to use --split-size 4GB."""


@dataclass(frozen=True)
class SystemAdvice:
    """How to start the file on one system, or why it does not start, and the limit of its size."""

    system: str
    targets: tuple[str, ...]
    starts: bool
    start: str
    limit: str
    notes: tuple[str, ...]


def how_to_start(layout: Layout, targets: tuple[Target, ...], name: str, app: str) -> str:
    """One line on how to start the file `name` on each of its systems; `app` is the name inside layout app."""
    ways: dict[str, list[str]] = {}
    for system, label in SYSTEM_NAMES.items():
        if any(target.system == system for target in targets):
            ways.setdefault(layout.start(system, name, app), []).append(label)
    return "; ".join(f"{', '.join(labels)}: {way}" for way, labels in ways.items())


def disk_limits(layout: Layout, largest: int, tensor: int) -> tuple[str, ...]:
    """Disks that cannot hold a file of `largest` bytes whose largest tensor has `tensor` bytes."""
    if largest <= FAT32_FILE_MAXIMUM:
        return ()
    instead = "use exFAT"
    if isinstance(layout, ShellLayout) and tensor < SPLIT_SIZE:
        instead = "--layout pair --split-size 4GB"
    return (f"a disk with FAT32, such as many USB sticks, cannot hold a file of 4 GiB or more: {instead}",)


def advise_system(
    system: str, layout: Layout, name: str, targets: tuple[Target, ...], size: int, beside: tuple[str, ...]
) -> SystemAdvice:
    """The advice on one system for the file `name` of `size` bytes, with its sidecars `beside`."""
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
    """The processors of targets, separated by commas: x86_64, aarch64."""
    return ", ".join(target.partition("-")[2] for target in targets)
