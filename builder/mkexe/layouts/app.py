"""Layout app: NAME.app for macOS, in a ZIP that keeps the run bit (Apple's Bundle Programming Guide).

The bundle can be signed: at the top there is only Contents, in MacOS only the program, and everything else is in
Resources (Apple's Technical Note TN2206, "Nested Code"). The program finds the artifact there (docs/FORMAT.md).
"""

from __future__ import annotations

import functools
import hashlib
import io
import plistlib
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mkexe.artifact.contents import Contents
from mkexe.artifact.manifest import NAME_SIZE_MAXIMUM
from mkexe.artifact.reader import Artifact, open_artifact, read_chunks
from mkexe.artifact.superblock import DAMAGED_HINT
from mkexe.base.copying import Digest
from mkexe.base.reporter import Progress
from mkexe.binfmt.universal import compose_universal
from mkexe.errors import ArtifactError, ModelError, UsageError
from mkexe.layouts.layout import Draft, Layout, Output, encode_artifact, unpacked_size
from mkexe.layouts.names import APP
from mkexe.layouts.opened_file import ARTIFACT_MAXIMUM, Package, open_small, sidecar_in
from mkexe.layouts.sidecar import sidecar_names, sidecar_records
from mkexe.models.model_set import ModelFile
from mkexe.page.branding import ICONS
from mkexe.page.icon import SIZE_MAXIMUM, to_png
from mkexe.runtimes.targets import MACOS, Target

_ARTIFACT_SUFFIX = ".mkexe"
_CHUNK_SIZE = 8 * 1024 * 1024  # bytes
_GZIP = 16 + zlib.MAX_WBITS  # zlib.h, inflateInit2
_UNIX = 3  # APPNOTE.TXT 4.4.2: the upper half of the attributes is st_mode
_FILE, _PROGRAM, _FOLDER = 0o100644, 0o100755, 0o040755
_ICON_EDGE = 1024  # pixels; the largest size that an .icns has
_ZIP_MAGIC = b"PK\x03\x04"  # APPNOTE.TXT 4.3.7
_LOCAL_HEADER = struct.Struct("<26xHH")  # APPNOTE.TXT 4.3.7; its last fields are the lengths of name and extra field
# __MACOSX/ is where macOS' own archiver stores extended attributes
_APP_ARTIFACT = re.compile(r"(?!__MACOSX/)(.+\.app/Contents/Resources/)[^/]+\.mkexe")
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the methods that macOS' archivers use
_ENCRYPTED = 1  # APPNOTE.TXT 4.4.4
_UNPACK_APP = "unpack it, and give the path of NAME.app"


class App(Layout):
    """One universal program; its resources hold the artifact, with the weights beside it."""

    name = APP
    systems = (MACOS,)
    weights_inside = False
    packs_programs = False
    is_program = False

    def file_name(self, name: str, targets: tuple[Target, ...]) -> str:
        """A ZIP, which keeps the executable bit."""
        return f"{name}.app.zip"

    def draft(self, contents: Contents) -> Draft:
        """All of it is inside."""
        return Draft(unpacked_size(contents), 0, functools.partial(self._write, contents))

    def _write(self, contents: Contents, output: Output) -> tuple[Digest, ...]:
        """Write the weights first, because the artifact contains their hashes."""
        facts = _facts_of(contents)
        names = sidecar_names(contents.name, contents.models)
        with zipfile.ZipFile(output.file, "w") as archive:
            bundle = _Bundle(archive, facts)
            bundle.add_program()
            digests = tuple(
                bundle.copy(name, file, output.progress)
                for name, file in zip(names, contents.models.files, strict=True)
            )
            records = sidecar_records(names, contents.models, digests)
            artifact = encode_artifact(contents, records, (), self.shape(()), outside=contents.runtimes)
            bundle.add_resource(contents.name + _ARTIFACT_SUFFIX, artifact)
        return digests

    def wraps(self, is_folder: bool, head: bytes) -> bool:
        """Whether this is a folder or a ZIP."""
        return is_folder or head.startswith(_ZIP_MAGIC)

    def unwrap(self, path: Path, folder: Path) -> Package:
        """The artifact in the resources."""
        if path.is_dir():
            return Package((open_artifact(_artifact_of_bundle(path)),), {})
        return _open_zip(path, folder)

    def start(self, system: str, name: str, app: str) -> str:
        """Unpack it, and start it as any app."""
        return f"unpack {name}, then double click {app}"


@dataclass(frozen=True)
class AppFacts:
    """The facts about a bundle.

    `programs` are Mach-O files for different processors, `icon` is a valid PNG, `created` is in seconds since 1970, and
    `minimum` is the oldest macOS, such as 11.0.
    """

    name: str
    title: str
    created: int
    minimum: str
    programs: list[bytes]
    icon: bytes


def _facts_of(contents: Contents) -> AppFacts:
    return AppFacts(
        name=contents.name,
        title=contents.page.title,
        created=contents.created,
        minimum=max(target.triple.partition("macos.")[2] for target in contents.targets),
        programs=[runtime.path.read_bytes() for _, runtime in contents.runtimes],
        icon=_icon(contents.files),
    )


def _icon(files: dict[str, bytes]) -> bytes:
    """The page's icon as a PNG. Older artifacts have an SVG, and perhaps a PNG too."""
    stored = {name.removesuffix(".gz"): name for name in files}
    name = next((stored[f"page/{known}"] for known in ICONS if f"page/{known}" in stored), "")
    data = files.get(name, b"")
    if name.endswith(".gz"):
        unpacker = zlib.decompressobj(wbits=_GZIP)
        try:
            data = unpacker.decompress(data, SIZE_MAXIMUM + 1)
        except zlib.error as error:
            raise ArtifactError(f"{name} cannot be unpacked: {error}", DAMAGED_HINT) from error
    try:
        return to_png(data, name or "the page's icon")
    except UsageError as error:
        raise ArtifactError(error.message, DAMAGED_HINT) from error


def info_plist(facts: AppFacts) -> dict[str, object]:
    """Info.plist (Apple's Information Property List Key Reference)."""
    day = time.gmtime(facts.created)
    version = f"{day.tm_year}.{day.tm_mon}.{day.tm_mday}"
    return {
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundlePackageType": "APPL",
        "CFBundleName": facts.name,
        "CFBundleDisplayName": facts.title,
        "CFBundleIdentifier": "mkexe." + re.sub(r"[^A-Za-z0-9]+", "-", facts.name).strip("-"),
        "CFBundleExecutable": facts.name,
        "CFBundleIconFile": f"{facts.name}.icns",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleSupportedPlatforms": ["MacOSX"],
        "LSMinimumSystemVersion": facts.minimum,
        "NSHighResolutionCapable": True,
        "NSPrincipalClass": "NSApplication",
    }


def make_icns(icon: bytes) -> bytes:
    """Make an .icns with all sizes from 32 to 1024 pixels from a PNG. It gets a clear border if it is not square."""
    from PIL import Image  # slow to import

    with Image.open(io.BytesIO(icon)) as image:
        drawn = image.convert("RGBA")
    scale = _ICON_EDGE / max(drawn.size)
    drawn = drawn.resize((round(drawn.width * scale), round(drawn.height * scale)), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (_ICON_EDGE, _ICON_EDGE))
    square.paste(drawn, ((_ICON_EDGE - drawn.width) // 2, (_ICON_EDGE - drawn.height) // 2))
    packed = io.BytesIO()
    square.save(packed, "ICNS")
    return packed.getvalue()


class _Bundle:
    """The files of a bundle, stored as they are."""

    def __init__(self, archive: zipfile.ZipFile, facts: AppFacts) -> None:
        self._archive = archive
        self._facts = facts
        self._contents = f"{facts.name}.app/Contents"
        self._time = time.gmtime(max(facts.created, 315532800))[:6]  # ZIP's times begin in 1980

    def add_program(self) -> None:
        """Add the program, Info.plist and the icon."""
        contents, facts = self._contents, self._facts
        for folder in (f"{facts.name}.app/", f"{contents}/", f"{contents}/MacOS/", f"{contents}/Resources/"):
            self._add(folder, b"", _FOLDER)
        self._add(f"{contents}/Info.plist", plistlib.dumps(info_plist(facts)), _FILE)
        self._add(f"{contents}/MacOS/{facts.name}", compose_universal(facts.programs), _PROGRAM)
        self.add_resource(f"{facts.name}.icns", make_icns(facts.icon))

    def add_resource(self, name: str, data: bytes) -> None:
        """Add a file to the resources."""
        self._add(f"{self._contents}/Resources/{name}", data, _FILE)

    def _add(self, name: str, data: bytes, mode: int) -> None:
        self._archive.writestr(self._info(name, mode), data)

    def copy(self, name: str, part: ModelFile, progress: Progress) -> Digest:
        """Store a model's file in the resources, and hash it at the same time."""
        info = self._info(f"{self._contents}/Resources/{name}", _FILE)
        info.file_size = part.size_bytes  # zipfile uses ZIP64 if this is large
        sha256 = hashlib.sha256()
        done = 0
        with part.path.open("rb") as source, self._archive.open(info, "w") as output:
            source.seek(part.offset)
            while chunk := source.read(min(_CHUNK_SIZE, part.size_bytes - done)):
                sha256.update(chunk)
                output.write(chunk)
                done += len(chunk)
                progress.advance(len(chunk))
        if done != part.size_bytes or (part.is_file and part.path.stat().st_size != done):
            raise ModelError(f"{part.path}: changed while it was read", "try again when it is done")
        return Digest(done, sha256.hexdigest(), info.CRC)

    def _info(self, name: str, mode: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._time)
        info.create_system = _UNIX
        info.external_attr = mode << 16
        return info


def _artifact_of_bundle(path: Path) -> Path:
    found = sorted(path.glob("Contents/Resources/*.mkexe"))
    if len(found) != 1:
        raise ArtifactError(
            f"{path}: expected one .mkexe in Contents/Resources, found {len(found)}", "name a file that mkexe made"
        )
    return found[0]


def _open_zip(path: Path, folder: Path) -> Package:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if len(name) <= NAME_SIZE_MAXIMUM]
        found = [match for name in names if (match := _APP_ARTIFACT.fullmatch(name))]
        if len(found) != 1:
            raise ArtifactError(
                f"{path}: is a ZIP without an app that mkexe made", "name the app's ZIP, or a file that mkexe made"
            )
        info = archive.getinfo(found[0][0])
        if info.compress_type not in _ZIP_METHODS or info.flag_bits & _ENCRYPTED:
            raise ArtifactError(f"{path}: {info.filename} is packed in an unusual way", _UNPACK_APP)
        if info.file_size > ARTIFACT_MAXIMUM:
            raise ArtifactError(f"{path}: {info.filename} has {info.file_size} bytes, which is too many", DAMAGED_HINT)
        with archive.open(info) as file:
            artifact = open_small(file.read(ARTIFACT_MAXIMUM), folder / "app")
        return Package((artifact,), dict(_zip_weights(path, archive, found[0][1], artifact)))


def _zip_weights(
    path: Path, archive: zipfile.ZipFile, resources: str, artifact: Artifact
) -> Iterator[tuple[str, ModelFile]]:
    """The weights, which must be stored without compression."""
    names = set(archive.namelist())
    with path.open("rb") as file:
        for record in artifact.manifest.sidecars():
            if resources + record.beside not in names:
                raise ArtifactError(f"{path}: {resources + record.beside} is not in it", DAMAGED_HINT)
            info = archive.getinfo(resources + record.beside)
            if info.compress_type != zipfile.ZIP_STORED:
                raise ArtifactError(f"{path}: {info.filename} is compressed in it", _UNPACK_APP)
            header = b"".join(read_chunks(file, info.header_offset, _LOCAL_HEADER.size))
            offset = info.header_offset + _LOCAL_HEADER.size + sum(_LOCAL_HEADER.unpack(header))
            yield record.beside, sidecar_in(path, record, info.file_size, offset)
