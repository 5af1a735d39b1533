"""A model and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# roles (docs/FORMAT.md, "Manifest")
TEXT_ROLE, PROJECTOR_ROLE = "model", "projector"


@dataclass(frozen=True)
class ModelFile:
    """One GGUF file of a model: `prefix`, then bytes of `path` from `offset` on. `entry` is its name in the artifact.

    `size_bytes` counts both. A whole file has neither prefix nor offset. `sha256` is the expected hash; empty if it is
    not known.
    """

    path: Path
    entry: str
    size_bytes: int
    offset: int = 0
    prefix: bytes = b""
    sha256: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is the whole file at `path`."""
        return self.offset == 0 and not self.prefix


@dataclass(frozen=True)
class Model:
    """A model in one file, or in the ordered files of a split GGUF. `role` says what it is for.

    A projector, which llama.cpp calls mmproj, lets a text model see or hear. `quantization` is empty if it is not
    known.
    """

    role: str
    name: str
    architecture: str
    license: str
    files: tuple[ModelFile, ...]
    quantization: str = ""


@dataclass(frozen=True)
class ModelSet:
    """All models of an artifact: first the text model, then its companions. Each has a different role."""

    models: tuple[Model, ...]

    @property
    def text(self) -> Model:
        """The text model."""
        return self.models[0]

    def find(self, role: str) -> Model | None:
        """The model with this role, if there is one."""
        return next((model for model in self.models if model.role == role), None)

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The files of all models, in order."""
        return tuple(file for model in self.models for file in model.files)

    @property
    def size_bytes(self) -> int:
        """The bytes of all files together."""
        return sum(file.size_bytes for file in self.files)
