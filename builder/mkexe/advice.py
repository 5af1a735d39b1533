"""Say what will happen with a model: how it starts on each system, what limits its size, which memory it needs.

What is said of warnings is what the systems' makers document (Microsoft: "Microsoft Defender SmartScreen"; Apple
Developer News, August 2024: "Updates to runtime protection in macOS Sequoia"); it was not tried here.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mkexe import layouts
from mkexe.model import KvCache, Target

OVERHEAD_BYTES = 25_000_000
"""What a file of all five targets has beside its weights (docs/performance.md); with fewer targets it is less."""
FAT32_FILE_MAXIMUM = (4 << 30) - 1
"""Bytes: a file's size has 32 bits there (Microsoft's FAT specification, DIR_FileSize)."""
SPLIT_SIZE = 4 * 10**9
"""Bytes of the 4GB that --split-size is told to."""
LEAST_CONTEXT = 4096
"""Tokens: a context that nobody asked for is made no smaller than that (fit_params_min_ctx, common/common.h)."""
CONTEXT_STEP = 256
"""Tokens: a context is a multiple of it (llama_context's constructor, src/llama-context.cpp)."""
KEPT_CHATS_MAXIMUM = 8192 << 20
"""Bytes that earlier chats are kept ready in, unless --cache-ram says another size (cache_ram_mib, common/common.h)."""
SYSTEM_NAMES = {layouts.LINUX: "Linux", layouts.WINDOWS: "Windows", layouts.MACOS: "macOS"}
_AS_SCRIPT = (layouts.EXE, layouts.SCRIPT, layouts.PAIR)  # a shell starts these


@dataclass(frozen=True)
class Facts:
    """What is known before anything is built: sizes in bytes, `context_length` in tokens, the layout as chosen.

    `name` is the file that `mkexe build` would write; `weights` are the sizes of the model's files by the names that
    they get where the layout lays them beside it; `largest_tensor` is what cannot be cut. `cache` is None where it is
    not known.
    """

    name: str
    weights: dict[str, int]
    largest_tensor: int
    context_length: int
    cache: KvCache | None
    layout: layouts.Choice
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Context:
    """The memory for a chat of so many `tokens`: bytes of its `cache` alone, and the `total` with the weights."""

    tokens: int
    cache: int
    total: int


@dataclass(frozen=True)
class Memory:
    """What a model needs: bytes of `weights`, and `contexts` from small to large; none where a chat's is not known.

    Where it is not `exact`, a chat needs at most that.
    """

    weights: int
    contexts: tuple[Context, ...]
    exact: bool


@dataclass(frozen=True)
class SystemAdvice:
    """One system: what a person does to start the file, or why it does not start; what its size must not exceed."""

    system: str
    targets: tuple[str, ...]
    starts: bool
    start: str
    limit: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Advice:
    """All of it; `size` is about what the file would have, in bytes, `beside` are the files that belong to it."""

    file: str
    size: int
    layout: str
    reason: str
    beside: tuple[str, ...]
    memory: Memory
    limits: tuple[str, ...]
    systems: tuple[SystemAdvice, ...]


def advise(facts: Facts) -> Advice:
    """Describe what a build with these facts would be, and what it would do on each system."""
    layout = facts.layout.layout
    weights = sum(facts.weights.values())
    beside = facts.weights if layout == layouts.PAIR else {}
    size = OVERHEAD_BYTES + (0 if beside else weights)
    return Advice(
        file=facts.name,
        size=size,
        layout=layout,
        reason=facts.layout.reason,
        beside=tuple(beside),
        memory=memory_needed(weights, facts.context_length, facts.cache),
        limits=_disk_limits(layout, max([size, *beside.values()]), facts.largest_tensor),
        systems=tuple(_advise_system(system, facts, size, tuple(beside)) for system in SYSTEM_NAMES),
    )


def memory_needed(weights: int, context_length: int, cache: KvCache | None) -> Memory:
    """The memory for `weights` bytes and for a chat of LEAST_CONTEXT and of `context_length` tokens."""
    if cache is None:
        return Memory(weights, (), exact=False)
    tokens = sorted({min(LEAST_CONTEXT, context_length), context_length})
    sizes = [(count, -(-count // CONTEXT_STEP) * CONTEXT_STEP * cache.token_bytes) for count in tokens]
    return Memory(weights, tuple(Context(count, size, weights + size) for count, size in sizes), cache.exact)


def describe_memory(memory: Memory) -> list[str]:
    """A line for each context, the smallest first; what no figure says is in `memory_notes`."""
    if not memory.contexts:
        return [f"{readable_size(memory.weights)} for the weights; what a chat adds is not known for this architecture"]
    return [_describe_context(memory, context) for context in memory.contexts]


def memory_notes(memory: Memory) -> list[str]:
    """What the figures leave out, and what happens where memory is short (docs/starting.md)."""
    notes = [
        "working memory comes on top, and earlier chats are kept ready in up to "
        f"{readable_size(KEPT_CHATS_MAXIMUM)} more (--cache-ram 0 keeps none)",
        f"a computer with less than {readable_size(memory.weights)} of memory refuses to start it",
    ]
    if len(memory.contexts) > 1:
        notes.insert(0, "without --ctx-size it makes room for the longest chat that the free memory allows")
    return notes


def how_to_start(layout: str, targets: tuple[Target, ...], name: str, app: str) -> str:
    """One line that says how a person starts the file `name` on each system it is for; layout app holds `app`."""
    ways: dict[str, list[str]] = {}
    for system, label in SYSTEM_NAMES.items():
        if any(target.system == system for target in targets):
            ways.setdefault(_start(system, layout, name, app), []).append(label)
    return "; ".join(f"{', '.join(labels)}: {way}" for way, labels in ways.items())


def readable_size(size: int) -> str:
    """Bytes as people read them, in units of 1000."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.1f} kB"


def _describe_context(memory: Memory, context: Context) -> str:
    most = "" if memory.exact else "at most "
    return (
        f"about {readable_size(context.total)} with a chat of {context.tokens:,} tokens "
        f"(weights {readable_size(memory.weights)}, chat {most}{readable_size(context.cache)})"
    )


def _disk_limits(layout: str, largest: int, tensor: int) -> tuple[str, ...]:
    """What holds on every system: where a file of `largest` bytes, with a tensor of `tensor` bytes, cannot lie."""
    if largest <= FAT32_FILE_MAXIMUM:
        return ()
    instead = "use exFAT"
    if layout in _AS_SCRIPT and tensor < SPLIT_SIZE:
        instead = "--layout pair --split-size 4GB"
    return (f"a disk with FAT32, such as many USB sticks, holds no file of 4 GiB or more: {instead}",)


def _advise_system(system: str, facts: Facts, size: int, beside: tuple[str, ...]) -> SystemAdvice:
    inside = tuple(target.name for target in facts.targets if target.system == system)
    label, layout = SYSTEM_NAMES[system], facts.layout.layout
    if not inside:
        return SystemAdvice(label, (), False, f"not at all: no program for {label} is inside", "none", ())
    notes = _NOTES[system](layout, facts.name)
    if beside:
        notes = [f"{_some(beside)} must lie in the same folder", *notes]
    start = _start(system, layout, facts.name, facts.name.removesuffix(".zip"))
    return SystemAdvice(label, inside, True, start, _size_limit(system, layout, size), tuple(notes))


def _some(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _start(system: str, layout: str, name: str, app: str) -> str:
    """What a person does, on a system that the layout is for; layout app holds `app`, whatever its own name."""
    quoted = shlex.quote(name)
    if layout == layouts.OCI:
        return f"podman load -i {quoted}, or another program for containers"
    if layout == layouts.APP:
        return f"unpack {name}, then double click {app}"
    if system == layouts.WINDOWS:
        return _start_on_windows(layout, name)
    return f"chmod +x {quoted}, then ./{quoted}" if layout == layouts.NATIVE else f"sh {quoted} in a terminal"


def _start_on_windows(layout: str, name: str) -> str:
    endings = (".cmd", ".bat") if layout == layouts.SCRIPT else (".exe",)
    if name.lower().endswith(endings):
        return f"double click {name}"
    return f"name it {name}{endings[0]}, then double click it"


def _size_limit(system: str, layout: str, size: int) -> str:
    if system != layouts.WINDOWS:
        return "none"
    if layout == layouts.SCRIPT:
        return "none: what Windows starts is the small program inside"
    return f"a program of less than 4 GiB, and this one has about {readable_size(size)}"


def _notes_for_linux(layout: str, name: str) -> list[str]:
    if layout == layouts.NATIVE:
        return ["a double click starts it then too, in GNOME's Files, Thunar and PCManFM"]
    if layout not in _AS_SCRIPT:
        return []
    others = "; other programs can start it then too" if layout == layouts.SCRIPT else ""
    return [f"after chmod +x, ./{shlex.quote(name)} does the same{others}"]


def _notes_for_windows(layout: str, _: str) -> list[str]:
    notes = ['a download that is not signed may bring up "Windows protected your PC": More info, then Run anyway']
    if layout == layouts.SCRIPT:
        notes.insert(0, "the name must keep its ending .cmd")
        notes.append(r"the first start puts the program into %LOCALAPPDATA%\mkexe\run")
    return notes


def _notes_for_macos(layout: str, name: str) -> list[str]:
    what = name.removesuffix(".zip")
    notes = []
    if layout in _AS_SCRIPT:
        what = layouts.command_name(name)
        notes = [f"a double click starts it under the name {what}, which build --names gives it, after chmod +x"]
    return [
        *notes,
        f"macOS refuses a downloaded {what} at first: System Settings, Privacy & Security, Open Anyway "
        "(before macOS 15: Control-click, Open)",
    ]


_NOTES: dict[str, Callable[[str, str], list[str]]] = {
    layouts.LINUX: _notes_for_linux,
    layouts.WINDOWS: _notes_for_windows,
    layouts.MACOS: _notes_for_macos,
}


def names_of(targets: Iterable[str]) -> str:
    """Targets without their system: x86_64, aarch64."""
    return ", ".join(target.partition("-")[2] for target in targets)
