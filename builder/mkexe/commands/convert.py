"""Write an artifact in another layout."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact import packing, placement
from mkexe.artifact.contents import Contents
from mkexe.artifact.packing import Pack
from mkexe.artifact.superblock import DAMAGED_HINT
from mkexe.base import atomic_files, plain_text
from mkexe.base.copying import hash_range
from mkexe.base.file_names import check_output_name
from mkexe.base.reporter import Reporter
from mkexe.errors import ArtifactError
from mkexe.layouts import deliver
from mkexe.layouts.layout_choice import check_split_size, cut_models, decide_layout
from mkexe.layouts.opening import open_package
from mkexe.layouts.parts import read_parts
from mkexe.layouts.registry import holds_one_program, packs_programs, usual_targets
from mkexe.layouts.target_choice import choose_targets
from mkexe.models.model_set import ModelFile
from mkexe.models.reading import NAME
from mkexe.page.branding import Branding
from mkexe.runtimes import targets
from mkexe.runtimes.obtain import get_runtime
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target


@dataclass(frozen=True)
class ConvertRequest:
    """The arguments of `mkexe convert`; `output` None and empty `targets` mean the default."""

    artifact: Path
    layout: str
    output: Path | None
    targets: tuple[str, ...]
    split_size: int | None = None  # bytes


def convert(request: ConvertRequest, reporter: Reporter) -> deliver.Built:
    """Write an artifact in another layout; copies and checks the weights. An error leaves no partial file.

    For a system without a program in the artifact, it adds this mkexe's own runtime.
    """
    check_split_size(request.layout, request.split_size)
    if request.output is not None:
        check_output_name(request.output)
        atomic_files.check_place(request.output)
    with tempfile.TemporaryDirectory(prefix="mkexe-convert-") as folder, _named_for(request.artifact, folder):
        package = open_package(request.artifact, Path(folder))
        manifest = package.artifacts[0].manifest
        held = [record.target for artifact in package.artifacts for record in artifact.manifest.runtimes]
        names = tuple(targets.choose_targets(list(request.targets))) or _usual_targets(held, request.layout, reporter)
        packs_anything = packs_programs(request.layout)
        parts = read_parts(package, names, Path(folder), programs=not packs_anything)
        runtimes = _with_own(parts.runtimes, names, request.artifact, reporter)
        packs: tuple[Pack, ...] = ()
        if packs_anything:
            runtimes = tuple((target, _with_unpacker(target, runtime, reporter)) for target, runtime in runtimes)
            packs = _packs_of(runtimes, parts.packs, reporter)
        layout = decide_layout(request.layout, parts.models, runtimes, packs, parts.files, reporter)
        if request.split_size is not None:
            _check_weights(parts.models.files, reporter)  # the new shards have other hashes
        contents = Contents(
            name=_held_name(manifest.name, request.artifact),
            shape=layout.shape(tuple(target for target, _ in runtimes)),
            models=cut_models(parts.models, request.split_size),
            runtimes=runtimes,
            packs=packs,
            files=parts.files,
            page=Branding(plain_text.cleaned(manifest.page["title"]), manifest.page.get("system_prompt", "")),
            default_args=manifest.default_args,
            created=placement.parse_time(manifest.created),
        )
        output = request.output or Path(layout.file_name(contents.name, contents.targets))
        return deliver.deliver(contents, layout, output, reporter)[0]


@contextlib.contextmanager
def _named_for(path: Path, folder: str) -> Iterator[None]:
    """Name `path`, which the user knows, in errors about files that were extracted from it into `folder`."""
    try:
        yield
    except ArtifactError as error:
        message = re.sub(re.escape(folder) + r"[\\/]\w+", lambda _: str(path), error.message)
        raise ArtifactError(message, error.hint, error.detail) from error


def _held_name(name: str, path: Path) -> str:
    """An artifact's name, checked because it becomes the name of a file."""
    if not NAME.fullmatch(name):
        raise ArtifactError(f"{path}: the name {name!r} is not allowed for a file", DAMAGED_HINT)
    return name


def _usual_targets(held: list[str], layout: str, reporter: Reporter) -> tuple[str, ...]:
    """The default targets: those of `held` that the layout can hold; if there are none, the default of a build."""
    if holds_one_program(layout):
        return tuple(held) if len(held) == 1 else (targets.host_target(),)
    if not packs_programs(layout):
        table = targets.all_targets()
        fitting = usual_targets(layout, tuple(table[name] for name in held if name in table))
        held = [target.name for target in fitting]
    return tuple(held or (target.name for target in choose_targets((), layout, reporter)))


def _with_own(
    held: tuple[tuple[Target, Runtime], ...], names: tuple[str, ...], path: Path, reporter: Reporter
) -> tuple[tuple[Target, Runtime], ...]:
    """The runtimes for `names`: from the file if it has them, else this mkexe's own."""
    table = targets.all_targets()
    missing = [name for name in names if name not in {target.name for target, _ in held}]
    if missing:
        reporter.say(f"{path} has no program for {', '.join(missing)}; mkexe adds its own")
    own = tuple((table[name], get_runtime(table[name], reporter)) for name in missing)
    return tuple(sorted(held + own, key=lambda item: names.index(item[0].name)))


def _check_weights(files: tuple[ModelFile, ...], reporter: Reporter) -> None:
    """Compare the weights with the hashes in their artifact."""
    with reporter.bytes_progress("checking the weights", sum(file.size_bytes for file in files)) as progress:
        deliver.check_weights(files, tuple(hash_range(file, progress) for file in files))


def _packs_of(
    runtimes: tuple[tuple[Target, Runtime], ...], packs: tuple[Pack, ...], reporter: Reporter
) -> tuple[Pack, ...]:
    """The packs of the artifact if they hold all runtimes that must be packed; else new ones."""
    packed = {name for pack in packs for name in pack.offsets}
    if packed == {target.name for target, runtime in runtimes if runtime.unpacker is not None}:
        return packs
    return packing.pack_runtimes(runtimes, reporter)


def _with_unpacker(target: Target, runtime: Runtime, reporter: Reporter) -> Runtime:
    """Add this mkexe's own unpacker to a runtime from a native artifact, which has none."""
    if runtime.unpacker is not None or target.system == targets.WINDOWS:
        return runtime
    return dataclasses.replace(runtime, unpacker=get_runtime(target, reporter).unpacker)
