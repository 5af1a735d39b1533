"""Render templates: the script in an artifact's head, and the recipes for release pipelines."""

from __future__ import annotations

import jinja2

from mkexe import resources, targets
from mkexe.model import Launcher, LauncherRow

PAGE_SIZE = 4096  # bytes; the block size that the script gives to dd


def render_launcher(launcher: Launcher) -> bytes:
    """The script of an artifact's head."""
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


def render_recipe(name: str) -> str:
    """The recipe `name`, from templates/recipes; its delimiters leave GitHub's own `${{ }}` alone."""
    environment = jinja2.Environment(  # noqa: S701  (YAML, not HTML)
        loader=jinja2.FileSystemLoader(resources.source_root() / "templates" / "recipes"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<%=",
        variable_end_string="%>",
        comment_start_string="<%#",
        comment_end_string="%>",
    )
    return environment.get_template(f"{name}.j2").render(targets=list(targets.all_targets().values()))


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
