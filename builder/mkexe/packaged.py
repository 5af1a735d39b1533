"""Open what `mkexe convert` is given: an artifact, or those inside a macOS app or a container image.

Artifacts are small where the weights lie beside them, and are taken out into a folder; the weights stay where they are.
"""

from __future__ import annotations

import json
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkexe.container.manifest import Beside
from mkexe.container.reader import Artifact, open_artifact
from mkexe.container.superblock import DAMAGED_HINT
from mkexe.errors import ArtifactError, OutputError
from mkexe.model import Part

_ZIP_MAGIC = b"PK\x03\x04"  # APPNOTE.TXT 4.3.7
_LOCAL_HEADER = struct.Struct("<26xHH")  # the same: the lengths of name and extra field end it
_TAR_MAGIC, _TAR_MAGIC_OFFSET = b"ustar", 257  # POSIX.1-1988, "ustar Interchange Format"
# not what macOS' own archiver keeps of extended attributes
_APP_ARTIFACT = re.compile(r"(?!__MACOSX/)(.+\.app/Contents/Resources/)[^/]+\.mkexe")
_PLAIN_LAYER = "application/vnd.oci.image.layer.v1.tar"
_UNREADABLE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)
_ARTIFACT_MAXIMUM = 64 << 20  # bytes of an app's, which is page and licences; what unpacks to more is not read
_UNPACK_APP = "unpack it, and name the NAME.app that comes out"
_UNPACK_IMAGE = "unpack it (umoci unpack), and name the program in it"


@dataclass(frozen=True)
class Package:
    """Artifacts with the same model, for different targets where there are several.

    `beside` are their files of weights by name, where those do not lie in the artifact's own folder.
    """

    artifacts: tuple[Artifact, ...]
    beside: dict[str, Part]


def open_package(path: Path, folder: Path) -> Package:
    """Open an artifact, an app (NAME.app, or its ZIP) or an OCI image layout as a tar file; `folder` takes small files.

    Raises ArtifactError where it is none of them, is damaged, or holds its weights compressed, and OutputError where
    `folder` is full.
    """
    if path.is_dir():
        return Package((open_artifact(_artifact_of_bundle(path)),), {})
    try:
        with path.open("rb") as file:
            head = file.read(_TAR_MAGIC_OFFSET + len(_TAR_MAGIC))
        if head.startswith(_ZIP_MAGIC):
            return _open_zip(path, folder)
        if head[_TAR_MAGIC_OFFSET:] == _TAR_MAGIC:
            return _open_image(path, folder)
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}", "check the path") from error
    except (*_UNREADABLE, LookupError, TypeError, ValueError, EOFError, RuntimeError) as error:
        raise ArtifactError(f"{path}: cannot be read: {error}", DAMAGED_HINT) from error
    return Package((open_artifact(path),), {})


def _artifact_of_bundle(path: Path) -> Path:
    found = sorted(path.glob("Contents/Resources/*.mkexe"))
    if len(found) != 1:
        raise ArtifactError(
            f"{path}: expected one .mkexe in Contents/Resources, found {len(found)}", "name a file that mkexe made"
        )
    return found[0]


def _open_zip(path: Path, folder: Path) -> Package:
    with zipfile.ZipFile(path) as archive:
        found = [match for name in archive.namelist() if (match := _APP_ARTIFACT.fullmatch(name))]
        if len(found) != 1:
            raise ArtifactError(
                f"{path}: is a ZIP, and holds no app that mkexe made", "name the app's ZIP, or a file that mkexe made"
            )
        with archive.open(found[0][0]) as file:
            artifact = _taken_out(file.read(_ARTIFACT_MAXIMUM), folder / "app")
        return Package((artifact,), dict(_zip_weights(path, archive, found[0][1], artifact)))


def _zip_weights(
    path: Path, archive: zipfile.ZipFile, resources: str, artifact: Artifact
) -> Iterator[tuple[str, Part]]:
    """The weights, which must be stored as they are."""
    with path.open("rb") as file:
        for record in artifact.manifest.beside():
            info = archive.getinfo(resources + record.beside)
            if info.compress_type != zipfile.ZIP_STORED:
                raise ArtifactError(f"{path}: {info.filename} is compressed in it", _UNPACK_APP)
            file.seek(info.header_offset)
            lengths = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
            offset = info.header_offset + _LOCAL_HEADER.size + sum(lengths)
            yield record.beside, _part(path, record, info.file_size, offset)


def _open_image(path: Path, folder: Path) -> Package:
    """Every image of the layout has a program of its own, over the same weights (mkexe.oci)."""
    artifacts: list[Artifact] = []
    files: dict[str, tuple[int, int]] = {}
    with tarfile.open(path, "r:") as archive:
        for number, manifest in enumerate(_manifests(archive, _read_json(archive, "index.json"))):
            command = _read_json(archive, _blob_of(manifest["config"]))["config"].get("Entrypoint") or [""]
            for layer in manifest["layers"]:
                files |= _files_of(archive, path, layer)
            entry = command[0].lstrip("/")
            if entry not in files:
                raise ArtifactError(f"{path}: is an image without a program of its own", "name one that mkexe made")
            offset, size = files[entry]
            artifacts.append(_taken_out(_read(path, offset, size), folder / str(number)))
    if not artifacts:
        raise ArtifactError(f"{path}: its index.json names no image", DAMAGED_HINT)
    weights = {}
    for record in artifacts[0].manifest.beside():
        offset, size = files[record.beside]
        weights[record.beside] = _part(path, record, size, offset)
    return Package(tuple(artifacts), weights)


def _manifests(archive: tarfile.TarFile, index: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The manifests that an index names, those of the indexes in it too (image-index.md). Raises RecursionError."""
    for descriptor in index["manifests"]:
        blob = _read_json(archive, _blob_of(descriptor))
        if "manifests" in blob:
            yield from _manifests(archive, blob)
        else:
            yield blob


def _files_of(archive: tarfile.TarFile, path: Path, layer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Where in the image's file the files of a layer lie: offset and size in bytes."""
    if layer["mediaType"] != _PLAIN_LAYER:
        raise ArtifactError(f"{path}: a layer is of type {layer['mediaType']}, expected {_PLAIN_LAYER}", _UNPACK_IMAGE)
    blob = archive.getmember(_blob_of(layer))
    with tarfile.open(fileobj=archive.extractfile(blob), mode="r:") as files:
        return {file.name: (blob.offset_data + file.offset_data, file.size) for file in files if file.isfile()}


def _blob_of(descriptor: dict[str, Any]) -> str:
    return "blobs/" + str(descriptor["digest"]).replace(":", "/")


def _read_json(archive: tarfile.TarFile, name: str) -> dict[str, Any]:
    file = archive.extractfile(name)
    found = json.loads(file.read()) if file else None
    if not isinstance(found, dict):
        raise ValueError(f"{name} holds no object")
    return found


def _read(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def _part(path: Path, record: Beside, size: int, offset: int) -> Part:
    if size != record.size:
        raise ArtifactError(
            f"{path}: {record.beside}: expected {record.size} bytes with SHA-256 {record.sha256}, found {size} bytes",
            DAMAGED_HINT,
        )
    return Part(path, f"models/{record.beside}", size, offset)


def _taken_out(data: bytes, place: Path) -> Artifact:
    try:
        place.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{place}: {error.strerror}", "make room there, or set TMPDIR") from error
    return open_artifact(place)
