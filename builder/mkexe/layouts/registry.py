"""All layouts, and which one a model gets where nobody chose."""

from __future__ import annotations

from dataclasses import dataclass

from mkexe.layouts.app import App
from mkexe.layouts.exe import Exe
from mkexe.layouts.layout import PROGRAM_SIZE_MAXIMUM, Layout, has_windows, too_large
from mkexe.layouts.names import AUTO, EXE, SCRIPT
from mkexe.layouts.native import Native
from mkexe.layouts.oci import Oci
from mkexe.layouts.pair import Pair
from mkexe.layouts.script import Script
from mkexe.runtimes.records import Target

_ALL: tuple[Layout, ...] = (Exe(), Script(), Native(), Pair(), App(), Oci())
LAYOUTS = {layout.name: layout for layout in _ALL}


@dataclass(frozen=True)
class Choice:
    """A layout, and a sentence that says why it was taken; empty where it is the usual one, or was asked for."""

    layout: Layout
    reason: str


def choose_layout(name: str, targets: tuple[Target, ...], weights: int, other: int) -> Choice:
    """What `name`, perhaps AUTO, means for these targets, `weights` bytes of models and about `other` bytes.

    Raises UsageError where that layout cannot hold them.
    """
    if name == AUTO:
        if not has_windows(targets):
            return Choice(LAYOUTS[SCRIPT], "")
        size = weights + other
        return Choice(LAYOUTS[EXE], "") if size <= PROGRAM_SIZE_MAXIMUM else Choice(LAYOUTS[SCRIPT], too_large(size))
    layout = LAYOUTS[name]
    layout.check(targets, other + (weights if layout.weights_inside else 0))
    return Choice(layout, "")


def packs_programs(name: str) -> bool:
    """Whether the layout `name`, perhaps AUTO, packs what it holds."""
    return name == AUTO or LAYOUTS[name].packs_programs


def holds_one_program(name: str) -> bool:
    """Whether the layout `name`, perhaps AUTO, is for one system and one processor."""
    return name != AUTO and LAYOUTS[name].holds_one_program


def has_sidecars(name: str) -> bool:
    """Whether the layout `name`, perhaps AUTO, lays the weights beside the file."""
    return name != AUTO and LAYOUTS[name].has_sidecars


def usual_targets(name: str, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Of `targets` those that the layout `name`, perhaps AUTO, can hold."""
    return targets if name == AUTO else LAYOUTS[name].usual_targets(targets)
