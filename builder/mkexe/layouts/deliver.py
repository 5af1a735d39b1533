"""Write an artifact in its layout. An error leaves no partial file."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact.contents import Contents
from mkexe.artifact.writer import prepare_sbom
from mkexe.base.atomic_files import check_place, check_space, output_file
from mkexe.base.copying import Digest
from mkexe.base.reporter import Reporter
from mkexe.errors import ArtifactError, OutputError
from mkexe.layouts.layout import Layout, Output
from mkexe.models.memory import Memory
from mkexe.models.model_set import PROJECTOR_ROLE, ModelFile, ModelSet


@dataclass(frozen=True)
class Built:
    """The result of `mkexe build` and `mkexe convert`. Sizes in bytes; `beside` are the files that belong to `path`.

    `sha256` is the hash of the file, `memory` is what the model needs; both are empty unless they were computed. `name`
    is the model's name in the API, which may differ from the file's name.
    """

    name: str
    path: Path
    layout: str
    size: int
    weights: int
    targets: tuple[str, ...]
    beside: tuple[Path, ...]
    other_names: tuple[Path, ...] = ()
    sha256: str = ""
    memory: Memory | None = None


def deliver(contents: Contents, layout: Layout, output: Path, reporter: Reporter) -> tuple[Built, tuple[Digest, ...]]:
    """Write everything. An error leaves no partial file.

    Returns the result and the digests of the model's files. Raises OutputError if it cannot be written, ArtifactError
    if weights have the wrong hash, ModelError if they change meanwhile.
    """
    check_place(output)
    _check_not_a_model(output, contents.models)
    layout.check_output(output, contents.targets, reporter)
    draft = layout.draft(contents)
    check_space(output.absolute().parent, draft.own_bytes + draft.beside_bytes)
    prepare_sbom()
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(output_file(output, executable=layout.is_program, size=draft.own_bytes))
        title, weights = f"writing {output.name}", contents.models.size_bytes
        progress = stack.enter_context(reporter.bytes_progress(title, weights))
        digests = draft.write(Output(output, file, stack, progress))
        size = file.seek(0, io.SEEK_END)
        check_weights(contents.models.files, digests)
    names = tuple(target.name for target in contents.targets)
    beside = tuple(layout.sidecar_paths(output, contents.models))
    return Built(contents.name, output, layout.name, size, weights, names, beside), digests


def check_weights(files: tuple[ModelFile, ...], digests: tuple[Digest, ...]) -> None:
    """Compare each SHA-256 with the expected one, if that is known. Raises ArtifactError for the first difference."""
    for file, found in zip(files, digests, strict=True):
        if file.sha256 not in ("", found.sha256):
            raise ArtifactError(
                f"{file.path}: {file.entry} at offset {file.offset} is damaged: expected SHA-256 {file.sha256}, found "
                f"{found.sha256}",
                "this copy is damaged; get it again",
            )


def _check_not_a_model(output: Path, models: ModelSet) -> None:
    if not output.exists():
        return
    for model in models.models:
        if any(file.is_file and output.samefile(file.path) for file in model.files):
            what = "projector" if model.role == PROJECTOR_ROLE else "model"
            raise OutputError(f"{output}: is the {what} itself", "choose another name with -o")
