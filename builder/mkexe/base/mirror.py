"""Copy files if their content differs. Other files keep their modification time."""

from __future__ import annotations

import shutil
from pathlib import Path

from mkexe.base import cache


def mirror(root: Path, tree: Path, *parts: str) -> None:
    """Make `tree` a copy of these parts of `root`, without other files. Changes only files that differ."""
    wanted = cache.hash_tree(root, *parts)
    present = cache.hash_tree(tree, ".") if tree.is_dir() else {}
    for name in present.keys() - wanted.keys():
        (tree / name).unlink()
    copy_changed(root, tree, wanted)


def copy_changed(root: Path, tree: Path, wanted: dict[str, str]) -> None:
    """Copy the files whose SHA-256 in `tree` is not the wanted one; others keep their modification time."""
    for name, digest in wanted.items():
        file = tree / name
        if not file.is_file() or cache.hash_file(file) != digest:
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, file)
