"""Recognise files that do not begin with the GGUF magic."""

from __future__ import annotations

from pathlib import Path

from mkexe.errors import ModelError
from mkexe.models.gguf.messages import FETCH_AGAIN, file_name, shown

MAGIC = b"GGUF"
PROBE_BYTES = 4096

CONVERT = "convert the model to GGUF (llama.cpp's convert_hf_to_gguf.py) or download a GGUF of it"
RECONVERT = "download a newer GGUF of the model, or convert the original model again"
UNPACK = "unpack it and give the .gguf file inside"
REAL_LINK = "download the file itself: its page has a download link"
GIVE_MODEL = "give the .gguf file that the program was made from"

PREFIXES: tuple[tuple[bytes, str, str], ...] = (
    (b"FUGG", "a GGUF with its bytes in big-endian order", "convert it to little-endian (gguf-convert-endian)"),
    (b"lmgg", "a GGML file, the format before GGUF", RECONVERT),
    (b"fmgg", "a GGMF file, a format before GGUF", RECONVERT),
    (b"tjgg", "a GGJT file, the format before GGUF", RECONVERT),
    (b"algg", "a GGLA file, a LoRA adapter in a format before GGUF", RECONVERT),
    (b"ggml", "a GGML file in big-endian order", RECONVERT),
    (b"ggjt", "a GGJT file in big-endian order", RECONVERT),
    (b"MZmkexe=", "an executable that mkexe wrote", GIVE_MODEL),
    (b"MZ", "a Windows executable", GIVE_MODEL),
    (b"\x7fELF", "a Linux executable", GIVE_MODEL),
    (b"\xcf\xfa\xed\xfe", "a macOS executable", GIVE_MODEL),
    (b"\xca\xfe\xba\xbe", "a macOS executable", GIVE_MODEL),
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for", "run: git lfs pull"),
    (b"\x80\x02", "a PyTorch pickle", CONVERT),
    (b"\x89HDF", "an HDF5 file", CONVERT),
    (b"\x93NUMPY", "a NumPy array", CONVERT),
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"\xfd7zXZ", "an xz archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
)


def not_a_gguf(path: Path, head: bytes) -> ModelError:
    """Return the error for a file that begins with `head` (up to `PROBE_BYTES`) and not with the GGUF magic."""
    kind, hint = identify(head)
    found = f"{shown(head[:4].decode('latin-1'))}: it is {kind}" if kind else shown(head[:4].decode("latin-1"))
    return ModelError(f"{file_name(path)} is not a GGUF: expected 'GGUF' at byte 0, found {found}.", hint)


def identify(head: bytes) -> tuple[str, str]:
    """Return what a file is, judged by its first bytes, and a hint; the first is '' if it is not known."""
    for prefix, kind, hint in PREFIXES:
        if head.startswith(prefix):
            return kind, hint
    for guess in (_zeros, _zip, _safetensors, _tar, _text):
        found = guess(head)
        if found is not None:
            return found
    return "", f"give a model in the GGUF format; if this file should be a GGUF, {FETCH_AGAIN}"


def _zeros(head: bytes) -> tuple[str, str] | None:
    if head.strip(b"\0"):
        return None
    return "a file that begins with zeros, perhaps an unfinished download", FETCH_AGAIN


def _zip(head: bytes) -> tuple[str, str] | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    if b"data.pkl" in head:
        return "a PyTorch checkpoint", CONVERT
    return "a ZIP archive", UNPACK


def _safetensors(head: bytes) -> tuple[str, str] | None:
    """Recognise eight bytes of header length followed by a JSON object (the safetensors format description)."""
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        return "a safetensors file", CONVERT
    return None


def _tar(head: bytes) -> tuple[str, str] | None:
    return ("a tar archive", UNPACK) if head[257:262] == b"ustar" else None


def _text(head: bytes) -> tuple[str, str] | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "a web page, not the file behind the link", REAL_LINK
    if start.startswith(b"#!"):
        return ("an executable that mkexe wrote", GIVE_MODEL) if b"mkexe" in head else ("a script", GIVE_MODEL)
    if start.startswith((b"{", b"[")):
        return "a JSON text, perhaps a server's error message", REAL_LINK
    try:
        line = head[:PROBE_BYTES].decode("ascii")
    except UnicodeDecodeError:
        return None
    if not line.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable():
        return None
    return f"a text that begins with {shown(line.strip())}", REAL_LINK
