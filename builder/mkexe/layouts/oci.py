"""Layout oci: container images in one file, one for each processor. They share the weights."""

from __future__ import annotations

import functools
import shlex
from pathlib import Path

from mkexe.artifact.contents import Contents
from mkexe.artifact.placement import format_time
from mkexe.artifact.writer import GENERATOR
from mkexe.base.copying import Digest
from mkexe.layouts.image_reader import open_image
from mkexe.layouts.image_writer import ImageFacts, ImageWriter
from mkexe.layouts.layout import Draft, Layout, Output, encode_artifact, unpacked_size
from mkexe.layouts.names import OCI
from mkexe.layouts.opened_file import Package
from mkexe.layouts.sidecar import sidecar_names, sidecar_records
from mkexe.runtimes.targets import LINUX, Target

_TAR_MAGIC, _TAR_MAGIC_OFFSET = b"ustar", 257  # POSIX.1-1988, "ustar Interchange Format"


class Oci(Layout):
    """For Podman, Docker and others."""

    name = OCI
    systems = (LINUX,)
    weights_inside = False
    packs_programs = False
    has_script = False
    is_program = False

    def file_name(self, name: str, targets: tuple[Target, ...]) -> str:
        """A tar file."""
        return f"{name}.oci.tar"

    def in_place(self, targets: tuple[Target, ...]) -> str | None:
        """The target of the image: each image has one program."""
        return next((target.name for target in targets), None)

    def draft(self, contents: Contents) -> Draft:
        """All of it is inside."""
        return Draft(unpacked_size(contents), 0, functools.partial(self._write, contents))

    def _write(self, contents: Contents, output: Output) -> tuple[Digest, ...]:
        """Write the weights first, because every program contains their hashes."""
        image = ImageWriter(ImageFacts(contents.name, contents.created, _labels(contents)), output.file)
        names = sidecar_names(contents.name, contents.models)
        digests = image.add_weights(names, contents.models.files, output.progress)
        records = sidecar_records(names, contents.models, digests)
        for target, runtime in contents.runtimes:
            image.add_program(target, encode_artifact(contents, records, ((target, runtime),), self.shape((target,))))
        image.finish()
        return digests

    def wraps(self, is_folder: bool, head: bytes) -> bool:
        """Whether the file has the magic of a tar file."""
        return head[_TAR_MAGIC_OFFSET:].startswith(_TAR_MAGIC)

    def unwrap(self, path: Path, folder: Path) -> Package:
        """The artifacts of all images."""
        return open_image(path, folder)

    def start(self, system: str, name: str, app: str) -> str:
        """With a program that runs containers."""
        return f"podman load -i {shlex.quote(name)}, or another program for containers"


def _labels(contents: Contents) -> dict[str, str]:
    """The image's annotations (OCI Image Specification, annotations.md). Keys that begin with mkexe are our own."""
    model = contents.models.text
    found = {
        "org.opencontainers.image.title": contents.page.title,
        "org.opencontainers.image.description": f"{model.name}, with a chat page and an OpenAI-compatible API",
        "org.opencontainers.image.created": format_time(contents.created),
        "mkexe.generator": GENERATOR,
        "mkexe.name": contents.name,
        "mkexe.model.name": model.name,
        "mkexe.model.architecture": model.architecture,
        "mkexe.model.license": model.license,
    }
    return {key: value for key, value in found.items() if value}
