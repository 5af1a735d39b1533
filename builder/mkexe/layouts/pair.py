"""Layout pair: the weights are files beside the file that starts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mkexe.artifact.contents import Contents
from mkexe.artifact.placement import place_contents
from mkexe.artifact.writer import write_artifact
from mkexe.base.copying import Digest
from mkexe.layouts.layout import Output, ShellLayout
from mkexe.layouts.names import PAIR
from mkexe.layouts.sidecar import sidecar_names, write_sidecars
from mkexe.models.model_set import ModelSet


class Pair(ShellLayout):
    """Small where Windows or FAT32 limits a file's size."""

    name = PAIR
    weights_inside = False
    has_sidecars = True

    def sidecar_paths(self, output: Path, models: ModelSet) -> list[Path]:
        """One for each file of the models."""
        return [output.with_name(name) for name in sidecar_names(output.name.removesuffix(".exe"), models)]

    def needed_bytes(self, contents: Contents) -> tuple[int, int]:
        """The weights are beside it."""
        return super().needed_bytes(contents)[0], contents.models.size_bytes

    def write(self, contents: Contents, output: Output) -> tuple[Digest, ...]:
        """The weights first, which the artifact names by their hashes."""
        paths = self.sidecar_paths(output.path, contents.models)
        placed = write_sidecars(contents.models.files, paths, output.stack, output.progress)
        complete = dataclasses.replace(contents, sidecars=tuple(item.record for item in placed), known=())
        write_artifact(complete, place_contents(complete), output.file, output.progress)
        return tuple(item.copied for item in placed)
