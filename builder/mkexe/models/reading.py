"""The model that the user names, and its projector."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkexe.base import plain_text
from mkexe.base.file_names import check_model_name, find_name_problem
from mkexe.errors import UsageError
from mkexe.models.model_set import PROJECTOR_ROLE, TEXT_ROLE, Model, ModelFile, ModelSet

if TYPE_CHECKING:
    from mkexe.models.gguf.check import ModelFiles
    from mkexe.models.gguf.header_records import GgufHeader

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ +-]*")


def model_file(path: Path) -> ModelFile:
    """A whole file under its own name; replaces characters that an entry's name may not have (docs/FORMAT.md)."""
    check_model_name(path)
    name = re.sub(r"[\\:]", "_", plain_text.cleaned(path.name))
    return ModelFile(path, f"models/{name}", path.stat().st_size)


def read_models(checked: ModelFiles, name: str, projector: Path | None) -> ModelSet:
    """The checked text model, called `name` if its file has no name, and its projector, which is checked here."""
    files = tuple(model_file(path) for path in checked.parts)
    text = Model(TEXT_ROLE, *_described(checked.header, name), files, checked.quantization)
    return ModelSet((text,) if projector is None else (text, _read_projector(projector, checked, files)))


def _described(header: GgufHeader, name: str) -> tuple[str, str, str]:
    """A model's name (or `name`), architecture and licence from its file, without control characters."""
    said, architecture, licence = map(plain_text.cleaned, (header.name, header.architecture, header.license))
    return said or plain_text.cleaned(name) or "model", architecture, licence


def _read_projector(path: Path, model: ModelFiles, others: tuple[ModelFile, ...]) -> Model:
    """The checked projector at `path`, under a name that none of the `others` has."""
    from mkexe.models.gguf.check import check_projector  # gguf comes with it: slow to import

    header = check_projector(path, model.header)
    file = model_file(path)
    if any(file.entry == other.entry for other in others):
        file = dataclasses.replace(file, entry=f"models/mmproj-{path.name}")
    return Model(PROJECTOR_ROLE, *_described(header, name_of(path)), (file,))


def checked_name(name: str, hint: str = "choose another with --name") -> str:
    """Check the name, which becomes the name of a file. Raises UsageError."""
    if not NAME.fullmatch(name):
        raise UsageError(f"the name {name!r} may only have letters, digits, spaces and . _ + -", hint)
    if problem := find_name_problem(name):
        raise UsageError(f"the name {name[:40]!r} {problem}", hint)
    return name


def name_of(model: Path) -> str:
    """The model file's name without its ending and split number."""
    return re.sub(r"-\d{5}-of-\d{5}$", "", model.name.removesuffix(".gguf")) or "model"
