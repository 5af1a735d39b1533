"""The programs that compile: zig, CMake and Ninja, from their wheels."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from mkexe.base import cache
from mkexe.errors import ToolMissingError
from mkexe.runtimes import pins


def tools() -> dict[str, Path]:
    """Zig, CMake and Ninja from their wheels.

    Raises ToolMissingError if one is missing, or if zig does not have the pinned version.
    """
    hint = 'pip install "mkexe[compile]"'
    for module in ("ziglang", "cmake", "ninja"):
        if importlib.util.find_spec(module) is None:
            raise ToolMissingError(f"the Python package {module} is not installed; it is needed to compile", hint)
    found = importlib.metadata.version("ziglang")
    if found != pins.zig_version():
        raise ToolMissingError(f"ziglang is version {found}, expected {pins.zig_version()}", hint)
    import cmake
    import ninja
    import ziglang

    suffix = ".exe" if sys.platform == "win32" else ""
    return {
        "zig": _lasting_zig(Path(ziglang.__file__).parent) / f"zig{suffix}",
        "cmake": Path(cmake.CMAKE_BIN_DIR) / f"cmake{suffix}",
        "ninja": Path(ninja.BIN_DIR) / f"ninja{suffix}",
    }


def _lasting_zig(package: Path) -> Path:
    """A folder of zig in the cache, with hard links to the wheel's files if the file system allows.

    Zig and Ninja compile everything again if the compiler has another path, and virtual environments do not stay.
    """
    folder = cache.root() / f"zig-{pins.zig_version()}"
    with cache.locked("zig"):
        if not folder.is_dir():
            with cache.new_folder(folder) as temporary:
                shutil.copytree(package, temporary, copy_function=_link_or_copy, dirs_exist_ok=True)
    return folder


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
