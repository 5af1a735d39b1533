"""Damaged and hostile artifacts, made from good ones: what a flaky disk does, and who knows the format.

Hashes that would hide the damage from who parses it are computed anew. Every case follows from its number.
"""

from __future__ import annotations

import copy
import functools
import gzip
import hashlib
import io
import json
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkexe.artifact import superblock

# texts and numbers that a writer of manifests could choose; JSON as it is written
HOSTILE = [
    "null", "true", "-1", "0", "1", "4095", "4096", "9223372036854775807", "18446744073709551615",
    "18446744073709551616", "1" + "0" * 5000, "1e400", "1.5", '""', '"."', '".."', '"/"', '"../../escaped"',
    '"/tmp/escaped"', '"C:\\\\escaped"', '"a/../../escaped"', '"models/../../../escaped"', '"a\\u0000b"', '"\\ud800"',
    '"\\u001b[2J\\u009b31m\\u202ereversed"', '"line\\nReady."', json.dumps("x" * 70_000), json.dumps("é" * 600),
    '"manifest.json"', '"models/small.gguf"', '"sbom.cdx.json"', '"linux-x86_64"', '"beos-m68k"', '"con"', "[]", "{}",
    "[1]", '{"a": 1}', "[" * 900 + "]" * 900, '"' + "0" * 64 + '"', '"2023-13-45T00:00:00Z"', '"0001-01-01T00:00:00Z"',
    '"projector"', '"[/red]:smile:"',
]  # fmt: skip
_MARK = "\ufdd0{}\ufdd1"  # stands for a hostile text until the JSON is written


@dataclass(frozen=True)
class Case:
    """One damaged file: `name` says how it was made, `kind` what it is, `data` what is in it."""

    name: str
    kind: str
    data: bytes


@dataclass(frozen=True)
class Good:
    """The good files: an artifact with everything inside, one with the weights beside it, an app, an image."""

    whole: bytes
    pair: bytes
    weights: bytes
    app: bytes
    image: bytes


def make_cases(good: Good, count: int) -> Iterator[Case]:
    """So many cases, of all kinds in turn."""
    kinds: list[tuple[str, Callable[[random.Random], bytes]]] = [
        ("whole", lambda rng: flipped(good.whole, rng)),
        ("whole", lambda rng: with_superblock_field(good.whole, rng)),
        ("whole", lambda rng: with_manifest_value(good.whole, rng)),
        ("whole", lambda rng: with_manifest_value(good.whole, rng)),
        ("whole", lambda rng: with_manifest_text(good.whole, rng)),
        ("whole", lambda rng: with_pack(good.whole, rng)),
        ("whole", lambda rng: with_small_file(good.whole, rng)),
        ("whole", lambda rng: flipped(good.whole, rng, end=4096)),
        ("pair", lambda rng: with_manifest_value(good.pair, rng)),
        ("app", lambda rng: flipped(good.app, rng, begin=max(0, good.app.rfind(b"PK\x01\x02") - 200))),
        ("app", lambda rng: app_of(with_manifest_value(good.pair, rng), good.weights)),
        ("image", lambda rng: with_tar_header(good.image, rng)),
        ("image", lambda rng: with_image_json(good.image, rng)),
    ]
    for number in range(count):
        kind, make = kinds[number % len(kinds)]
        yield Case(f"{number}", kind, make(random.Random(number)))


def flipped(data: bytes, rng: random.Random, begin: int = 0, end: int | None = None) -> bytes:
    """Bits turned, bytes overwritten, or the end cut off; nothing else is made to fit."""
    end = len(data) if end is None else end
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(begin, end)
        how = rng.randrange(4)
        if how == 0:
            damaged[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            some = rng.choice([b"\0", b"\xff", b"\x80"]) * rng.choice([1, 2, 4, 8])
            damaged[at : at + len(some)] = some
        elif how == 2:
            damaged[at:at] = rng.randbytes(rng.randint(1, 16))
        elif rng.randrange(4) == 0:
            del damaged[at:]
            return bytes(damaged)
    return bytes(damaged)


# artifacts


def resealed(data: bytes, **fields: bytes) -> bytes:
    """The superblock's fields (name=offset in it) changed, head hash and checksum that fit."""
    offsets = {"manifest_offset": 16, "manifest_size": 24, "manifest_sha256": 32, "directory": 64, "size": 72}
    changed = bytearray(data)
    start = data.index(superblock.MAGIC)
    for name, packed in fields.items():
        at = start + offsets.get(name, 0) if name in offsets else start + int(name.removeprefix("at"))
        changed[at : at + len(packed)] = packed
    if "at80" not in fields:
        changed[start + 80 : start + 112] = superblock.hash_head(bytes(changed[:4096]), start)
    changed[start + 112 : start + 128] = hashlib.sha256(changed[start : start + 112]).digest()[:16]
    return bytes(changed)


def with_superblock_field(data: bytes, rng: random.Random) -> bytes:
    """One or two numbers of the superblock changed, with a checksum that fits."""
    values = [0, 1, 4095, 4096, len(data) - 1, len(data), len(data) + 1, 1 << 31, 1 << 63, (1 << 64) - 1]
    fields = {}
    for _ in range(rng.randint(1, 2)):
        fields[f"at{rng.choice([16, 24, 64, 72])}"] = struct.pack("<Q", rng.choice(values))
    if rng.randrange(4) == 0:
        fields[f"at{rng.choice([8, 10, 12, 80])}"] = rng.randbytes(2)
    return resealed(data, **fields)


def manifest_of(data: bytes) -> tuple[int, int, dict[str, Any]]:
    """Where the manifest lies, and what it says."""
    start = data.index(superblock.MAGIC)
    offset, size = struct.unpack_from("<QQ", data, start + 16)
    return offset, size, json.loads(data[offset : offset + size])


def with_text(data: bytes, text: bytes) -> bytes:
    """The artifact with another manifest, and everything that quotes it."""
    offset, size, _ = manifest_of(data)
    directory = data[offset + size :]
    return resealed(
        data[:offset] + text + directory,
        manifest_size=struct.pack("<Q", len(text)),
        manifest_sha256=hashlib.sha256(text).digest(),
        directory=struct.pack("<Q", offset + len(text)),
        size=struct.pack("<Q", offset + len(text) + len(directory)),
    )


def with_manifest_value(data: bytes, rng: random.Random) -> bytes:
    """One to three values of the manifest replaced, removed, doubled or taken from elsewhere in it."""
    document = manifest_of(data)[2]
    return with_text(data, changed_json(document, rng).encode("utf-8", "surrogatepass"))


def with_manifest_text(data: bytes, rng: random.Random) -> bytes:
    """A manifest that is not JSON, not UTF-8, or is JSON of an unusual kind."""
    offset, size, document = manifest_of(data)
    text = data[offset : offset + size]
    at = rng.randrange(size)
    return with_text(
        data,
        rng.choice(
            [
                text[:at], text[:at] + b"\xff" + text[at:], b"\xef\xbb\xbf" + text, text.decode().encode("utf-16"),
                text.replace(b"null", b"NaN", 1), b"[" * 100_000, b"{" * 50, b"", b"null", b'"text"', b"\0" * 100,
                text[:at] + bytes([text[at] ^ 1 << rng.randrange(8)]) + text[at + 1 :],
                b'{"a":' * 2000 + b"1" + b"}" * 2000, json.dumps([document] * 3).encode(), text + b"x",
            ]
        ),
    )  # fmt: skip


def changed_json(document: object, rng: random.Random) -> str:
    """JSON text of the document with hostile values in some places."""
    document = copy.deepcopy(document)
    marks: dict[str, str] = {}
    for _ in range(rng.randint(1, 3)):
        places = list(_places(document))
        if not places:
            break
        holder, key = rng.choice(places)
        how = rng.randrange(6)
        if how == 0:
            del holder[key]
        elif how == 1 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif how == 2:
            other, other_key = rng.choice(places)
            holder[key] = copy.deepcopy(other[other_key])
        else:
            mark = _MARK.format(len(marks))
            marks[mark] = rng.choice(HOSTILE)
            holder[key] = mark
    text = json.dumps(document, indent=1, ensure_ascii=False)
    for mark, value in marks.items():
        text = text.replace(f'"{mark}"', value)
    return text


def _places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every member and element, as what holds it and its key."""
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, element in list(found):
        yield value, key
        yield from _places(element)


@functools.cache
def _bomb() -> bytes:
    return lzma.compress(bytes(50 << 20), lzma.FORMAT_XZ, preset=0)


def with_pack(data: bytes, rng: random.Random) -> bytes:
    """A pack that is damaged or another stream, with hashes that fit."""
    document = manifest_of(data)[2]
    item = rng.choice(document["packs"])
    stream = data[item["offset"] : item["offset"] + item["size"]]
    streams = [
        flipped(stream, rng)[: len(stream)].ljust(len(stream), b"\0"),
        _bomb(),
        lzma.compress(b"short", lzma.FORMAT_ALONE, preset=0),
        lzma.compress(b"another", lzma.FORMAT_XZ, preset=0),
        stream[: len(stream) // 2],
        _with_dictionary(stream, 40),
        b"",
    ]
    stored = streams[0] if rng.randrange(3) else rng.choice(streams)
    return with_content(data, document, item, stored)


def _with_dictionary(stream: bytes, size_code: int) -> bytes:
    """A stream whose block asks for a dictionary of up to 4 GiB (The .xz File Format, 5.3.1), with a CRC that fits."""
    at = stream.index(b"\x21\x01", 12)
    header = stream[12 : 12 + (stream[12] + 1) * 4 - 4]
    header = header[: at - 12 + 2] + bytes([size_code]) + header[at - 12 + 3 :]
    return stream[:12] + header + struct.pack("<I", zlib.crc32(header)) + stream[12 + len(header) + 4 :]


def with_content(data: bytes, document: dict[str, Any], item: dict[str, Any], stored: bytes) -> bytes:
    """The artifact with other bytes in a range of its, which `item` of its `document` describes."""
    stored = stored[: item["size"]]
    begin = item["offset"]
    item |= {"size": len(stored), "sha256": hashlib.sha256(stored).hexdigest(), "crc32": zlib.crc32(stored)}
    data = data[:begin] + stored + data[begin + len(stored) :]
    return with_text(data, json.dumps(document, ensure_ascii=False).encode())


def with_small_file(data: bytes, rng: random.Random) -> bytes:
    """Another bill of materials, page or icon, with hashes that fit."""
    document = manifest_of(data)[2]
    item = rng.choice(document["files"])
    content = data[item["offset"] : item["offset"] + item["size"]]
    if item["entry"] == "sbom.cdx.json" and rng.randrange(2):
        stored = changed_json(json.loads(content), rng).encode("utf-8", "surrogatepass")
    elif item["entry"].endswith(".gz"):
        stored = rng.choice([gzip.compress(bytes(20 << 20)), flipped(content, rng), b"\x1f\x8b", gzip.compress(b"x")])
    else:
        stored = rng.choice([flipped(content, rng), b"\xff" * len(content), b"", b"[" * len(content)])
    return with_content(data, document, item, stored)


# apps and images


def app_of(artifact: bytes, weights: bytes) -> bytes:
    """The ZIP of an app with this artifact."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("small.app/Contents/Resources/small.gguf", weights)
        archive.writestr("small.app/Contents/Resources/small.mkexe", artifact)
    return output.getvalue()


def with_tar_header(data: bytes, rng: random.Random) -> bytes:
    """A field of one of an image's tar headers changed, those inside of its layers too, with a checksum that fits."""
    places = [at for at in range(0, len(data) - 512, 512) if data[at + 257 : at + 262] == b"ustar"]
    changed = bytearray(data)
    for _ in range(rng.randint(1, 2)):
        at = rng.choice(places)
        offset, size = rng.choice([(0, 100), (124, 12), (156, 1), (257, 8), (345, 155)])
        values = [
            b"77777777777\0", b"\x80" + b"\xff" * 11, b"\xff" * 12, b"\x80" + bytes(7) + b"\xff\xff\xff\xff", b"-1\0",
            b"x", b"g", b"L", b"K", b"S", b"1", b"5", b"\xff\xfe", b"../../escaped\0", b"/escaped\0", b"index.json\0",
            rng.randbytes(size),
        ]  # fmt: skip
        some = rng.choice(values)[:size]
        changed[at + offset : at + offset + len(some)] = some
        changed[at + 148 : at + 156] = b" " * 8
        changed[at + 148 : at + 156] = b"%06o\0 " % sum(changed[at : at + 512])
    if rng.randrange(8) == 0:
        del changed[rng.randrange(len(changed)) :]
    return bytes(changed)


def with_image_json(data: bytes, rng: random.Random) -> bytes:
    """One of an image's JSON files with hostile values; nothing compares their digests."""
    output = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as source, tarfile.open(fileobj=output, mode="w") as target:
        members = [(member, source.extractfile(member)) for member in source.getmembers()]
        contents = [(member, file.read() if file else b"") for member, file in members]
        chosen = rng.choice([member.name for member, content in contents if content.startswith(b"{")])
        for member, content in contents:
            if member.name == chosen:
                changed = changed_json(json.loads(content), rng).encode("utf-8", "surrogatepass")
                content = rng.choice([changed] * 8 + [b"[" * 100_000, content[:-9], b"\xff", b"[]"])
                member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    return output.getvalue()


def write_case(case: Case, good: Good, folder: Path) -> Path:
    """Write the file, and for one with weights beside it those too."""
    path = folder / {"whole": "whole", "pair": "pair", "app": "small.app.zip", "image": "small.oci.tar"}[case.kind]
    path.write_bytes(case.data)
    if case.kind == "pair":
        (folder / "pair.gguf").write_bytes(good.weights)
    return path
