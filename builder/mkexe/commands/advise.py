"""Say what will happen with a model: how it starts on each system, what limits its size, which memory it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mkexe.base.reporter import Reporter
from mkexe.commands.model_input import checked_name, name_of, read_projector
from mkexe.commands.shape import choose_layout
from mkexe.commands.trial import Trial, say_untried, try_model
from mkexe.layouts import registry
from mkexe.layouts.systems import SYSTEM_NAMES, SystemAdvice, advise_system, disk_limits
from mkexe.models.memory import Memory, memory_needed
from mkexe.models.records import KvCache
from mkexe.runtimes import targets
from mkexe.runtimes.records import Target

OVERHEAD_BYTES = 25_000_000
"""What a file of all five targets has beside its weights (docs/performance.md); with fewer targets it is less."""


@dataclass(frozen=True)
class AdviceRequest:
    """What `mkexe advise` was asked for; no `targets` mean all that the layout can hold."""

    model: Path
    layout: str
    targets: tuple[str, ...]
    projector: Path | None = None


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
    layout: registry.Choice
    targets: tuple[Target, ...]


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


def advise(request: AdviceRequest, reporter: Reporter) -> Advice:
    """Say what a build would be and what it would do on each system; nothing is compiled and nothing written.

    Raises ModelError and UsageError as a build would.
    """
    from mkexe.models.gguf.file import check_model
    from mkexe.models.gguf.kv_cache import read_kv_cache  # gguf comes with it: slow to import

    checked = check_model(request.model)
    name = checked_name(name_of(request.model), "rename the model's file, or let `mkexe build --name` choose another")
    table = targets.all_targets()
    usual = ["host"] if request.layout == registry.NATIVE else registry.usual_targets(request.layout, table, table)
    chosen = tuple(table[target] for target in targets.choose_targets(list(request.targets) or usual))
    sizes = [header.size_bytes for header in checked.headers]
    weights = {registry.beside_name(name, i + 1, len(sizes)): size for i, size in enumerate(sizes)}
    projector = None if request.projector is None else read_projector(request.projector, checked, ())
    if projector is not None:
        weights[registry.projector_name(name)] = projector.part.size_bytes
    choice = choose_layout(request.layout, chosen, sum(weights.values()), OVERHEAD_BYTES)
    if not try_model(Trial(checked, projector, ()), reporter):
        say_untried((), reporter)
    return _describe(
        Facts(
            name=registry.file_name(name, choice.layout, chosen),
            weights=weights,
            largest_tensor=max(tensor.size_bytes for header in checked.headers for tensor in header.tensors),
            context_length=checked.header.context_length,
            cache=read_kv_cache(checked.header),
            layout=choice,
            targets=chosen,
        )
    )


def _describe(facts: Facts) -> Advice:
    """Describe what a build with these facts would be, and what it would do on each system."""
    layout = facts.layout.layout
    weights = sum(facts.weights.values())
    beside = facts.weights if layout == registry.PAIR else {}
    size = OVERHEAD_BYTES + (0 if beside else weights)
    return Advice(
        file=facts.name,
        size=size,
        layout=layout,
        reason=facts.layout.reason,
        beside=tuple(beside),
        memory=memory_needed(weights, facts.context_length, facts.cache),
        limits=disk_limits(layout, max([size, *beside.values()]), facts.largest_tensor),
        systems=tuple(
            advise_system(system, facts.layout.layout, facts.name, facts.targets, size, tuple(beside))
            for system in SYSTEM_NAMES
        ),
    )
