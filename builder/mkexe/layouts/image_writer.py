"""Write a container image: an OCI image layout as one tar file, without a daemon (OCI Image Specification 1.1).

An image holds only the program and the weights (`scratch`), each in its own layer. The weights' layer is the same for
every processor, and stays the same if only the program changes. File names such as config.md are sections of the
specification.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

from mkexe.artifact.placement import format_time
from mkexe.base.copying import Digest, FollowingHash, copy_bytes, copy_file
from mkexe.base.json_text import readable_json
from mkexe.base.reporter import Progress
from mkexe.layouts.tar_records import END, padded, tar_header
from mkexe.models.model_set import ModelFile
from mkexe.runtimes.targets import Target

PORT = 8080
USER = 65532  # the user "nonroot", as in other images without a shell
DATA_FOLDER = "data"  # this user's home folder, for chats
TAG = "latest"

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"  # media-types.md
_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
# image-index.md, "platform": Go's names
_PROCESSORS = {"x86_64": {"architecture": "amd64"}, "aarch64": {"architecture": "arm64", "variant": "v8"}}
_SECOND = 1_000_000_000  # the health check's times are in nanoseconds
_NO_DIGEST = "0" * 64


@dataclass(frozen=True)
class ImageFacts:
    """The name and the metadata of an image; `created` is in seconds since 1970."""

    name: str
    created: int
    labels: dict[str, str]


def image_name(name: str) -> str:
    """The name in the form that registries allow (the distribution specification): lower-case letters, digits, . _ -"""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"


def _program_layer(facts: ImageFacts, program: bytes) -> bytes:
    """The layer of the program, with its user's home folder."""
    return (
        tar_header(f"{DATA_FOLDER}/", 0, 0o700, facts.created, USER)
        + tar_header(facts.name, len(program), 0o555, facts.created)
        + program.ljust(padded(len(program)), b"\0")
        + END
    )


def _config(facts: ImageFacts, target: Target, layers: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """The image's configuration (config.md). Only Docker and Podman know the member "Healthcheck"."""
    program = f"/{facts.name}"
    created = format_time(facts.created)
    return {
        "created": created,
        **_PROCESSORS[target.processor],
        "os": "linux",
        "config": {
            "User": f"{USER}:{USER}",
            "ExposedPorts": {f"{PORT}/tcp": {}},
            "Env": [f"HOME=/{DATA_FOLDER}", "LLAMA_ARG_HOST=0.0.0.0", f"LLAMA_ARG_PORT={PORT}"],
            "Entrypoint": [program],
            "Cmd": ["serve"],
            "WorkingDir": "/",
            "Labels": facts.labels,
            "StopSignal": "SIGTERM",
            "Healthcheck": {
                "Test": ["CMD", program, "health"],
                "Interval": 30 * _SECOND, "Timeout": 10 * _SECOND, "StartPeriod": 600 * _SECOND, "Retries": 3,
            },
        },
        # the layers are not compressed, so their digests are also their "diff_ids"
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
        "history": [{"created": created, "created_by": "mkexe", "comment": what} for what in ("weights", "program")],
    }  # fmt: skip


@dataclass(frozen=True)
class _Image:
    """The image for one processor: its entry in the index, and its blobs."""

    descriptor: dict[str, Any]
    config: dict[str, Any]
    layers: tuple[dict[str, Any], ...]


class ImageWriter:
    """Writes an image into the empty, seekable file `output`: the weights, then programs, then the end."""

    def __init__(self, facts: ImageFacts, output: BinaryIO) -> None:
        self._facts = facts
        self._output = output
        self._end = 0
        self._weights: dict[str, Any] = {}
        self._images: list[_Image] = []
        self._add_file(
            "oci-layout", readable_json({"imageLayoutVersion": "1.0.0"})
        )  # image-layout.md, "oci-layout file"

    def add_weights(self, names: list[str], files: tuple[ModelFile, ...], progress: Progress) -> tuple[Digest, ...]:
        """Write the layer of the weights and hash it. The header of the blob contains the hash, and is written last.

        `progress` gets the bytes of weights hashed. Returns their digests. Raises ModelError if a file changes
        meanwhile, OSError if writing fails.
        """
        before = self._end
        begin = end = before + len(self._blob_header(_NO_DIGEST, 0))
        parts = []
        with closing(FollowingHash(self._output, begin)) as digest:
            for name, part in zip(names, files, strict=True):
                # without a time, so that the same weights give the same layer in every build
                header = tar_header(name, part.size_bytes, 0o444, 0)
                end += self._add_hashed(header, end, digest)
                parts.append(copy_file(part, self._output, end, progress, digest))
                end += part.size_bytes
                end += self._add_hashed(bytes(padded(end) - end), end, digest)
            end += self._add_hashed(END, end, digest)
            found = digest.digest()
        copy_bytes(self._blob_header(found, end - begin), self._output, before)
        self._end = end
        self._weights = _descriptor(_LAYER, found, end - begin)
        return tuple(parts)

    def add_program(self, target: Target, program: bytes) -> None:
        """Write the image for one target: this program, and the layer of the weights."""
        layer = self._add_blob(_program_layer(self._facts, program), _LAYER)
        self._images.append(self._add_manifest(target, (self._weights, layer)))

    def finish(self) -> None:
        """Write the index of all images, and the end of the tar file."""
        self._add_index([image.descriptor for image in self._images])
        self._add_docker_manifest()
        copy_bytes(END, self._output, self._end)

    def _add_file(self, name: str, data: bytes) -> None:
        """Write a file of the image layout."""
        header = tar_header(name, len(data), 0o644, self._facts.created)
        copy_bytes(header + data.ljust(padded(len(data)), b"\0"), self._output, self._end)
        self._end += len(header) + padded(len(data))

    def _add_blob(self, data: bytes, media_type: str) -> dict[str, Any]:
        """Write a blob; returns its descriptor (descriptor.md)."""
        digest = hashlib.sha256(data).hexdigest()
        self._add_file(_blob_name(digest), data)
        return _descriptor(media_type, digest, len(data))

    def _add_hashed(self, data: bytes, offset: int, digest: FollowingHash) -> int:
        """Write bytes and add them to the layer's digest; returns their number."""
        copy_bytes(data, self._output, offset)
        self._output.flush()
        digest.advance(len(data))
        return len(data)

    def _add_manifest(self, target: Target, layers: tuple[dict[str, Any], ...]) -> _Image:
        """The manifest for one processor (manifest.md)."""
        config = self._add_blob(readable_json(_config(self._facts, target, layers)), _CONFIG)
        manifest = {
            "schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": list(layers),
            "annotations": self._facts.labels,
        }  # fmt: skip
        platform = {"platform": {**_PROCESSORS[target.processor], "os": "linux"}}
        return _Image(self._add_blob(readable_json(manifest), _MANIFEST) | platform, config, layers)

    def _add_index(self, manifests: list[dict[str, Any]]) -> None:
        """index.json (image-layout.md). It has one entry: the image, or an index of all images if there are several."""
        top = manifests[0]
        if len(manifests) > 1:
            index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
            top = self._add_blob(readable_json(index), _INDEX)
        name = f"{image_name(self._facts.name)}:{TAG}"
        named = {"org.opencontainers.image.ref.name": TAG, "io.containerd.image.name": f"docker.io/library/{name}"}
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [top | {"annotations": named}]}
        self._add_file("index.json", readable_json(index))

    def _add_docker_manifest(self) -> None:
        """manifest.json, which Docker's older image store needs to load a file (moby's image/tarexport).

        That store has no images for several processors, so each processor gets its own tag.
        """
        name = image_name(self._facts.name)
        tags = [TAG] if len(self._images) == 1 else [_architecture(image) for image in self._images]
        rows = [
            {
                "Config": _path_of(image.config),
                "RepoTags": [f"{name}:{tag}"],
                "Layers": [_path_of(layer) for layer in image.layers],
            }
            for image, tag in zip(self._images, tags, strict=True)
        ]
        self._add_file("manifest.json", readable_json(rows))

    def _blob_header(self, digest: str, size: int) -> bytes:
        return tar_header(_blob_name(digest), size, 0o644, self._facts.created)


def _architecture(image: _Image) -> str:
    return str(image.descriptor["platform"]["architecture"])


def _blob_name(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _path_of(descriptor: dict[str, Any]) -> str:
    return _blob_name(str(descriptor["digest"]).partition(":")[2])
