"""Write a macOS app: NAME.app in a ZIP that keeps the run bit (Apple's Bundle Programming Guide).

Its layout is one that can be signed: nothing but Contents at the top, nothing but the program in MacOS, everything else
in Resources (Apple's Technical Note TN2206, "Nested Code"). The program finds the artifact there (docs/FORMAT.md).
"""

from __future__ import annotations

import hashlib
import io
import plistlib
import re
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from mkexe.base.copying import Digest
from mkexe.base.reporter import Progress
from mkexe.binfmt.universal import compose_universal
from mkexe.errors import ModelError
from mkexe.models.records import ModelFile

ARTIFACT_SUFFIX = ".mkexe"
_CHUNK_SIZE = 8 * 1024 * 1024  # bytes
_UNIX = 3  # APPNOTE.TXT 4.4.2: the upper half of the attributes is st_mode
_FILE, _PROGRAM, _FOLDER = 0o100644, 0o100755, 0o040755
_ICON_EDGE = 1024  # pixels; the largest size that an .icns has

# the artifact, once it is known what the weights are
MakeArtifact = Callable[[tuple[Digest, ...]], bytes]


@dataclass(frozen=True)
class AppFacts:
    """What a bundle is made from.

    `programs` are Mach-O files for different processors, `icon` a good PNG, `created` seconds since 1970, `minimum` the
    oldest macOS, such as 11.0.
    """

    name: str
    title: str
    created: int
    minimum: str
    programs: list[bytes]
    icon: bytes


def write_app(
    facts: AppFacts,
    weights: tuple[tuple[str, ModelFile], ...],
    artifact: MakeArtifact,
    output: BinaryIO,
    progress: Progress,
) -> tuple[Digest, ...]:
    """Write the ZIP into the empty, seekable file `output`; `weights` are files with their names.

    `progress` gets the bytes of weights written. Returns what they were. Raises ModelError where a file changes
    meanwhile, OSError where writing fails.
    """
    contents = f"{facts.name}.app/Contents"
    parts = []
    with zipfile.ZipFile(output, "w") as archive:
        bundle = _Bundle(archive, facts.created)
        for folder in (f"{facts.name}.app/", f"{contents}/", f"{contents}/MacOS/", f"{contents}/Resources/"):
            bundle.add(folder, b"", _FOLDER)
        bundle.add(f"{contents}/Info.plist", plistlib.dumps(info_plist(facts)), _FILE)
        bundle.add(f"{contents}/MacOS/{facts.name}", compose_universal(facts.programs), _PROGRAM)
        bundle.add(f"{contents}/Resources/{facts.name}.icns", make_icns(facts.icon), _FILE)
        for name, part in weights:
            parts.append(bundle.copy(f"{contents}/Resources/{name}", part, progress))
        bundle.add(f"{contents}/Resources/{facts.name}{ARTIFACT_SUFFIX}", artifact(tuple(parts)), _FILE)
    return tuple(parts)


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
    """An .icns with all sizes from 32 to 1024 pixels, of a PNG; what is not square gets a clear border."""
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

    def __init__(self, archive: zipfile.ZipFile, created: int) -> None:
        self._archive = archive
        self._time = time.gmtime(max(created, 315532800))[:6]  # ZIP's times begin in 1980

    def add(self, name: str, data: bytes, mode: int) -> None:
        self._archive.writestr(self._info(name, mode), data)

    def copy(self, name: str, part: ModelFile, progress: Progress) -> Digest:
        """Store a part of a model, hashing it on the way."""
        info = self._info(name, _FILE)
        info.file_size = part.size_bytes  # so that it is known whether ZIP64 is needed
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
