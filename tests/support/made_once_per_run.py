"""What all workers of a run share (pytest-xdist): the first that needs it makes it, the others wait and take it."""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of this run, the same for all its workers."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """`folder`, which `make` fills, once: where it fails, it fails for all who ask, and is not tried again."""
    good, bad = folder.with_name(f"{folder.name}.good"), folder.with_name(f"{folder.name}.bad")
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if bad.exists():
            raise RuntimeError(f"{folder.name} could not be made by another worker:\n{bad.read_text()}")
        if not good.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                make(folder)
            except Exception:
                bad.write_text(traceback.format_exc())
                raise
            good.touch()
    return folder
