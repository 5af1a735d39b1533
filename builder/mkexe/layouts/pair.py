"""Layout pair: the weights are files beside the file that starts."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from mkexe.artifact.contents import Contents
from mkexe.artifact.placement import Placement, needed_bytes, place_contents
from mkexe.artifact.writer import write_artifact
from mkexe.base.copying import Digest
from mkexe.layouts.layout import Draft, Output, ShellLayout
from mkexe.layouts.names import PAIR
from mkexe.layouts.sidecar import sidecar_names, write_sidecars
from mkexe.models.model_set import ModelSet


class Pair(ShellLayout):
    """A small file to start, and the weights beside it. It avoids the limits of Windows and FAT32 on a file's size."""

    name = PAIR
    weights_inside = False
    has_sidecars = True

    def sidecar_paths(self, output: Path, models: ModelSet) -> list[Path]:
        """One for each file of the models."""
        return [output.with_name(name) for name in sidecar_names(output.name.removesuffix(".exe"), models)]

    def draft(self, contents: Contents) -> Draft:
        """The weights are beside it, so that what it says of them moves nothing."""
        placement = place_contents(contents)
        write = functools.partial(self._write, contents, placement)
        return Draft(needed_bytes(placement), contents.models.size_bytes, write)

    def _write(self, contents: Contents, placement: Placement, output: Output) -> tuple[Digest, ...]:
        """Write the weights first, because the artifact contains their hashes."""
        paths = self.sidecar_paths(output.path, contents.models)
        placed = write_sidecars(contents.models.files, paths, output.stack, output.progress)
        complete = dataclasses.replace(contents, sidecars=tuple(item.record for item in placed), known=())
        write_artifact(complete, placement, output.file, output.progress)
        return tuple(item.copied for item in placed)
