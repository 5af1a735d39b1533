"""Find the files that are not Python: build files, runtime sources, templates, bundled runtimes."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def source_root() -> Path:
    """The folder that holds CMakeLists.txt, runtime/, native/ and templates/.

    In an installed package this is `_sources` inside the package; in a checkout it is the repository.
    """
    installed = _PACKAGE / "_sources"
    return installed if installed.is_dir() else _PACKAGE.parent.parent


def bundled_runtimes() -> Path:
    """The folder of the runtimes that came with the wheel; it need not exist."""
    return _PACKAGE / "_runtimes"


def bundled_page() -> Path:
    """The folder of the built page that came with the wheel; it need not exist."""
    return _PACKAGE / "_page"


def data_file(name: str) -> Path:
    """A file of builder/mkexe/data."""
    return _PACKAGE / "data" / name
