"""What another user of the machine may have put where a program of ours keeps its files."""

from __future__ import annotations

from pathlib import Path


def plant_folder(folder: Path, how: str) -> None:
    """Make `folder` as a stranger would: as a "link" to a folder of theirs, or "writable" for everybody."""
    folder.parent.mkdir(parents=True)
    if how == "link":
        planted = folder.parent / "planted"
        planted.mkdir()
        folder.symlink_to(planted)
    else:
        folder.mkdir()
        folder.chmod(0o777)
