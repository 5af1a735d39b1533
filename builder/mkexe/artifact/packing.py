"""Pack the Unix runtimes into .xz streams (docs/FORMAT.md, "Packed runtimes").

Runtimes for one processor share a stream: their code is similar on every system, so one stream is smaller than two.
Packing takes seconds and depends only on the executables, so the cache keeps the packed streams.
"""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact import xz
from mkexe.base import cache
from mkexe.base.reporter import Reporter
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target

_REVISION = 2  # increase this by hand when the bytes of a stream change
_ALIGNMENT = 4096  # so that a page's address is the same in each runtime (mkexe.artifact.xz)


@dataclass(frozen=True)
class Pack:
    """Runtimes in one stream. `entry` is its name in the artifact; `offsets` count bytes in the unpacked data."""

    entry: str
    path: Path
    offsets: dict[str, int]


def pack_runtimes(runtimes: tuple[tuple[Target, Runtime], ...], reporter: Reporter) -> tuple[Pack, ...]:
    """Pack one stream for each processor, in the order of the runtimes. The Windows program is not packed.

    `reporter` gets a line before a wait of some seconds.
    """
    groups: dict[str, list[tuple[Target, Runtime]]] = {}
    for target, runtime in runtimes:
        if runtime.unpacker is not None:
            groups.setdefault(target.processor, []).append((target, runtime))
    missing = [name for name, members in groups.items() if not _is_there(_path(name, members))]
    if missing:
        reporter.say("packing the programs, once")
        with cache.locked("packs"), ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: _pack(name, groups[name]), missing))
    return tuple(_describe(name, members) for name, members in groups.items())


def _is_there(path: Path) -> bool:
    """Whether a pack exists. This also makes it the newest file, so that the cache does not remove it."""
    with contextlib.suppress(OSError):
        os.utime(path)
    return path.is_file()


def _pack(processor: str, members: list[tuple[Target, Runtime]]) -> None:
    path = _path(processor, members)
    if path.is_file():
        return
    images = b"".join(_padded(runtime.path.read_bytes()) for _, runtime in members)
    with cache.new_file(path) as temporary:
        temporary.write_bytes(xz.compress(images, processor))
    cache.keep_newest(path.parent, f"{processor}-*")


def _padded(image: bytes) -> bytes:
    return image + bytes(-len(image) % _ALIGNMENT)


def _path(processor: str, members: list[tuple[Target, Runtime]]) -> Path:
    facts = {"runtimes": [runtime.sha256 for _, runtime in members], "revision": _REVISION}
    return cache.root() / "packs" / f"{processor}-{cache.key_of(facts)}.xz"


def _describe(processor: str, members: list[tuple[Target, Runtime]]) -> Pack:
    offsets = {}
    end = 0
    for target, runtime in members:
        offsets[target.name] = end
        end += runtime.size_bytes + -runtime.size_bytes % _ALIGNMENT
    return Pack(f"runtimes/{processor}.xz", _path(processor, members), offsets)
