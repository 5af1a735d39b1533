"""The small entries of an artifact: the page and the licences, as the artifact stores them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from mkexe.base import resources
from mkexe.page.branding import SETTINGS_FILE
from mkexe.page.bundle import SERVICE_WORKER
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.store import LICENSES


def small_files(page: Mapping[str, bytes], runtime: Runtime) -> dict[str, bytes]:
    """The files of the page and the licences, sorted by entry name; `runtime` has the licences of all runtimes."""
    with ThreadPoolExecutor() as pool:
        files = dict(pool.map(_stored, page.keys(), page.values()))
    files["licenses/mkexe.txt"] = (resources.source_root() / "LICENSE").read_bytes()
    files["licenses/runtime.txt"] = (runtime.path.parent / LICENSES).read_bytes()
    return dict(sorted(files.items()))


def _stored(name: str, data: bytes) -> tuple[str, bytes]:
    """The name of the entry for a file of the page, and the bytes to store.

    The bytes are gzip, and the name ends in .gz, with three exceptions: files that other programs read; the page's
    settings, which people read with any ZIP tool; and sw.js, because llama.cpp's server, which tells browsers not to
    cache it, ignores its compression.
    """
    entry = f"page/{name}"
    if name.endswith((".html", ".txt", ".png")) or name in (SETTINGS_FILE, SERVICE_WORKER):
        return entry, data
    packed = gzip.compress(data, 9, mtime=0)
    return (f"{entry}.gz", packed) if len(packed) < len(data) else (entry, data)
