"""Small pictures: sound ones as Pillow writes them, and PNGs put together by hand, which may say what is not true."""

from __future__ import annotations

import io
import zlib

from PIL import Image


def red_picture(width: int, height: int, kind: str = "PNG") -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", (width, height), "#f00").save(packed, kind)
    return packed.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """PNG specification, 5: length, name, data and CRC."""
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def one_pixel_png(width: int = 1, height: int = 1, *more: bytes) -> bytes:
    """A PNG with the pixels of 1 x 1, whatever size it says, and `more` chunks before them."""
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(more) + pixels + png_chunk(b"IEND", b"")
