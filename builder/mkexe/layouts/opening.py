"""Open the input of `mkexe convert`: an artifact, or the artifacts inside a macOS app or a container image.

Artifacts inside a container are small, because their weights lie beside them. They are extracted into a folder; the
weights stay where they are.
"""

from __future__ import annotations

import stat
from pathlib import Path

from mkexe.artifact.reader import open_artifact
from mkexe.artifact.superblock import DAMAGED_HINT
from mkexe.base.bounded_read import reason
from mkexe.errors import ArtifactError
from mkexe.layouts.opened_file import UNREADABLE, Package
from mkexe.layouts.registry import LAYOUTS

_HEAD_SIZE = 512  # bytes; one block of a tar file


def open_package(path: Path, folder: Path) -> Package:
    """Open an artifact, an app (NAME.app, or its ZIP) or an OCI image layout (a tar file). Extracts into `folder`.

    Raises ArtifactError if it is none of these, is damaged, or has compressed weights, and OutputError if `folder` is
    full.
    """
    try:
        kind = path.stat().st_mode
        head = b""
        if not stat.S_ISDIR(kind):
            if not stat.S_ISREG(kind):  # reading a pipe would wait for ever
                raise ArtifactError(f"{path}: is not an ordinary file", "name a file that mkexe made")
            with path.open("rb") as file:
                head = file.read(_HEAD_SIZE)
        for layout in LAYOUTS.values():
            if layout.wraps(stat.S_ISDIR(kind), head):
                return layout.unwrap(path, folder)
    except OSError as error:
        raise ArtifactError(f"{path}: {reason(error)}", "check the path") from error
    except UNREADABLE as error:
        raise ArtifactError(f"{path}: cannot be read: {error}", DAMAGED_HINT) from error
    return Package((open_artifact(path),), {})
