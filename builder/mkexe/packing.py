"""Pack the Unix runtimes into .xz streams (docs/FORMAT.md, "Packed runtimes").

Runtimes for one processor share a stream: their code is much alike, whatever the system, and takes less room together.
Packing takes seconds and needs nothing but the executables, so what was packed is kept in the cache.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mkexe import cache
from mkexe.model import Pack, Runtime, Target

# xz reaches back over all runtimes of a processor, and unpacking needs as much memory as what is unpacked
_DICTIONARY_SIZE = 64 << 20  # bytes
_X86_PROCESSOR = "x86_64"


def pack_runtimes(runtimes: tuple[tuple[Target, Runtime], ...], say: Callable[[str], None]) -> tuple[Pack, ...]:
    """One stream for each processor, in the order of the runtimes; Windows' program starts in place, so it is in none.

    `say` gets a line before a wait of some seconds.
    """
    groups: dict[str, list[tuple[Target, Runtime]]] = {}
    for target, runtime in runtimes:
        if runtime.unpacker is not None:
            groups.setdefault(target.processor, []).append((target, runtime))
    missing = [name for name, members in groups.items() if not _path(name, members).is_file()]
    if missing:
        say("packing the programs, once")
        with cache.locked("packs"), ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: _pack(name, groups[name]), missing))
    return tuple(_describe(name, members) for name, members in groups.items())


def _pack(processor: str, members: list[tuple[Target, Runtime]]) -> None:
    path = _path(processor, members)
    if path.is_file():
        return
    images = b"".join(runtime.path.read_bytes() for _, runtime in members)
    with cache.new_file(path) as temporary:
        temporary.write_bytes(
            lzma.compress(images, lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=_filters(processor))
        )


def _filters(processor: str) -> list[dict[str, Any]]:
    """What was best of the settings that were tried (docs/decisions/0004-packed-runtimes.md)."""
    if processor == _X86_PROCESSOR:
        return [{"id": lzma.FILTER_X86}, _lzma2()]
    # instructions are four bytes wide
    return [_lzma2(lc=2, lp=2, pb=2)]


def _lzma2(**more: int) -> dict[str, Any]:
    preset = 9 | lzma.PRESET_EXTREME
    return {"id": lzma.FILTER_LZMA2, "preset": preset, "dict_size": _DICTIONARY_SIZE, **more}


def _path(processor: str, members: list[tuple[Target, Runtime]]) -> Path:
    facts = {"runtimes": [runtime.sha256 for _, runtime in members], "filters": _filters(processor)}
    return cache.root() / "packs" / f"{processor}-{cache.key_of(facts)}.xz"


def _describe(processor: str, members: list[tuple[Target, Runtime]]) -> Pack:
    offsets = {}
    end = 0
    for target, runtime in members:
        offsets[target.name] = end
        end += runtime.size_bytes
    return Pack(f"runtimes/{processor}.xz", _path(processor, members), offsets)
