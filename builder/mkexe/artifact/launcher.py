"""Render the script in an artifact's head, from templates/launcher."""

from __future__ import annotations

from dataclasses import dataclass

import jinja2

from mkexe.base import resources

PAGE_SIZE = 4096  # bytes; the block size that the script gives to dd


@dataclass(frozen=True)
class LauncherRow:
    """One runtime that the head's script can unpack.

    Its unpacker is a gzip stream of `size` bytes at `offset`. The .xz stream of `pack_size` bytes at `pack_offset`
    contains the runtime: `unpacked_size` bytes from `pack_skip` in the unpacked data.
    """

    uname: tuple[str, str]
    offset: int
    size: int
    pack_offset: int
    pack_size: int
    pack_skip: int
    unpacked_size: int
    unpacked_sha256: str


@dataclass(frozen=True)
class StoredProgram:
    """The Windows program, stored without packing: an entry of `size` bytes at `offset`."""

    entry: str
    offset: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Launcher:
    """The values that the script in an artifact's head needs. `targets` are the names of all runtimes inside.

    `starts_on_windows` says that the artifact itself is a program for Windows. `windows` is the program that the
    script must extract on Windows, if any.
    """

    rows: tuple[LauncherRow, ...]
    targets: tuple[str, ...]
    starts_on_windows: bool
    windows: StoredProgram | None


def render_launcher(launcher: Launcher) -> bytes:
    """Return the script of an artifact's head."""
    environment = jinja2.Environment(  # noqa: S701  (shell scripts, not HTML)
        loader=jinja2.FileSystemLoader(resources.source_root() / "templates" / "launcher"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    shell = environment.get_template("head.sh.j2").render(
        rows=[_row(row) for row in launcher.rows],
        names=", ".join(launcher.targets),
        windows=launcher.starts_on_windows,
        megabytes=max((row.unpacked_size for row in launcher.rows), default=0) // 1_000_000 + 1,
    )
    if launcher.windows is None:
        return shell.encode()
    command = environment.get_template("head.cmd.j2").render(
        program=launcher.windows,
        hash=launcher.windows.sha256[:16],
        megabytes=launcher.windows.size // 1_000_000 + 1,
    )
    return (command + shell).encode()


def _row(row: LauncherRow) -> dict[str, object]:
    system, processors = row.uname
    return {
        "pattern": "|".join(f"{system}-{processor}" for processor in processors.split("|")),
        "page": row.offset // PAGE_SIZE,
        "pages": -(-row.size // PAGE_SIZE),
        "size": row.size,
        "pack_offset": row.pack_offset,
        "pack_size": row.pack_size,
        "pack_skip": row.pack_skip,
        "unpacked": row.unpacked_size,
        "hash": row.unpacked_sha256[:16],
    }
