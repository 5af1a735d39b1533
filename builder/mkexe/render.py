"""Render templates: the launcher's script."""

from __future__ import annotations

import jinja2

from mkexe import resources
from mkexe.model import LauncherRow

PAGE_SIZE = 4096  # bytes; the block size that the script gives to dd


def render_launcher(rows: list[LauncherRow], names: list[str], windows: bool) -> bytes:
    """The script of an artifact's head. `names` are all its targets, `windows` whether a Windows runtime is inside."""
    environment = jinja2.Environment(  # noqa: S701  (a shell script, not HTML)
        loader=jinja2.FileSystemLoader(resources.source_root() / "templates" / "launcher"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    script = environment.get_template("head.sh.j2").render(
        rows=[_row(row) for row in rows],
        names=", ".join(names),
        windows=windows,
        megabytes=max((row.unpacked_size for row in rows), default=0) // 1_000_000 + 1,
    )
    return script.encode()


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
