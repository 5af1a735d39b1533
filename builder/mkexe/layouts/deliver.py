"""Write an artifact in its layout: one file, or with files beside it, or inside what a system wants around it."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import tempfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from mkexe.artifact import launcher, placement, writer
from mkexe.artifact.contents import Contents
from mkexe.artifact.manifest import BESIDE_BEGIN_SIZE, Manifest, Range, RuntimeRecord, Sidecar
from mkexe.artifact.placement import format_time
from mkexe.artifact.superblock import DAMAGED_HINT
from mkexe.base import atomic_files
from mkexe.base.copying import Digest, hash_begin
from mkexe.base.reporter import UNWATCHED, Progress, Reporter
from mkexe.errors import ArtifactError, OutputError, UsageError
from mkexe.layouts import app, oci, registry, sidecar
from mkexe.models import memory
from mkexe.models.records import Model, ModelFile
from mkexe.page import branding, icon
from mkexe.page import build as page_build
from mkexe.runtimes import targets
from mkexe.runtimes.records import Runtime, Target

_GZIP = 16 + zlib.MAX_WBITS  # zlib.h, inflateInit2


@dataclass(frozen=True)
class Built:
    """What `mkexe build` and `mkexe convert` wrote. Sizes in bytes; `beside` are the files that belong to `path`.

    `sha256` is the file's, `memory` what the model needs; both only where they were asked for. `name` is the one that
    the API reports, whatever the file's.
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
    memory: memory.Memory | None = None


def deliver(
    contents: Contents, output: Path, quantization: str, expected: list[str], reporter: Reporter
) -> tuple[Built, tuple[Digest, ...]]:
    """Write everything under its final name or not at all.

    `quantization` is the model's, for the bill of materials; `expected` are the SHA-256 that the weights must have, if
    known. Returns what was written and what the model's files were. Raises OutputError where it cannot be written,
    ArtifactError where weights are not as expected, ModelError where they change meanwhile.
    """
    chosen = tuple(target for target, _ in contents.runtimes)
    delivery = _Delivery(contents, output, _sbom_encoder(contents, quantization), reporter)
    _check_output(contents, output, chosen, reporter)
    own, beside_it = _needed_bytes(contents)
    writer.check_space(output.absolute().parent, own + beside_it)
    write, starts = delivery.writer()
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(atomic_files.output_file(output, executable=starts, size=own))
        parts = write(file, stack)
        size = file.seek(0, io.SEEK_END)
        check_weights(contents.model, parts, expected)
    names = tuple(target.name for target in chosen)
    weights = contents.model.size_bytes
    paths = tuple(delivery.beside_paths)
    return Built(contents.name, output, contents.layout, size, weights, names, paths), parts


_Write: TypeAlias = Callable[[BinaryIO, contextlib.ExitStack], tuple[Digest, ...]]


class _Delivery:
    """One artifact on its way to `output`."""

    def __init__(self, contents: Contents, output: Path, encode: writer.EncodeSbom, reporter: Reporter) -> None:
        self._contents = contents
        self._output = output
        self._reporter = reporter
        self._tools = writer.Tools(launcher.render_launcher, encode)

    @property
    def beside_paths(self) -> list[Path]:
        """Of layout pair the model's files; others have none, or have them inside."""
        if self._contents.layout != registry.PAIR:
            return []
        return [self._output.with_name(name) for name in self._weight_names(self._output.name.removesuffix(".exe"))]

    def writer(self) -> tuple[_Write, bool]:
        """The method that writes this layout, and whether what it writes is a program."""
        special: dict[str, _Write] = {registry.APP: self._write_app, registry.OCI: self._write_image}
        write = special.get(self._contents.layout)
        return (self._write_artifact, True) if write is None else (write, False)

    def _write_artifact(self, file: BinaryIO, stack: contextlib.ExitStack) -> tuple[Digest, ...]:
        """One file, and the model's files beside it where the layout has some."""
        contents = self._contents
        placed = placement.place_contents(contents)
        progress = stack.enter_context(self._progress())
        copied: tuple[Digest, ...] = ()
        if self.beside_paths:
            found = sidecar.write_sidecars(contents.model.files, self.beside_paths, stack, progress)
            copied = tuple(item.copied for item in found)
            contents = dataclasses.replace(contents, beside=tuple(item.record for item in found), expected=())
        written = writer.write_artifact(contents, placed, file, progress, self._tools)
        return copied or written.parts

    def _write_image(self, file: BinaryIO, stack: contextlib.ExitStack) -> tuple[Digest, ...]:
        """A container image: for each target a program that has the weights beside it."""
        progress = stack.enter_context(self._progress())
        facts = oci.ImageFacts(self._contents.name, self._contents.created, _labels(self._contents))

        def programs(copied: tuple[Digest, ...]) -> list[tuple[Target, bytes]]:
            return [(target, self._small_artifact(copied, (target,))) for target, _ in self._contents.runtimes]

        return oci.write_image(facts, self._weights(), programs, file, progress)

    def _write_app(self, file: BinaryIO, stack: contextlib.ExitStack) -> tuple[Digest, ...]:
        """A macOS app: one program for all its processors; in its resources the artifact, with the weights beside."""
        contents = self._contents
        progress = stack.enter_context(self._progress())
        facts = app.AppFacts(
            name=contents.name,
            title=contents.page.title,
            created=contents.created,
            minimum=max(target.triple.partition("macos.")[2] for target, _ in contents.runtimes),
            programs=[runtime.path.read_bytes() for _, runtime in contents.runtimes],
            icon=_icon(contents.files),
        )
        return app.write_app(facts, self._weights(), lambda copied: self._small_artifact(copied, ()), file, progress)

    def _small_artifact(self, copied: tuple[Digest, ...], chosen: tuple[Target, ...]) -> bytes:
        """An artifact with the weights beside it, and of the runtimes only those for `chosen` targets."""
        records = tuple(
            Sidecar(name, found.size, found.sha256, hash_begin(part, BESIDE_BEGIN_SIZE))
            for (name, part), found in zip(self._weights(), copied, strict=True)
        )
        runtimes = tuple(item for item in self._contents.runtimes if item[0] in chosen)
        contents = dataclasses.replace(self._contents, runtimes=runtimes, beside=records, expected=())
        with tempfile.TemporaryDirectory(prefix="mkexe-") as folder:
            path = Path(folder) / "artifact"
            with path.open("w+b") as file:
                writer.write_artifact(contents, placement.place_contents(contents), file, UNWATCHED, self._tools)
            return path.read_bytes()

    def _weights(self) -> tuple[tuple[str, ModelFile], ...]:
        return tuple(zip(self._weight_names(self._contents.name), self._contents.model.files, strict=True))

    def _weight_names(self, stem: str) -> list[str]:
        count = len(self._contents.model.parts)
        names = [registry.beside_name(stem, number + 1, count) for number in range(count)]
        return names + ([registry.projector_name(stem)] if self._contents.model.projector else [])

    def _progress(self) -> contextlib.AbstractContextManager[Progress]:
        return self._reporter.bytes_progress(f"writing {self._output.name}", self._contents.model.size_bytes)


def _needed_bytes(contents: Contents) -> tuple[int, int]:
    """What the file takes, without the few kilobytes around the rest, and what the files beside it take."""
    if contents.layout in (registry.APP, registry.OCI):
        programs = sum(runtime.size_bytes for _, runtime in contents.runtimes)
        return programs + contents.model.size_bytes + sum(map(len, contents.files.values())), 0
    needed = placement.needed_bytes(placement.place_contents(contents))
    return needed, contents.model.size_bytes if contents.layout in registry.WEIGHTS_BESIDE else 0


def _check_output(contents: Contents, output: Path, chosen: tuple[Target, ...], reporter: Reporter) -> None:
    """Raise where the artifact cannot or should not have that name."""
    atomic_files.check_place(output)
    if output.exists():
        for part in contents.model.files:
            if part.is_file and output.samefile(part.path):
                what = "model" if part in contents.model.parts else "projector"
                raise OutputError(f"{output}: is the {what} itself", "choose another name with -o")
    if contents.layout == registry.SCRIPT and any(target.system == targets.WINDOWS for target in chosen):
        if output.suffix.lower() == ".exe":
            raise UsageError(
                f"{output}: Windows starts layout script only under a name that ends in .cmd",
                f"choose -o {output.with_suffix('.cmd').name}, or another --layout",
            )
        if output.suffix.lower() not in (".cmd", ".bat"):
            reporter.say(f"on Windows, {output.name} must be given a name that ends in .cmd")


def check_weights(model: Model, copied: tuple[Digest, ...], expected: list[str]) -> None:
    """Compare SHA-256 where they are known; raises ArtifactError for the first file that is not as expected."""
    for part, found, wanted in zip(model.files, copied, expected, strict=bool(expected)):
        if found.sha256 != wanted:
            raise ArtifactError(
                f"{part.path}: {part.entry} at offset {part.offset} is damaged: expected SHA-256 {wanted}, found "
                f"{found.sha256}",
                "this copy is damaged; get it again",
            )


def _labels(contents: Contents) -> dict[str, str]:
    """What an image says of itself (OCI Image Specification, annotations.md); those that begin with mkexe are ours."""
    model = contents.model
    found = {
        "org.opencontainers.image.title": contents.page.title,
        "org.opencontainers.image.description": f"{model.name}, with a chat page and an OpenAI-compatible API",
        "org.opencontainers.image.created": format_time(contents.created),
        "mkexe.generator": writer.GENERATOR,
        "mkexe.name": contents.name,
        "mkexe.model.name": model.name,
        "mkexe.model.architecture": model.architecture,
        "mkexe.model.license": model.license,
    }
    return {key: value for key, value in found.items() if value}


def _icon(files: dict[str, bytes]) -> bytes:
    """The page's icon as a PNG; older artifacts have an SVG, and beside it a PNG where a builder gave one."""
    stored = {name.removesuffix(".gz"): name for name in files}
    name = next((stored[f"page/{known}"] for known in branding.ICONS if f"page/{known}" in stored), "")
    data = files.get(name, b"")
    if name.endswith(".gz"):
        unpacker = zlib.decompressobj(wbits=_GZIP)
        try:
            data = unpacker.decompress(data, icon.SIZE_MAXIMUM + 1)
        except zlib.error as error:
            raise ArtifactError(f"{name} cannot be unpacked: {error}", DAMAGED_HINT) from error
    try:
        return icon.to_png(data, name or "the page's icon")
    except UsageError as error:
        raise ArtifactError(error.message, DAMAGED_HINT) from error


def _outside(target: Target, runtime: Runtime) -> RuntimeRecord:
    """A runtime for the bill of materials that is not inside the artifact itself."""
    nowhere = Range(None, 0, 0, runtime.sha256, 0)
    return RuntimeRecord(target.name, nowhere, None, runtime.size_bytes, runtime.sha256, runtime.build)


def _load_encoder() -> Callable[[Manifest, str, str], bytes]:
    from mkexe.artifact.sbom import encode_sbom

    return encode_sbom


def _sbom_encoder(contents: Contents, quantization: str) -> writer.EncodeSbom:
    """Encode the bill of materials with a library that is slow to import: done beside the copying where that is first.

    Cyclonedx takes a quarter of a second to import, which a thread does while the weights are copied and hashed.
    """
    pool = ThreadPoolExecutor(1)
    encode_sbom = pool.submit(_load_encoder)
    pool.shutdown(wait=False)
    third_party = contents.files.get(f"page/{page_build.LICENSES}", b"").decode(errors="replace")

    def encode(manifest: Manifest) -> bytes:
        if contents.layout == registry.APP:  # its programs lie outside the artifact
            records = tuple(_outside(target, runtime) for target, runtime in contents.runtimes)
            manifest = dataclasses.replace(manifest, runtimes=records)
        return encode_sbom.result()(manifest, quantization, third_party)

    return encode
