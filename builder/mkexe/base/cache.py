"""The cache folder: results of earlier compiling, downloading and building.

`MKEXE_CACHE` names it; otherwise it is `mkexe` in `XDG_CACHE_HOME`, `~/.cache` or, on Windows, `%LOCALAPPDATA%`.

    downloads/   pinned inputs, as downloaded
    source/      llama.cpp, unpacked and patched; by commit
    zig-VERSION/ the compiler, under a path that outlives the virtual environment it came in
    build/       build trees, one per target and source; only changed files compile again
    runtimes/    finished runtimes; by target and key
    packs/       the runtimes of one processor, packed; by their hashes
    page/        built pages; by key
    weights/     hashes of bundled GGUF files; by the result of stat(2)
    zig/         zig's own cache: its C and C++ libraries and compiled objects
    logs/        the compilers' output; by target and key

Only the newest runtimes, packs, pages and logs stay (`keep_newest`), so that updates do not fill the disk. You may
remove the whole folder whenever no build is running.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

KEY_DIGITS = 16
_RECORDS = 2000
KEPT = 4  # items that differ only in their key; several, because several checkouts may share the folder


def root() -> Path:
    """The cache folder; created if it is missing."""
    named = os.environ.get("MKEXE_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or str(Path.home() / ".cache")
    path = Path(named) if named else Path(base) / "mkexe"
    path.mkdir(parents=True, exist_ok=True)
    return path


def key_of(facts: dict[str, Any]) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of `facts` as canonical JSON."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]


def hash_tree(base: Path, *parts: str) -> dict[str, str]:
    """SHA-256 of every file at or below `parts`, by its path relative to `base`, with `/` between the names."""
    files = [file for part in parts for file in _files(base / part)]
    return {file.relative_to(base).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of this name, so that two builds never write the same folder."""
    folder = root() / "locks"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / f"{name}.lock"):
        yield


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that becomes `path` if the block ends without an error, and is removed otherwise."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        shutil.rmtree(path, ignore_errors=True)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary file that becomes `path` if the block ends without an error, and is removed otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def keep_newest(folder: Path, pattern: str, count: int = KEPT) -> None:
    """Remove all but the newest `count` files or folders that match, and temporary ones that killed builds left.

    If something cannot be removed, the next call tries again.
    """
    found = [path for path in folder.glob(pattern) if not path.name.startswith(".")]
    old = sorted(found, key=_modified, reverse=True)[count:]
    left = [path for path in folder.glob(f".{pattern}") if not _is_alive(path.suffix[1:])]
    for path in [*old, *left]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def _modified(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0


def _is_alive(number: str) -> bool:
    """Whether a process has this number; True if the system does not say."""
    if not number.isdigit() or os.name == "nt":
        return True
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def hash_bytes(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remember(kind: str, facts: dict[str, Any], record: dict[str, Any]) -> None:
    """Store a small record under `facts`; does nothing if the cache cannot be written."""
    path = _record_path(kind, facts)
    with contextlib.suppress(OSError), new_file(path) as temporary:
        temporary.write_text(json.dumps(record), "utf-8")
        keep_newest(path.parent, "*.json", _RECORDS)


def recall(kind: str, facts: dict[str, Any]) -> dict[str, Any] | None:
    """The record that is stored under `facts`; None if there is none, or if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        record = json.loads(_record_path(kind, facts).read_text("utf-8"))
        return record if isinstance(record, dict) else None
    return None


def _record_path(kind: str, facts: dict[str, Any]) -> Path:
    return root() / kind / f"{key_of(facts)}.json"
