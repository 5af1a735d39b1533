"""The contents of an artifact, before it is written."""

from __future__ import annotations

from dataclasses import dataclass

from mkexe.artifact.manifest import Sidecar
from mkexe.artifact.packing import Pack
from mkexe.base.copying import Digest
from mkexe.models.model_set import ModelFile, ModelSet
from mkexe.page.branding import Branding
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target


@dataclass(frozen=True)
class Shape:
    """The part of an artifact that its layout decides. `layout` is the layout's name, for the manifest.

    `in_place` is the target whose executable begins the artifact, if any. If `has_script`, its head holds the script
    that starts it. Unless `weights_inside`, the model's files are written elsewhere.
    """

    layout: str
    in_place: str | None
    has_script: bool
    weights_inside: bool


@dataclass(frozen=True)
class Contents:
    """Everything that goes into an artifact.

    `files` are small entries by name. `created` is in seconds since 1970. `known` holds the digests of the model's
    files from an earlier build, in their order; it is empty if there was none. If the weights lie outside, `sidecars`
    describes their files. `outside` are programs that also lie outside; if the artifact `has_sbom`, the bill of
    materials names them.
    """

    name: str
    shape: Shape
    models: ModelSet
    runtimes: tuple[tuple[Target, Runtime], ...]
    packs: tuple[Pack, ...]
    files: dict[str, bytes]
    page: Branding
    default_args: tuple[str, ...]
    created: int
    known: tuple[Digest, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    outside: tuple[tuple[Target, Runtime], ...] = ()
    has_sbom: bool = True

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets of the runtimes, in order."""
        return tuple(target for target, _ in self.runtimes)

    @property
    def stored_files(self) -> tuple[ModelFile, ...]:
        """The model's files that lie in the artifact."""
        return self.models.files if self.shape.weights_inside else ()
