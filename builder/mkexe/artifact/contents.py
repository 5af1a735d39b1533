"""All that goes into an artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line needs the names of the layouts, and starts faster without these
    from mkexe.artifact.manifest import Sidecar
    from mkexe.artifact.packing import Pack
    from mkexe.base.copying import Digest
    from mkexe.models.records import Model, ModelFile
    from mkexe.page.branding import Branding
    from mkexe.runtimes.records import Runtime, Target

# docs/FORMAT.md, "Layouts"
EXE, SCRIPT, NATIVE, PAIR, APP, OCI = "exe", "script", "native", "pair", "app", "oci"
# the weights are files of their own, beside the artifact that names them
WEIGHTS_BESIDE = (PAIR, APP, OCI)


@dataclass(frozen=True)
class Contents:
    """All that goes into an artifact.

    `layout` is one of the names above. `files` are small entries by name, `created` is seconds since 1970, `expected`
    what an earlier build found the model's files to be, in their order; empty without one. Where a layout has
    files beside, the model's are written elsewhere, and `beside` says what they are.
    """

    name: str
    layout: str
    model: Model
    runtimes: tuple[tuple[Target, Runtime], ...]
    packs: tuple[Pack, ...]
    files: dict[str, bytes]
    page: Branding
    default_args: tuple[str, ...]
    created: int
    expected: tuple[Digest, ...] = ()
    beside: tuple[Sidecar, ...] = ()

    @property
    def stored_parts(self) -> tuple[ModelFile, ...]:
        """The model's files that lie in the artifact."""
        return () if self.layout in WEIGHTS_BESIDE else self.model.files
