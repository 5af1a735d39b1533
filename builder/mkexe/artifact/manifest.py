"""manifest.json: what an artifact holds and how it starts (docs/FORMAT.md, "Manifest"; docs/manifest.schema.json)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from mkexe.artifact.superblock import DAMAGED_HINT, FORMAT_MAJOR, HEAD_SIZE, Superblock
from mkexe.base import plain_text
from mkexe.base.json_text import readable_json
from mkexe.errors import ArtifactError
from mkexe.models.model_set import PROJECTOR_ROLE, TEXT_ROLE

ENTRY_NAME = "manifest.json"
BESIDE_FEATURE = "files-beside"
BESIDE_BEGIN_SIZE = 1 << 20  # bytes; every start compares so many
NAME_SIZE_MAXIMUM = 1024  # bytes in the name of an entry or of a file beside
RUNTIMES_MAXIMUM = 64
PROGRAM_SIZE_MAXIMUM = 256 << 20  # bytes of a runtime's executable
SMALL_FILES_MAXIMUM = 256 << 20  # bytes of all of "files" together
_SHOWN_CHARACTERS = 80
_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Range:
    """A range of the artifact that holds one thing. `entry` is the name of its ZIP entry, None if it is not an entry.

    `offset` and `size` are bytes; `sha256` and `crc32` cover exactly these bytes.
    """

    entry: str | None
    offset: int
    size: int
    sha256: str
    crc32: int


@dataclass(frozen=True)
class Sidecar:
    """A file in the artifact's folder. `size` is in bytes; `begin_sha256` covers the first BESIDE_BEGIN_SIZE bytes."""

    beside: str
    size: int
    sha256: str
    begin_sha256: str


@dataclass(frozen=True)
class PackRecord:
    """The place of a packed runtime: `skip` bytes after the start of the unpacked data of the entry, an .xz stream."""

    entry: str
    skip: int


@dataclass(frozen=True)
class RuntimeRecord:
    """A bundled runtime; `unpacked_*` describe its executable.

    If there is a `pack`, the executable lies in that entry, and `range` holds the program that unpacks it, as gzip.
    Otherwise the executable lies in `range`, not packed.
    """

    target: str
    range: Range
    pack: PackRecord | None
    unpacked_size: int
    unpacked_sha256: str
    build: dict[str, str]


@dataclass(frozen=True)
class ModelRecord:
    """A bundled model: one part, or the parts of a split GGUF in order. `role` is TEXT_ROLE or PROJECTOR_ROLE.

    `quantization` is empty if it is not known, as in older artifacts.
    """

    role: str
    name: str
    architecture: str
    license: str
    parts: tuple[Range | Sidecar, ...]
    quantization: str = ""


@dataclass(frozen=True)
class Manifest:
    """Everything that an artifact says about itself. `created` is UTC in ISO 8601, to the second."""

    name: str
    layout: str
    created: str
    generator: str
    default_args: tuple[str, ...]
    page: dict[str, str]
    runtimes: tuple[RuntimeRecord, ...]
    packs: tuple[Range, ...]
    models: tuple[ModelRecord, ...]
    files: tuple[Range, ...]
    required_features: tuple[str, ...] = ()
    optional_features: tuple[str, ...] = field(default=())

    def ranges(self) -> list[Range]:
        """Runtimes, packs, model parts and files, in the order of their offsets."""
        found = [record.range for record in self.runtimes] + list(self.packs)
        found += [*self.weights(), *self.files]
        return sorted(found, key=lambda item: item.offset)

    @property
    def model(self) -> ModelRecord:
        """The text model."""
        return self.models[0]

    @property
    def projector(self) -> ModelRecord | None:
        """The projector, with which the model sees or hears, if there is one."""
        return next((record for record in self.models if record.role == PROJECTOR_ROLE), None)

    def weights(self) -> list[Range]:
        """The parts of models that lie in the artifact."""
        return [part for model in self.models for part in model.parts if isinstance(part, Range)]

    def sidecars(self) -> list[Sidecar]:
        """The parts of models that are separate files."""
        return [part for model in self.models for part in model.parts if isinstance(part, Sidecar)]


def encode_manifest(manifest: Manifest) -> bytes:
    """Return indented UTF-8 JSON with a newline at the end. The same manifest always gives the same bytes."""
    document: dict[str, Any] = {"format": FORMAT_MAJOR, **asdict(manifest)}
    for record in document["runtimes"]:
        record.update(record.pop("range"))
    return readable_json(document)


def decode_manifest(text: bytes, block: Superblock) -> Manifest:
    """Decode and check a manifest. Every range must lie between the head and the manifest, without an overlap.

    Raises ArtifactError with the manifest's offset and the error. Unknown members are skipped.
    """
    try:
        root = json.loads(text.decode(), parse_constant=_refuse_constant)
        _check_texts(root)
        return _decode(root, block)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(
            f"the manifest at offset {block.manifest_offset} cannot be used: {error}", DAMAGED_HINT
        ) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_texts(value: object) -> None:
    """Refuse surrogates: JSON can write them as escapes, but they are not Unicode text."""
    if isinstance(value, str):
        if re.search("[\ud800-\udfff]", value):
            raise ValueError(f"{_found(value)} is not Unicode text")
    elif isinstance(value, list):
        for element in value:
            _check_texts(element)
    elif isinstance(value, dict):
        for key, element in value.items():
            _check_texts(key)
            _check_texts(element)


def _found(value: object) -> str:
    """The beginning of a value in a manifest, for a message."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _decode(root: object, block: Superblock) -> Manifest:
    document = _object(root, "manifest")
    version = _number(document, "format")
    if version != FORMAT_MAJOR:
        raise ValueError(f'"format" is {version}, this program reads {FORMAT_MAJOR}')
    required = _strings(document, "required_features")
    unknown = [name for name in required if name != BESIDE_FEATURE]
    if unknown:
        raise ValueError(f"this file needs the feature {_found(unknown[0])}, which this program does not know")
    models = _each(document, "models", lambda item: _model(item, block))
    _check_roles(models)
    page = _object(_member(document, "page"), "page")
    _text(page, "title")
    _text({"system_prompt": "", **page}, "system_prompt")
    runtimes = _each(document, "runtimes", lambda item: _runtime(item, block))
    packs = _each(document, "packs", lambda item: _range(item, block))
    _check_runtimes(runtimes, {item.entry for item in packs})
    manifest = Manifest(
        name=_text(document, "name"),
        layout=_text(document, "layout"),
        created=_text(document, "created"),
        generator=_text(document, "generator"),
        default_args=_strings(document, "default_args"),
        page=page,
        runtimes=runtimes,
        packs=packs,
        models=models,
        files=_each(document, "files", lambda item: _range(item, block)),
        required_features=required,
        optional_features=_strings(document, "optional_features"),
    )
    _check_places(manifest)
    return manifest


def _check_roles(models: tuple[ModelRecord, ...]) -> None:
    """Check that there is a model, and after it at most a projector, in one part."""
    if not models:
        raise ValueError('"models" is empty')
    roles = tuple(model.role for model in models)
    if roles not in ((TEXT_ROLE,), (TEXT_ROLE, PROJECTOR_ROLE)):
        raise ValueError(
            f'the roles of "models" must be model, or model and projector, found {_found(", ".join(roles))}'
        )
    if len(models[-1].parts) > 1 and models[-1].role == PROJECTOR_ROLE:
        raise ValueError(f"a projector has one part, found {len(models[-1].parts)}")


def _check_places(manifest: Manifest) -> None:
    """Check that no ranges overlap, that every name is unique, and that the small files are small together."""
    end = HEAD_SIZE
    ranges = manifest.ranges()
    for item in ranges:
        if item.offset < end and item.size:
            raise ValueError(f"entry {_found(item.entry)} at offset {item.offset} begins before offset {end}")
        end = max(end, item.offset + item.size)
    names = [item.entry for item in ranges if item.entry is not None] + [item.beside for item in manifest.sidecars()]
    twice = sorted({name for name, count in Counter(names).items() if count > 1})
    if twice:
        raise ValueError(f"two things have the name {_found(twice[0])}")
    small = sum(item.size for item in manifest.files)
    if small > SMALL_FILES_MAXIMUM:
        raise ValueError(f'"files" have {small} bytes together, expected at most {SMALL_FILES_MAXIMUM}')


def _check_runtimes(runtimes: tuple[RuntimeRecord, ...], entries: set[str | None]) -> None:
    if len({runtime.target for runtime in runtimes}) != len(runtimes):
        raise ValueError("two runtimes are for the same target")
    if len(runtimes) > RUNTIMES_MAXIMUM:
        raise ValueError(f"there are {len(runtimes)} runtimes, expected at most {RUNTIMES_MAXIMUM}")
    for runtime in runtimes:
        if max(runtime.unpacked_size, runtime.pack.skip if runtime.pack else 0) > PROGRAM_SIZE_MAXIMUM:
            raise ValueError(
                f"the runtime for {runtime.target} has {runtime.unpacked_size} bytes, expected at most "
                f"{PROGRAM_SIZE_MAXIMUM}"
            )
        if runtime.pack is not None and runtime.pack.entry not in entries:
            raise ValueError(f'the runtime for {runtime.target} lies in {_found(runtime.pack.entry)}, none of "packs"')


def _range(item: dict[str, Any], block: Superblock) -> Range:
    entry = None if item.get("entry", "") is None else _entry_name(item)
    found = Range(
        entry, _number(item, "offset"), _number(item, "size"), _sha256(item, "sha256"), _number(item, "crc32")
    )
    if not HEAD_SIZE <= found.offset <= found.offset + found.size <= block.manifest_offset:
        raise ValueError(
            f"entry {_found(found.entry)} at offset {found.offset} with {found.size} bytes must lie between "
            f"{HEAD_SIZE} and {block.manifest_offset}"
        )
    if found.crc32 > 0xFFFFFFFF:
        raise ValueError(f"entry {_found(found.entry)}: crc32 {found.crc32} has more than 32 bits")
    return found


def _entry_name(item: dict[str, Any]) -> str:
    """A relative path with slashes, which cannot lead out of a folder."""
    name = _text(item, "entry")
    if any(part in ("", ".", "..") for part in name.split("/")) or not is_plain_name(name):
        raise ValueError(f'"entry" must be names with "/" between them, found {_found(name)}')
    return name


def is_plain_name(name: str) -> bool:
    """Whether every system can have such a name in a folder: no control characters, no `\\`, and not too long."""
    return "\\" not in name and plain_text.one_line(name) == name and len(name.encode()) <= NAME_SIZE_MAXIMUM


def _beside(item: dict[str, Any]) -> Sidecar:
    name = _text(item, "beside")
    if name in ("", ".", "..") or re.search(r"[/\\:]", name) or not is_plain_name(name):
        raise ValueError(f'"beside" must be the name of a file, found {_found(name)}')
    return Sidecar(name, _number(item, "size"), _sha256(item, "sha256"), _sha256(item, "begin_sha256"))


def _runtime(item: dict[str, Any], block: Superblock) -> RuntimeRecord:
    pack = _member(item, "pack")
    return RuntimeRecord(
        _target(item),
        _range(item, block),
        None if pack is None else _pack(_object(pack, "pack")),
        _number(item, "unpacked_size"),
        _sha256(item, "unpacked_sha256"),
        _build(_object(_member(item, "build"), "build")),
    )


def _target(item: dict[str, Any]) -> str:
    name = _text(item, "target")
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name):
        raise ValueError(f'"target" must be a short name, found {_found(name)}')
    return name


def _build(item: dict[str, Any]) -> dict[str, str]:
    return {key: _text(item, key) for key in item}


def _pack(item: dict[str, Any]) -> PackRecord:
    return PackRecord(_text(item, "entry"), _number(item, "skip"))


def _model(item: dict[str, Any], block: Superblock) -> ModelRecord:
    parts = _each(item, "parts", lambda part: _beside(part) if "beside" in part else _range(part, block))
    name = _text(item, "name")
    if not parts:
        raise ValueError(f"model {_found(name)} has no parts")
    return ModelRecord(
        _text(item, "role"),
        name,
        _text(item, "architecture"),
        _text(item, "license"),
        parts,
        _text({"quantization": "", **item}, "quantization"),
    )


def _member(item: dict[str, Any], key: str) -> Any:
    if key not in item:
        raise ValueError(f'"{key}" is missing')
    return item[key]


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object, found {type(value).__name__}")
    return value


def _text(item: dict[str, Any], key: str) -> str:
    value = _member(item, key)
    if not isinstance(value, str):
        raise ValueError(f'"{key}" must be a string, found {_found(value)}')
    return value


def _number(item: dict[str, Any], key: str) -> int:
    value = _member(item, key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 64:
        raise ValueError(f'"{key}" must be a whole number, found {_found(value)}')
    return value


def _sha256(item: dict[str, Any], key: str) -> str:
    value = _text(item, key)
    if not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError(f"{key} {_found(value)} is not 64 lower-case hexadecimal digits")
    return value


def _list(item: dict[str, Any], key: str) -> list[Any]:
    value = _member(item, key)
    if not isinstance(value, list):
        raise ValueError(f'"{key}" must be a list, found {_found(value)}')
    return value


def _strings(item: dict[str, Any], key: str) -> tuple[str, ...]:
    values = _list(item, key)
    for value in values:
        if not isinstance(value, str):
            raise ValueError(f'"{key}" must hold strings, found {_found(value)}')
    return tuple(values)


def _each(item: dict[str, Any], key: str, decode: Callable[[dict[str, Any]], _Record]) -> tuple[_Record, ...]:
    return tuple(decode(_object(element, key)) for element in _list(item, key))
