"""Predict how a model will run: how it starts on each system, what limits its size, how much memory it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mkexe.base.reporter import Reporter
from mkexe.layouts.layout import SYSTEM_NAMES
from mkexe.layouts.layout_choice import Choice, choose_layout
from mkexe.layouts.registry import holds_one_program, usual_targets
from mkexe.layouts.sidecar import sidecar_names
from mkexe.layouts.systems import SystemAdvice, advise_system, disk_limits
from mkexe.models.memory import KvCache, Memory, memory_needed
from mkexe.models.reading import checked_name, name_of, read_models
from mkexe.runtimes import targets
from mkexe.runtimes.targets import Target
from mkexe.trial.try_model import Trial, say_untried, try_model

OVERHEAD_BYTES = 25_000_000
"""The bytes that a file for all five targets adds to the weights (docs/performance.md); fewer targets add less."""


@dataclass(frozen=True)
class AdviceRequest:
    """The arguments of `mkexe advise`; empty `targets` mean all that the layout can hold."""

    model: Path
    layout: str
    targets: tuple[str, ...]
    projector: Path | None = None


@dataclass(frozen=True)
class Facts:
    """The facts before a build: sizes in bytes, `context_length` in tokens, and the chosen layout.

    `name` is the file that `mkexe build` would write. `weights` has the sizes of the model's files, by the names that
    they get as sidecars. A tensor cannot be split, so `largest_tensor` limits the size of
    shards. `cache` is None if it is not known.
    """

    name: str
    weights: dict[str, int]
    largest_tensor: int
    context_length: int
    cache: KvCache | None
    choice: Choice
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Advice:
    """The result. `size` is the file's approximate size in bytes; `beside` are the files that belong to it."""

    file: str
    size: int
    layout: str
    reason: str
    beside: tuple[str, ...]
    memory: Memory
    limits: tuple[str, ...]
    systems: tuple[SystemAdvice, ...]


def advise(request: AdviceRequest, reporter: Reporter) -> Advice:
    """Describe what a build would write and how it would run on each system. Compiles and writes nothing.

    Raises ModelError and UsageError as a build does.
    """
    from mkexe.models.gguf.check import check_model
    from mkexe.models.gguf.kv_cache import read_kv_cache  # gguf comes with it: slow to import

    checked = check_model(request.model)
    name = checked_name(
        name_of(request.model), "rename the model's file, or choose another name with `mkexe build --name`"
    )
    table = targets.all_targets()
    usual = [target.name for target in usual_targets(request.layout, tuple(table.values()))]
    names = list(request.targets) or (["host"] if holds_one_program(request.layout) else usual)
    chosen = tuple(table[target] for target in targets.choose_targets(names))
    models = read_models(checked, name, request.projector)
    choice = choose_layout(request.layout, chosen, models.size_bytes, OVERHEAD_BYTES)
    if not try_model(Trial(checked, models, ()), reporter):
        say_untried((), reporter)
    return _describe(
        Facts(
            name=choice.layout.file_name(name, chosen),
            weights=dict(zip(sidecar_names(name, models), (file.size_bytes for file in models.files), strict=True)),
            largest_tensor=max(tensor.size_bytes for header in checked.headers for tensor in header.tensors),
            context_length=checked.header.context_length,
            cache=read_kv_cache(checked.header),
            choice=choice,
            targets=chosen,
        )
    )


def _describe(facts: Facts) -> Advice:
    """Describe what a build with these facts would write, and how it would run on each system."""
    layout = facts.choice.layout
    weights = sum(facts.weights.values())
    beside = facts.weights if layout.has_sidecars else {}
    size = OVERHEAD_BYTES + (0 if beside else weights)
    return Advice(
        file=facts.name,
        size=size,
        layout=layout.name,
        reason=facts.choice.reason,
        beside=tuple(beside),
        memory=memory_needed(weights, facts.context_length, facts.cache),
        limits=disk_limits(layout, max([size, *beside.values()]), facts.largest_tensor),
        systems=tuple(
            advise_system(system, layout, facts.name, facts.targets, size, tuple(beside)) for system in SYSTEM_NAMES
        ),
    )
