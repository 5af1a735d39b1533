"""Choose the layout, and split the weights into files if that was asked for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from mkexe.artifact.packing import Pack
from mkexe.base.reporter import Reporter
from mkexe.errors import UsageError
from mkexe.layouts.layout import PROGRAM_SIZE_MAXIMUM, Layout, has_windows, too_large
from mkexe.layouts.names import AUTO, EXE, SCRIPT
from mkexe.layouts.registry import LAYOUTS, has_sidecars
from mkexe.models.model_set import ModelSet
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import WINDOWS, Target


def check_split_size(layout: str, maximum: int | None) -> None:
    """Raise UsageError if --split-size was given for a layout without sidecars."""
    if maximum is not None and not has_sidecars(layout):
        message = f"--split-size is for layout pair, and this is layout {layout}"
        raise UsageError(message, "add --layout pair, or leave it out")


def cut_models(models: ModelSet, maximum: int | None) -> ModelSet:
    """The models, with the text model in files of at most `maximum` bytes."""
    if maximum is None:
        return models
    from mkexe.models.gguf.split_writer import cut_into_shards  # gguf comes with it: slow to import

    first, *others = models.models
    return ModelSet((dataclasses.replace(first, files=cut_into_shards(first.files, maximum)), *others))


@dataclass(frozen=True)
class Choice:
    """A layout, and a sentence that says why it was taken; empty where it is the usual one, or was asked for."""

    layout: Layout
    reason: str


def choose_layout(name: str, targets: tuple[Target, ...], weights: int, other: int) -> Choice:
    """What `name`, perhaps AUTO, means for these targets, `weights` bytes of models and about `other` bytes.

    Raises UsageError where that layout cannot hold them.
    """
    if name == AUTO:
        if not has_windows(targets):
            return Choice(LAYOUTS[SCRIPT], "")
        size = weights + other
        return Choice(LAYOUTS[EXE], "") if size <= PROGRAM_SIZE_MAXIMUM else Choice(LAYOUTS[SCRIPT], too_large(size))
    layout = LAYOUTS[name]
    layout.check(targets, other + (weights if layout.weights_inside else 0))
    return Choice(layout, "")


def decide_layout(
    name: str, models: ModelSet, runtimes: tuple[tuple[Target, Runtime], ...], packs: tuple[Pack, ...],
    files: dict[str, bytes], reporter: Reporter,
) -> Layout:  # fmt: skip
    """The layout for `name`, which may be AUTO. The reporter gets the reason if the size decides."""
    small = sum(pack.path.stat().st_size for pack in packs) + sum(map(len, files.values()))
    programs = sum(runtime.size_bytes for target, runtime in runtimes if target.system == WINDOWS)
    targets = tuple(target for target, _ in runtimes)
    choice = choose_layout(name, targets, models.size_bytes, small + programs)
    if choice.reason:
        reporter.say(f"layout {choice.layout.name}: {choice.reason}")
    return choice.layout
