"""Which layout a model gets, and in how many files its weights lie."""

from __future__ import annotations

import dataclasses

from mkexe.artifact.contents import Contents
from mkexe.base.reporter import Reporter
from mkexe.errors import UsageError
from mkexe.layouts import registry
from mkexe.runtimes import targets
from mkexe.runtimes.records import Target


def check_split_size(layout: str, maximum: int | None) -> None:
    """Raise UsageError where the layout has no files that could be cut."""
    if maximum is not None and layout != registry.PAIR:
        message = f"--split-size cuts the files that lie beside layout pair, and this is layout {layout}"
        raise UsageError(message, "add --layout pair, or leave it out")


def with_shards(contents: Contents, maximum: int | None) -> Contents:
    """The contents with a model of files of at most `maximum` bytes."""
    if maximum is None:
        return contents
    from mkexe.models.gguf.split_writer import cut_into_shards  # gguf comes with it: slow to import

    model = dataclasses.replace(contents.model, parts=cut_into_shards(contents.model.parts, maximum))
    return dataclasses.replace(contents, model=model, expected=())


def with_layout(contents: Contents, reporter: Reporter) -> Contents:
    """The contents with the layout that they get; says why where the size decides."""
    small = sum(pack.path.stat().st_size for pack in contents.packs) + sum(map(len, contents.files.values()))
    programs = sum(runtime.size_bytes for target, runtime in contents.runtimes if target.system == targets.WINDOWS)
    chosen = tuple(target for target, _ in contents.runtimes)
    choice = choose_layout(contents.layout, chosen, contents.model.size_bytes, small + programs)
    if choice.reason:
        reporter.say(f"layout {choice.layout}: {choice.reason}")
    return dataclasses.replace(contents, layout=choice.layout)


def choose_layout(wanted: str, chosen: tuple[Target, ...], weights: int, other: int) -> registry.Choice:
    """What `wanted` means for `weights` bytes, which some layouts keep out of the artifact, and `other` bytes in it."""
    return registry.choose_layout(wanted, chosen, other + (0 if wanted in registry.WEIGHTS_BESIDE else weights))
