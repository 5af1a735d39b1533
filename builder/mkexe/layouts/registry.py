"""All layouts by name, and what can be asked of a name before it is known which one auto means."""

from __future__ import annotations

from mkexe.layouts.app import App
from mkexe.layouts.exe import Exe
from mkexe.layouts.layout import Layout
from mkexe.layouts.names import AUTO
from mkexe.layouts.native import Native
from mkexe.layouts.oci import Oci
from mkexe.layouts.pair import Pair
from mkexe.layouts.script import Script
from mkexe.runtimes.targets import Target

_ALL: tuple[Layout, ...] = (Exe(), Script(), Native(), Pair(), App(), Oci())
LAYOUTS = {layout.name: layout for layout in _ALL}


def packs_programs(name: str) -> bool:
    """Whether the layout `name`, which may be AUTO, packs its programs."""
    return name == AUTO or LAYOUTS[name].packs_programs


def has_script(name: str) -> bool:
    """Whether a shell starts a file of the layout `name`; a layout of a later mkexe is taken for one that does."""
    return name not in LAYOUTS or LAYOUTS[name].has_script


def holds_one_program(name: str) -> bool:
    """Whether the layout `name`, which may be AUTO, is for one system and one processor."""
    return name != AUTO and LAYOUTS[name].holds_one_program


def has_sidecars(name: str) -> bool:
    """Whether the layout `name`, which may be AUTO, puts the weights beside the file."""
    return name != AUTO and LAYOUTS[name].has_sidecars


def usual_targets(name: str, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets among `targets` that the layout `name`, which may be AUTO, can hold."""
    return targets if name == AUTO else LAYOUTS[name].usual_targets(targets)
