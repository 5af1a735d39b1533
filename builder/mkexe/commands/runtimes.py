"""Copy runtimes and the page for a wheel."""

from __future__ import annotations

from pathlib import Path

from mkexe.base import atomic_files
from mkexe.base.reporter import Reporter
from mkexe.page.page_folder import page_folder
from mkexe.runtimes.runtime import Runtime


def copy_for_bundling(runtime: Runtime, folder: Path, reporter: Reporter) -> None:
    """Copy a runtime to `folder`/runtimes/TARGET and the page to `folder`/page, as a wheel contains them."""
    atomic_files.copy_folder(runtime.path.parent, folder / "runtimes" / runtime.target)
    atomic_files.copy_folder(page_folder(reporter), folder / "page")
