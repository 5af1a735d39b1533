"""Read a container image: an OCI image layout as one tar file (OCI Image Specification 1.1)."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any, BinaryIO

from mkexe.artifact.reader import Artifact, read_chunks
from mkexe.artifact.superblock import DAMAGED_HINT
from mkexe.errors import ArtifactError
from mkexe.layouts.opened_file import ARTIFACT_MAXIMUM, Package, open_small, sidecar_in

_PLAIN_LAYER = "application/vnd.oci.image.layer.v1.tar"
_JSON_MAXIMUM = 4 << 20  # bytes; the maximum for a manifest in registries
_TAR_HEADER_MAXIMUM = 1 << 20  # bytes of a long name, or of the extended records of a header
_TAR_MEMBERS_MAXIMUM = 10_000
_IMAGES_MAXIMUM = 64
_INDEX_DEPTH_MAXIMUM = 4
_SHOWN_CHARACTERS = 80
_DIGEST = re.compile(r"[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{1,200}")  # descriptor.md, "Digests"
_UNPACK_IMAGE = "unpack it (umoci unpack), and give the path of the program inside"


def open_image(path: Path, folder: Path) -> Package:
    """Read the artifact of each image. Every image has its own program; all share the weights (mkexe.layouts.oci)."""
    image = _Image(path)
    artifacts: list[Artifact] = []
    for number, manifest in enumerate(image.manifests()):
        config = _table(image.read_json(_digest_of(manifest.get("config"))), "config")
        command = [_text(word, "Entrypoint") for word in _list(config.get("Entrypoint") or [""], "Entrypoint")]
        for layer in _list(manifest.get("layers"), "layers"):
            image.add_layer(layer)
        place = image.files.get("".join(command[:1]).lstrip("/"))
        if place is None:
            raise ArtifactError(f"{path}: an image without a program", "name an image that mkexe made")
        artifacts.append(open_small(_read(path, place, ARTIFACT_MAXIMUM), folder / str(number)))
    if not artifacts:
        raise ArtifactError(f"{path}: its index.json names no image", DAMAGED_HINT)
    held = [record.target for artifact in artifacts for record in artifact.manifest.runtimes]
    if len(set(held)) != len(held):
        raise ArtifactError(f"{path}: two of its images are for the same system", "name an image that mkexe made")
    weights = {}
    for record in artifacts[0].manifest.sidecars():
        if record.beside not in image.files:
            raise ArtifactError(f"{path}: {record.beside} is not in it", DAMAGED_HINT)
        offset, size = image.files[record.beside]
        weights[record.beside] = sidecar_in(path, record, size, offset)
    return Package(tuple(artifacts), weights)


class _Image:
    """An OCI image layout in a tar file. `files` has offset and size, in bytes, of each file in the added layers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size
        self._members = _members(path, 0, self._size)
        self._layers: set[str] = set()
        self.files: dict[str, tuple[int, int]] = {}

    def manifests(self) -> list[dict[str, Any]]:
        """The manifests that index.json names, directly or through further indexes (image-index.md)."""
        found: list[dict[str, Any]] = []
        self._add_manifests(self.read_json("index.json"), found, 1)
        return found

    def _add_manifests(self, index: dict[str, Any], found: list[dict[str, Any]], depth: int) -> None:
        for descriptor in _list(index.get("manifests"), "manifests"):
            blob = self.read_json(_digest_of(descriptor))
            if "manifests" not in blob:
                found.append(blob)
            elif depth < _INDEX_DEPTH_MAXIMUM:
                self._add_manifests(blob, found, depth + 1)
            if len(found) > _IMAGES_MAXIMUM or depth >= _INDEX_DEPTH_MAXIMUM:
                raise ValueError(f"there are more than {_IMAGES_MAXIMUM} images, or indexes in indexes")

    def read_json(self, name: str) -> dict[str, Any]:
        """The JSON object in a file of the layout."""
        if name not in self._members:
            raise ValueError(f"{name} is not in it")
        try:
            found = json.loads(_read(self._path, self._members[name], _JSON_MAXIMUM).decode())
        except RecursionError as error:
            raise ValueError(f"{name} is nested too deeply") from error
        if not isinstance(found, dict):
            raise ValueError(f"{name} holds no object")
        return found

    def add_layer(self, layer: object) -> None:
        """Add the files of a layer, unless it was added before."""
        kind = _table({"layer": layer}, "layer").get("mediaType")
        if kind != _PLAIN_LAYER:
            raise ArtifactError(
                f"{self._path}: a layer is of type {str(kind)[:_SHOWN_CHARACTERS]!r}, expected {_PLAIN_LAYER}",
                _UNPACK_IMAGE,
            )
        name = _digest_of(layer)
        if name not in self._members:
            raise ValueError(f"{name} is not in it")
        if name not in self._layers:
            self._layers.add(name)
            self.files |= _members(self._path, *self._members[name])


class _TarReads(io.RawIOBase):
    """A range of a file for tarfile. tarfile may only read headers, from front to back, and nothing large."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file = file
        self._offset = offset
        self._size = size
        self._at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self._at - tarfile.BLOCKSIZE:
            raise tarfile.ReadError("a header points backwards")
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _TAR_HEADER_MAXIMUM:
            raise tarfile.ReadError(f"a header of {size} bytes")
        self._file.seek(self._offset + self._at)
        data = self._file.read(max(0, min(size, self._size - self._at)))
        self._at += len(data)
        return data


def _members(path: Path, offset: int, size: int) -> dict[str, tuple[int, int]]:
    """The files in a tar file, by name: offset in `path` and size, in bytes.

    The tar file is the `size` bytes of `path` that begin at `offset`.
    """
    found: dict[str, tuple[int, int]] = {}
    with path.open("rb") as file, tarfile.open(fileobj=_TarReads(file, offset, size), mode="r:") as archive:
        for number, member in enumerate(archive):
            if number >= _TAR_MEMBERS_MAXIMUM:
                raise ValueError(f"there are more than {_TAR_MEMBERS_MAXIMUM} files")
            if member.isfile() and not member.issparse():
                if not 0 <= member.size <= size - member.offset_data:
                    raise ValueError(f"{member.name} should have {member.size} bytes, and the file ends before")
                found[member.name] = (offset + member.offset_data, member.size)
    return found


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list")
    return value


def _table(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    if not isinstance(found, dict):
        raise ValueError(f"{name} is not an object")
    return found


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text")
    return value


def _digest_of(descriptor: object) -> str:
    """The name of the blob that a descriptor refers to (image-layout.md)."""
    digest = _text(_table({"descriptor": descriptor}, "descriptor").get("digest"), "digest")
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest[:_SHOWN_CHARACTERS]!r} is not a digest")
    return "blobs/" + digest.replace(":", "/")


def _read(path: Path, place: tuple[int, int], maximum: int) -> bytes:
    offset, size = place
    if size > maximum:
        raise ValueError(f"{size} bytes at offset {offset}, expected at most {maximum}")
    with path.open("rb") as file:
        return b"".join(read_chunks(file, offset, size))
