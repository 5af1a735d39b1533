"""The page's icon, which is always one PNG. A PNG stays as it is, and an SVG is drawn once.

An SVG is untrusted: it may come from somebody else's artifact. resvg runs no scripts and downloads nothing, but it
reads files that an <image> refers to. So this module checks the references, and a process with limits draws
(drawing.py).
"""

from __future__ import annotations

import functools
import io
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path
from xml.parsers import expat

from mkexe.base import process
from mkexe.base.bounded_read import read_small_file, reason
from mkexe.errors import UsageError

ICON_FILE = "favicon.png"  # its name in the page
SIZE_MAXIMUM = 1_000_000
EDGE = 512  # pixels of a drawn icon: for browsers, home screens and a macOS app
DRAWING_LIMIT_S = 30.0

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"  # Pillow does not check that this chunk is complete
_PNG_EDGE_MAXIMUM = 2048
_SVG_NAMESPACE = "http://www.w3.org/2000/svg"
# a reference to something in the document, or an image inside it
_INNER = re.compile(r"\s*(#|data:image/(png|jpeg|gif|webp)[;,])", re.IGNORECASE)
_NO_TEXT = "text is not drawn, because fonts differ from one computer to the next"
_HOW_SVG = "save it as a plain SVG, or as a PNG"


def read_icon(path: Path, label: str) -> bytes:
    """The PNG for an icon file. Raises UsageError, which begins with `label` and names the line in an SVG."""
    try:
        data = read_small_file(path, SIZE_MAXIMUM + 1)
    except OSError as error:
        raise UsageError(f"{label}: {path}: {reason(error)}", "name an SVG or PNG file") from error
    if path.suffix.lower() == ".png" and not data.startswith(_PNG_SIGNATURE):
        raise UsageError(f"{label}: {path}: expected a PNG, found {data[:8]!r}", "save the picture as a PNG")
    return to_png(data, f"{label}: {path}")


@functools.lru_cache(maxsize=4)
def to_png(data: bytes, label: str, limit_s: float = DRAWING_LIMIT_S) -> bytes:
    """Return a PNG unchanged, and draw an SVG. Raises UsageError, which begins with `label`, for other data.

    Drawing stops after `limit_s` seconds. Results are cached, because a preview asks for them again and again.
    """
    if len(data) > SIZE_MAXIMUM:
        raise UsageError(f"{label}: an icon may have {SIZE_MAXIMUM} bytes, this one has more", "make it smaller")
    if data.startswith(_PNG_SIGNATURE):
        _check_png(data, label)
        return data
    _SvgCheck(label).run(data)
    return _square(_draw(data, label, limit_s), label)


def _check_png(data: bytes, label: str) -> None:
    from PIL import Image  # slow to import

    found = "many more"
    try:
        width, height = _decode_png(data)
        found = f"{width} x {height}"
        too_large = max(width, height) > _PNG_EDGE_MAXIMUM
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        too_large = True
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise UsageError(f"{label}: the PNG is damaged or incomplete", "save the picture anew") from error
    if too_large:
        message = f"{label}: expected 1 to {_PNG_EDGE_MAXIMUM} pixels a side, found {found}"
        raise UsageError(message, "make it smaller")


def _decode_png(data: bytes) -> tuple[int, int]:
    """Check all chunks and all rows with Pillow, unless there are too many pixels. Returns width and height."""
    from PIL import Image  # slow to import

    bombs_are_errors = warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning)
    with bombs_are_errors, Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        size = image.size
        image.verify()
    if _PNG_END not in data:
        raise ValueError("the last chunk is incomplete")
    if max(size) <= _PNG_EDGE_MAXIMUM:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.load()
    return size


def _draw(data: bytes, label: str, limit_s: float) -> bytes:
    """Draw an SVG with drawing.py; raises UsageError with the reason if that fails."""
    with tempfile.TemporaryDirectory(prefix="mkexe-icon-") as name:
        folder = Path(name)
        source, output = folder / "icon.svg", folder / "icon.png"
        source.write_bytes(data)
        program = Path(__file__).with_name("drawing.py")
        # -P: do not import modules from the program's folder
        command: list[str | Path] = [sys.executable, "-P", program, source, output, str(EDGE)]
        env = process.base_environment(PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
        try:
            process.run(command, log_path=folder / "log.txt", cwd=folder, env=env, timeout_s=limit_s)
        except process.ProcessFailed as error:
            raise UsageError(f"{label}: the SVG cannot be drawn: {_reason(error, limit_s)}", _HOW_SVG) from error
        return output.read_bytes()


def _reason(error: process.ProcessFailed, limit_s: float) -> str:
    if error.timed_out:
        return f"drawing takes longer than {limit_s:g} seconds"
    if error.returncode == 1 and error.tail.strip():
        return error.tail.strip().splitlines()[-1]
    return f"resvg ended with {process.describe_status(error.returncode)}; it nests too deep or takes too much memory"


def _square(drawn: bytes, label: str) -> bytes:
    """Centre the picture in a square; the border is transparent."""
    from PIL import Image  # slow to import

    with Image.open(io.BytesIO(drawn), formats=["PNG"]) as image:
        picture = image.convert("RGBA")
    if picture.getbbox() is None:
        raise UsageError(f"{label}: the SVG draws nothing: the picture is empty", "check its viewBox")
    square = Image.new("RGBA", (EDGE, EDGE))
    square.paste(picture, ((EDGE - picture.width) // 2, (EDGE - picture.height) // 2))
    packed = io.BytesIO()
    square.save(packed, "PNG", optimize=True)
    return packed.getvalue()


class _SvgCheck:
    """Reads an SVG once, and refuses the first reference to anything outside it."""

    def __init__(self, label: str) -> None:
        self._label = label
        # resvg always reads UTF-8, whatever the document declares, so this parser must do the same
        self._parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self._parser.StartElementHandler = self._on_element
        self._parser.EntityDeclHandler = self._on_entity
        self._seen_root = False

    def run(self, data: bytes) -> None:
        """Raise UsageError for the first thing that is not allowed."""
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            message = f"{self._label}, line {error.lineno}: expected an SVG, found {expat.ErrorString(error.code)}"
            raise UsageError(message, "name an SVG or PNG file") from error

    def _refuse(self, what: str, hint: str = _HOW_SVG) -> None:
        raise UsageError(f"{self._label}, line {self._parser.CurrentLineNumber}: {what}", hint)

    def _on_element(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition(" ")
        if not self._seen_root and (namespace, name) != (_SVG_NAMESPACE, "svg"):
            self._refuse(f"expected <svg xmlns={_SVG_NAMESPACE!r}>, found <{name}>")
        self._seen_root = True
        if (namespace, name) == (_SVG_NAMESPACE, "text"):
            self._refuse(_NO_TEXT, "turn the text into paths")
        for key, value in attributes.items():
            if name != "a" and key.rpartition(" ")[2].lower() == "href" and not _INNER.match(value):
                self._refuse(f'the external reference href="{value[:60]}" of <{name}> is not allowed in an icon')

    def _on_entity(self, name: str, *_: object) -> None:
        self._refuse(f"the entity {name!r} is not allowed in an icon")
