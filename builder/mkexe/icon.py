"""The page's icon as a builder gives it: an SVG that can do nothing but be drawn, or a PNG.

An SVG is a document with scripts and links, and the page's server hands it out: what could run or load something is
refused. The list of what can is from https://www.w3.org/TR/SVG2/ (scripting, linking) and /TR/SVG11/animate.html.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from xml.parsers import expat

from mkexe.errors import UsageError
from mkexe.model import Icon
from mkexe.small_file import read_small_file

SVG_SIZE_MAXIMUM = 256 * 1024
PNG_SIZE_MAXIMUM = 1_000_000

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_EDGE_MAXIMUM = 2048
_SVG_NAMESPACE = "http://www.w3.org/2000/svg"
_HOW_SVG = "save it as a plain SVG without scripts and links, or as a PNG"
_ACTIVE_ELEMENTS = frozenset(
    {"script", "foreignobject", "iframe", "object", "embed", "audio", "video", "handler", "listener", "a"}
)
# an address that stays inside the document, or an image inside it
_INNER = re.compile(r"\s*(#|data:image/(png|jpeg|gif|webp)[;,])", re.IGNORECASE)
_URL = re.compile(r"url\s*\(\s*[\"']?\s*([^)\"']*)", re.IGNORECASE)


def read_icon(path: Path, label: str) -> Icon:
    """Read and check an icon file; raises UsageError, which begins with `label`, and names the place in an SVG."""
    try:
        data = read_small_file(path, PNG_SIZE_MAXIMUM + 1)
    except OSError as error:
        raise UsageError(f"{label}: {path}: {error.strerror}", "name an SVG or PNG file") from error
    if path.suffix.lower() == ".png" and not data.startswith(_PNG_SIGNATURE):
        raise UsageError(f"{label}: {path}: expected a PNG, found {data[:8]!r}", "save the picture as a PNG")
    check_icon(data, f"{label}: {path}")
    return Icon("favicon.png" if data.startswith(_PNG_SIGNATURE) else "favicon.svg", data)


def check_icon(data: bytes, label: str) -> None:
    """Raise UsageError, which begins with `label`, for what is neither a PNG nor a harmless SVG."""
    if data.startswith(_PNG_SIGNATURE):
        _check_png(data, label)
    else:
        _check_svg(data, label)


def _check_png(data: bytes, label: str) -> None:
    """Walk the chunks (https://www.w3.org/TR/png-3/#5Chunk-layout) to the last one."""
    if len(data) > PNG_SIZE_MAXIMUM:
        raise UsageError(f"{label}: a PNG may have {PNG_SIZE_MAXIMUM} bytes, this one has more", "make it smaller")
    broken = UsageError(f"{label}: the PNG is damaged or incomplete", "save the picture anew")
    position = len(_PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        size = int.from_bytes(data[position : position + 4], "big")
        end = position + 12 + size
        checked = data[position + 4 : end - 4]
        if end > len(data) or zlib.crc32(checked) != int.from_bytes(data[end - 4 : end], "big"):
            raise broken
        if (kind == b"") != (checked[:4] == b"IHDR"):
            raise broken
        kind = checked[:4]
        position = end
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if not (0 < width <= _PNG_EDGE_MAXIMUM and 0 < height <= _PNG_EDGE_MAXIMUM):
        message = f"{label}: expected 1 to {_PNG_EDGE_MAXIMUM} pixels a side, found {width} x {height}"
        raise UsageError(message, "make it smaller")


def _check_svg(data: bytes, label: str) -> None:
    if len(data) > SVG_SIZE_MAXIMUM:
        raise UsageError(f"{label}: an SVG may have {SVG_SIZE_MAXIMUM} bytes, this one has more", "simplify it")
    _SvgCheck(label).run(data)


class _SvgCheck:
    """Reads an SVG once and stops at the first thing that could run or load something."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._on_element
        self._parser.EndElementHandler = self._on_end
        self._parser.CharacterDataHandler = self._on_text
        self._parser.ProcessingInstructionHandler = self._on_instruction
        self._parser.EntityDeclHandler = self._on_entity
        self._open: list[str] = []
        self._style: list[str] = []
        self._seen_root = False

    def run(self, data: bytes) -> None:
        """Raise UsageError for the first thing that is not allowed."""
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            message = f"{self._label}, line {error.lineno}: expected an SVG, found {expat.ErrorString(error.code)}"
            raise UsageError(message, "name an SVG or PNG file") from error

    def _refuse(self, what: str) -> None:
        raise UsageError(f"{self._label}, line {self._parser.CurrentLineNumber}: {what}", _HOW_SVG)

    def _on_element(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition(" ")
        if not self._seen_root and (namespace, name) != (_SVG_NAMESPACE, "svg"):
            self._refuse(f"expected <svg xmlns={_SVG_NAMESPACE!r}>, found <{name}>")
        self._seen_root = True
        self._open.append(name.lower())
        if name.lower() in _ACTIVE_ELEMENTS:
            self._refuse(f"<{name}> is not allowed in an icon")
        for key, value in attributes.items():
            self._check_attribute(name, key.rpartition(" ")[2].lower(), value)

    def _check_attribute(self, element: str, key: str, value: str) -> None:
        where = f'{key}="{value[:60]}" of <{element}>'
        if key.startswith("on"):
            self._refuse(f"the event attribute {where} is not allowed in an icon")
        if key in ("href", "src", "base") and not _INNER.match(value):
            self._refuse(f"the external reference {where} is not allowed in an icon")
        if key == "attributename" and value.rpartition(":")[2].strip().lower() in ("href", "src"):
            self._refuse(f"the animated reference {where} is not allowed in an icon")
        if "javascript:" in re.sub(r"\s", "", value).lower():
            self._refuse(f"the script in {where} is not allowed in an icon")
        self._check_style(value, where, escapes=key == "style" or "(" in value)

    def _check_style(self, text: str, where: str, escapes: bool) -> None:
        """CSS may quote an address with url(), @import and image-set(), and hide these behind backslashes."""
        if any(not _INNER.match(address) for address in _URL.findall(text)):
            self._refuse(f"the external reference in {where} is not allowed in an icon")
        if escapes and re.search(r"\\|@import|image-set", text, re.IGNORECASE):
            self._refuse(f"@import, image-set and backslashes in {where} are not allowed in an icon")

    def _on_end(self, _: str) -> None:
        if self._open.pop() == "style":
            self._check_style("".join(self._style), "<style>", escapes=True)
            self._style.clear()

    def _on_text(self, text: str) -> None:
        """Collected, because a comment or a CDATA section may stand in the middle of a word."""
        if "style" in self._open:
            self._style.append(text)

    def _on_instruction(self, target: str, _: str) -> None:
        self._refuse(f"<?{target} ...?> is not allowed in an icon")

    def _on_entity(self, name: str, *_: object) -> None:
        self._refuse(f"the entity {name!r} is not allowed in an icon")
