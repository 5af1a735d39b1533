"""The libraries that are linked into runtimes: one table for the licence texts and for the bill of materials."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mkexe.base import resources
from mkexe.errors import CompileError
from mkexe.runtimes import targets

LLAMA, ZIG = "llama.cpp", "zig"  # the other components come with these two
_OWN_LICENSE_FILE = "LICENSE"  # of these two


@dataclass(frozen=True)
class LinkedPart:
    """One row of builder/mkexe/data/components.toml, which explains the fields."""

    name: str
    version: str
    license: str
    license_file: str
    purl: str
    tree: str
    file: str
    pattern: str
    systems: tuple[str, ...]


@functools.cache
def linked_parts() -> tuple[LinkedPart, ...]:
    """The libraries that are linked into runtimes, besides mkexe and llama.cpp."""
    table = tomllib.loads(resources.data_file("components.toml").read_text("utf-8"))
    everywhere = sorted({target.system for target in targets.all_targets().values()})
    return tuple(LinkedPart(**{**row, "systems": tuple(row.get("systems", everywhere))}) for row in table["component"])


def license_texts(llama: Path, zig: Path) -> str:
    """The licences of everything that is linked into a runtime. `llama` and `zig` are the folders of the two.

    Raises CompileError if a text is not at the place that the table names.
    """
    trees = {LLAMA: llama, ZIG: zig}
    whole = [part for part in linked_parts() if not _is_header(part)]
    rows = []
    for tree, folder in trees.items():
        rows.append((tree, folder / _OWN_LICENSE_FILE))
        rows += [(_heading(part), folder / part.license_file) for part in whole if part.tree == tree]
    texts = [(heading, _read(file)) for heading, file in rows]
    headers = [part for part in linked_parts() if _is_header(part)]
    texts += [(_heading(part), _license_comment(trees[part.tree] / part.license_file)) for part in headers]
    return "\n".join(f"{heading}\n{'=' * len(heading)}\n\n{text}\n" for heading, text in texts)


def _is_header(part: LinkedPart) -> bool:
    return part.license_file.endswith(".h")


def _heading(part: LinkedPart) -> str:
    return f"{part.name} ({part.systems[0]})" if len(part.systems) == 1 else part.name


def _read(file: Path) -> str:
    if not file.is_file():
        raise CompileError(
            f"no licence text at {file}", "native/pins.toml names versions that differ from the installed ones"
        )
    return file.read_text("utf-8")


def _license_comment(header: Path) -> str:
    """The comment with the licence, from the header of a one-file library."""
    comments = re.findall(r"/\*(.*?)\*/", _read(header), re.DOTALL)
    found = [comment for comment in comments if "free and unencumbered software" in comment]
    if not found:
        raise CompileError(f"no licence text in {header}", "find the place where this version states its licence")
    return str(found[-1]).strip()
