"""What several commands print."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from mkexe.base.units import readable_size
from mkexe.cli import console

if TYPE_CHECKING:
    from mkexe.layouts.deliver import Built


def show_built(built: Built, with_checksum: bool, as_json: bool) -> None:
    """What was written, and how to start it."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.layouts import built_file
    from mkexe.models import memory

    built = built_file.add_checksum(built, TerminalReporter()) if with_checksum else built
    overhead = built.size - (0 if built.beside else built.weights)
    start = built_file.how_to_start(built)
    if as_json:
        console.result_json(
            {
                "path": str(built.path), "layout": built.layout, "size": built.size, "weights": built.weights,
                "overhead": overhead, "sha256": built.sha256 or None, "targets": list(built.targets),
                "beside": [str(path) for path in built.beside],
                "other_names": [str(path) for path in built.other_names], "start": start,
                "memory": dataclasses.asdict(built.memory) if built.memory else None,
            }
        )  # fmt: skip
        return
    rows = [
        ("file", str(built.path)),
        ("layout", built.layout),
        ("size", readable_size(built.size)),
        ("weights", readable_size(built.weights)),
        ("overhead", readable_size(overhead)),
        ("runs on", ", ".join(built.targets)),
    ]
    rows += [("sha256", built.sha256)] if built.sha256 else []
    rows += [("beside it", str(path)) for path in built.beside]
    rows += [("other name", str(path)) for path in built.other_names]
    rows.append(("start", start))
    if built.memory is not None:
        rows.append(("memory", memory.describe_memory(built.memory)[0]))
    console.table(("", ""), rows)
