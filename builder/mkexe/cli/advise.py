"""`mkexe advise`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from mkexe.cli import console
from mkexe.cli.parameters import Json, ModelFile, from_table

if TYPE_CHECKING:
    from mkexe.commands.advise import Advice

EXAMPLES = (
    "mkexe advise model.gguf",
    "mkexe advise model.gguf --layout pair --target windows-x86_64",
)


@from_table(
    "build.mmproj",
    "build.layout",
    "build.targets",
    target="A system that the file runs on, or host. Default: all.",
)
def run(
    model: ModelFile,
    json: Json = False,
    *,
    mmproj: str | None,
    layout: str | None,
    target: list[str] | None,
) -> None:  # fmt: skip
    """Say how a model will run on each system. Nothing is built."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands import advise
    from mkexe.config.value_kinds import checked_layout
    from mkexe.layouts.names import AUTO

    shape = checked_layout(layout or AUTO, "--layout")
    projector = Path(mmproj) if mmproj else None
    found = advise.advise(advise.AdviceRequest(model, shape, tuple(target or ()), projector), TerminalReporter())
    if json:
        console.result_json(dataclasses.asdict(found))
    else:
        _show(found)


def _show(found: Advice) -> None:
    from mkexe.layouts import systems

    _show_facts(found)
    for system in found.systems:
        console.result("")
        console.result(f"{system.system} ({systems.names_of(system.targets)})" if system.starts else system.system)
        rows = [("  start", system.start)]
        if system.starts:
            rows += [("  size limit", system.limit), *(("  note", note) for note in system.notes)]
        console.table(("", ""), rows)


def _show_facts(found: Advice) -> None:
    """What is the same on every system."""
    from mkexe.base.units import readable_size
    from mkexe.models import memory

    rows = [
        ("file", f"{found.file}, about {readable_size(found.size)}"),
        *(("beside it", name) for name in found.beside),
        ("layout", found.layout + (f": {found.reason}" if found.reason else "")),
        *(("size limit", limit) for limit in found.limits),
        *(("memory", line) for line in memory.describe_memory(found.memory)),
        *(("note", note) for note in memory.memory_notes(found.memory)),
    ]
    console.table(("", ""), rows)
