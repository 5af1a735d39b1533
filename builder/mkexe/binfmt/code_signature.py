"""Ad-hoc code signatures of Mach-O executables: read them, and compute their hashes again.

Names and numbers are those of xnu's osfmk/kern/cs_blobs.h.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from mkexe.binfmt.fields import check, check_range, unpack
from mkexe.binfmt.macho import CPU_TYPE_ARM64, read_macho_layout
from mkexe.errors import AuditError

CSMAGIC_EMBEDDED_SIGNATURE = 0xFADE0CC0
CSMAGIC_CODEDIRECTORY = 0xFADE0C02
CSSLOT_CODEDIRECTORY = 0
CSSLOT_ALTERNATE_CODEDIRECTORIES = range(0x1000, 0x1005)
CS_ADHOC = 0x2
CS_HASHTYPE_SHA256 = 2
CS_HASH_SIZE_SHA256 = 32
CS_SUPPORTSCODELIMIT64 = 0x20300
CODE_DIRECTORY_SIZE = 44  # up to spare2 inclusive, as in the oldest version


@dataclass(frozen=True)
class CodeDirectory:
    """One CodeDirectory of a signature; offsets count from the start of the file."""

    offset: int
    flags: int
    hashes_offset: int  # of the first page's hash
    hash_count: int
    code_limit: int
    page_shift: int  # log2 of the page size


def rehash_code_signature(image: bytes) -> bytes:
    """Recompute the page hashes in every CodeDirectory of an ad-hoc signature. An unsigned image stays unchanged.

    Special slots (such as entitlements) hash other blobs and do not change. Raises AuditError if a certificate signed
    the CodeDirectory, because that signature would no longer match, and for hashes other than SHA-256.
    """
    result = bytearray(image)
    for directory in read_code_directories(image):
        for index, digest in enumerate(_page_hashes(image, directory)):
            start = directory.hashes_offset + CS_HASH_SIZE_SHA256 * index
            result[start : start + CS_HASH_SIZE_SHA256] = digest
    return bytes(result)


def verify_code_signature(image: bytes) -> list[str]:
    """Return the errors in the code signature, an empty list if there are none. A damaged file raises no exception.

    Each page is hashed again, and each CodeDirectory must cover all bytes before the signature. macOS on arm64 does not
    start unsigned code; an unsigned x86-64 image is valid.
    """
    try:
        layout = read_macho_layout(image)
        directories = read_code_directories(image)
    except AuditError as error:
        return [error.message]
    if layout.code_signature is None:
        return ["no code signature: arm64 macOS kills unsigned code"] if layout.cpu_type == CPU_TYPE_ARM64 else []
    return [line for directory in directories for line in _verify(image, layout.code_signature[0], directory)]


def read_code_directories(image: bytes) -> tuple[CodeDirectory, ...]:
    """Read all CodeDirectories of the embedded signature (cs_blobs.h: CS_SuperBlob, CS_BlobIndex, CS_CodeDirectory).

    An unsigned image has none. Raises AuditError for a damaged signature, a hash that is not SHA-256, and a signature
    that is not ad hoc.
    """
    signature = read_macho_layout(image).code_signature
    if signature is None:
        return ()
    start, size = signature
    magic, length, count = unpack(">3I", image, start, "code signature")
    check(
        magic == CSMAGIC_EMBEDDED_SIGNATURE, "code signature magic", start, hex(CSMAGIC_EMBEDDED_SIGNATURE), hex(magic)
    )
    check(length <= size, "code signature length", start + 4, f"at most {size}", length)
    check_range(image[: start + length], start + 12, 8 * count, "code signature index")
    directories = []
    for index in range(count):
        slot, offset = unpack(">2I", image, start + 12 + 8 * index, "code signature index")
        if slot == CSSLOT_CODEDIRECTORY or slot in CSSLOT_ALTERNATE_CODEDIRECTORIES:
            directories.append(_read_code_directory(image[: start + length], start + offset))
    check(bool(directories), "code signature", start, "a CodeDirectory", "none")
    return tuple(directories)


def _read_code_directory(signature: bytes, offset: int) -> CodeDirectory:
    """Read a CS_CodeDirectory; `signature` is the file up to the signature's end."""
    check_range(signature, offset, CODE_DIRECTORY_SIZE, "CodeDirectory")
    fields = unpack(">9I4B", signature, offset, "CodeDirectory")
    magic, length, version, flags, hash_offset, _, _, hash_count, limit, hash_size, hash_type, _, page_shift = fields
    check(magic == CSMAGIC_CODEDIRECTORY, "CodeDirectory magic", offset, hex(CSMAGIC_CODEDIRECTORY), hex(magic))
    check(bool(flags & CS_ADHOC), "CodeDirectory flags", offset + 12, "CS_ADHOC", hex(flags))
    found = f"type {hash_type}, size {hash_size}"
    known = (hash_type, hash_size) == (CS_HASHTYPE_SHA256, CS_HASH_SIZE_SHA256)
    check(known, "CodeDirectory hash", offset + 36, "SHA-256 (type 2, size 32)", found)
    check(12 <= page_shift <= 16, "CodeDirectory page size", offset + 39, "4 KiB to 64 KiB", f"2^{page_shift}")
    if version >= CS_SUPPORTSCODELIMIT64:
        # codeLimit64, used if codeLimit is too small
        limit = unpack(">Q", signature, offset + 56, "codeLimit64")[0] or limit
    check_range(signature, offset, length, "CodeDirectory")
    size = hash_count * CS_HASH_SIZE_SHA256
    check(hash_offset + size <= length, "CodeDirectory hashes", offset + 16, f"{size} bytes inside it", hash_offset)
    pages = -(-limit >> page_shift)
    check(limit <= offset, "CodeDirectory code limit", offset + 32, f"at most {offset:#x}", hex(limit))
    check(hash_count == pages, "nCodeSlots", offset + 28, f"{pages}, one for each page", hash_count)
    return CodeDirectory(offset, flags, offset + hash_offset, hash_count, limit, page_shift)


def _page_hashes(image: bytes, directory: CodeDirectory) -> Iterator[bytes]:
    for index in range(directory.hash_count):
        end = min((index + 1) << directory.page_shift, directory.code_limit)
        yield hashlib.sha256(image[index << directory.page_shift : end]).digest()


def _verify(image: bytes, signature_offset: int, directory: CodeDirectory) -> Iterator[str]:
    if directory.code_limit != signature_offset:
        yield f"the code signature covers {directory.code_limit} bytes of {signature_offset} before it"
    for index, digest in enumerate(_page_hashes(image, directory)):
        start = directory.hashes_offset + CS_HASH_SIZE_SHA256 * index
        if image[start : start + CS_HASH_SIZE_SHA256] != digest:
            yield f"page {index} at offset {index << directory.page_shift:#x} does not match its hash in the signature"
