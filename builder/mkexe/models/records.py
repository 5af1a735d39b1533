"""A model and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelFile:
    """One GGUF file of a model, with the name it gets in the artifact: `prefix`, then bytes of `path` from `offset` on.

    `size_bytes` counts both. A whole file has neither prefix nor offset.
    """

    path: Path
    entry: str
    size_bytes: int
    offset: int = 0
    prefix: bytes = b""

    @property
    def is_file(self) -> bool:
        """Whether it is all that lies at `path`."""
        return self.offset == 0 and not self.prefix


@dataclass(frozen=True)
class Projector:
    """What lets a text model see or hear: one GGUF, which llama.cpp calls mmproj."""

    name: str
    architecture: str
    license: str
    part: ModelFile


@dataclass(frozen=True)
class Model:
    """A model to bundle: one part, or the parts of a split GGUF in order; and its projector, if it has one."""

    name: str
    architecture: str
    license: str
    parts: tuple[ModelFile, ...]
    projector: Projector | None = None

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The parts, and the projector's after them: all that is copied."""
        return self.parts if self.projector is None else (*self.parts, self.projector.part)

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(part.size_bytes for part in self.files)


@dataclass(frozen=True)
class KvCache:
    """What a model keeps of each token of a chat, in bytes; where it is not `exact`, it keeps at most that."""

    token_bytes: int
    exact: bool
