"""Mach-O executables: layout, dyld's bind and rebase tables, ad-hoc code signatures.

Names and numbers are those of <mach-o/loader.h> and, for signatures, xnu's osfmk/kern/cs_blobs.h. Only thin 64-bit
little-endian images that use LC_DYLD_INFO are accepted: this is what zig's linker writes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mkexe.binfmt.fields import check, check_range, refuse, unpack
from mkexe.errors import AuditError

# <mach-o/loader.h>, <mach/machine.h>
MH_MAGIC_64 = 0xFEEDFACF
CPU_TYPE_ARM64 = 0x0100000C
MH_EXECUTE = 2
MH_WEAK_DEFINES = 0x8000
MH_BINDS_TO_WEAK = 0x10000
WEAK_FLAGS = MH_WEAK_DEFINES | MH_BINDS_TO_WEAK
HEADER_SIZE = 32
FLAGS_OFFSET = 24

LC_REQ_DYLD = 0x80000000
LC_SEGMENT_64 = 0x19
LC_CODE_SIGNATURE = 0x1D
LC_DYLD_INFO = 0x22
LC_DYLD_INFO_ONLY = 0x22 | LC_REQ_DYLD
LC_DYLD_CHAINED_FIXUPS = 0x34 | LC_REQ_DYLD
# every command that takes a library ordinal: LC_LOAD_, LC_LOAD_WEAK_, LC_REEXPORT_, LC_LAZY_LOAD_, LC_LOAD_UPWARD_DYLIB
LC_DYLIBS = (0xC, 0x18 | LC_REQ_DYLD, 0x1F | LC_REQ_DYLD, 0x20, 0x23 | LC_REQ_DYLD)
WEAK_BIND_FIELDS = 24  # of weak_bind_off in struct dyld_info_command

# All that a runtime may take from the system; in particular no libc++, which it carries itself.
ALLOWED_DYLIBS = ("/usr/lib/libSystem.B.dylib",)

POINTER_SIZE = 8
POINTER_TYPE = 1  # BIND_TYPE_POINTER and REBASE_TYPE_POINTER

# cs_blobs.h
CSMAGIC_EMBEDDED_SIGNATURE = 0xFADE0CC0
CSMAGIC_CODEDIRECTORY = 0xFADE0C02
CSSLOT_CODEDIRECTORY = 0
CSSLOT_ALTERNATE_CODEDIRECTORIES = range(0x1000, 0x1005)
CS_ADHOC = 0x2
CS_HASHTYPE_SHA256 = 2
CS_HASH_SIZE_SHA256 = 32
CS_SUPPORTSCODELIMIT64 = 0x20300
CODE_DIRECTORY_SIZE = 44  # up to and with spare2, the oldest version


@dataclass(frozen=True)
class Segment:
    """One LC_SEGMENT_64."""

    name: str
    vm_address: int
    vm_size: int
    file_offset: int
    file_size: int
    stub_helpers: tuple[range, ...] = ()  # addresses of sections __stub_helper

    def defines(self, address: int) -> bool:
        """Say whether something of this image can be defined at a virtual address.

        A lazy pointer to an import starts out at a stub helper, which asks dyld for the import: that defines nothing.
        """
        inside = self.file_size > 0 and self.vm_address <= address < self.vm_address + self.vm_size
        return inside and not any(address in helper for helper in self.stub_helpers)


@dataclass(frozen=True)
class DyldInfo:
    """The tables of LC_DYLD_INFO(_ONLY), each as (file offset, size)."""

    command_offset: int
    rebase: tuple[int, int]
    bind: tuple[int, int]
    weak_bind: tuple[int, int]
    lazy_bind: tuple[int, int]


@dataclass(frozen=True)
class MachoLayout:
    """What of a Mach-O's load commands matters here. `dylibs` is in the order of library ordinals, from 1."""

    cpu_type: int
    file_type: int
    flags: int
    segments: tuple[Segment, ...]
    dylibs: tuple[str, ...]
    dyld_info: DyldInfo | None
    code_signature: tuple[int, int] | None  # file offset and size


@dataclass(frozen=True)
class Slot:
    """One pointer that dyld writes: where it is, and for a bind whose address is put there."""

    segment: Segment
    offset: int  # from the start of the segment
    symbol: str = ""
    ordinal: int = 0  # library ordinal, 0 and below are BIND_SPECIAL_DYLIB_…

    @property
    def place(self) -> tuple[str, int]:
        """Segment name and offset: equal for a bind and a rebase of the same pointer."""
        return self.segment.name, self.offset

    def __str__(self) -> str:
        """Name the slot as messages do."""
        return f"{self.segment.name}+{self.offset:#x}"


@dataclass(frozen=True)
class CodeDirectory:
    """One CodeDirectory of a signature; offsets count from the start of the file."""

    offset: int
    flags: int
    hashes_offset: int  # of the first page's hash
    hash_count: int
    code_limit: int
    hash_size: int
    hash_type: int
    page_shift: int  # log2 of the page size


def read_macho_layout(image: bytes) -> MachoLayout:
    """Read the load commands of a thin 64-bit little-endian Mach-O.

    Raises AuditError for other files, for damaged commands, and for LC_DYLD_CHAINED_FIXUPS: those hold binds too.
    """
    magic, cpu_type, _, file_type, count, commands_size, flags, _ = unpack("<8I", image, 0, "Mach-O header")
    check(magic == MH_MAGIC_64, "Mach-O magic", 0, f"{MH_MAGIC_64:#x} (thin, 64-bit)", hex(magic))
    check_range(image, HEADER_SIZE, commands_size, "load commands")
    segments: list[Segment] = []
    dylibs: list[str] = []
    dyld_info: DyldInfo | None = None
    code_signature: tuple[int, int] | None = None
    for offset, command, size in _load_commands(image, count, commands_size):
        if command == LC_SEGMENT_64:
            segments.append(_read_segment(image, offset))
        elif command in LC_DYLIBS:
            dylibs.append(_read_dylib_name(image, offset, size))
        elif command in (LC_DYLD_INFO, LC_DYLD_INFO_ONLY):
            dyld_info = _read_dyld_info(image, offset)
        elif command == LC_CODE_SIGNATURE:
            data_offset, data_size = unpack("<2I", image, offset + 8, "LC_CODE_SIGNATURE")
            check_range(image, data_offset, data_size, "code signature")
            code_signature = (data_offset, data_size)
        elif command == LC_DYLD_CHAINED_FIXUPS:
            refuse("load command", offset, "LC_DYLD_INFO_ONLY", "LC_DYLD_CHAINED_FIXUPS, which is not supported")
    return MachoLayout(cpu_type, file_type, flags, tuple(segments), tuple(dylibs), dyld_info, code_signature)


def weak_bind_slots(image: bytes) -> tuple[Slot, ...]:
    """List the pointers that dyld's weak binding would overwrite."""
    layout = read_macho_layout(image)
    return tuple(_binds(image, layout, layout.dyld_info.weak_bind)) if layout.dyld_info else ()


def drop_weak_binds(image: bytes) -> bytes:
    """Remove the weak binds, so that a static libc++ is used alone, and bring the code signature up to date.

    zig's linker writes a weak bind for each pointer to a weak definition, hidden or not, and sets MH_WEAK_DEFINES and
    MH_BINDS_TO_WEAK; dyld would point such a slot at a definition of the same name in any loaded image, for example
    the system's libc++. Before they are dropped it is proved that nothing else is needed: each slot has a rebase too,
    its present value is the address of a definition in this image, and every other bind takes a C symbol from
    ALLOWED_DYLIBS. The table's bytes stay in __LINKEDIT, unreferenced, so that nothing moves.
    Raises AuditError naming the slot and the symbol.
    """
    layout = read_macho_layout(image)
    check(layout.file_type == MH_EXECUTE, "file type", 12, f"{MH_EXECUTE} (MH_EXECUTE)", layout.file_type)
    _check_binds(image, layout)
    _check_weak_slots(image, layout)
    result = bytearray(image)
    struct.pack_into("<I", result, FLAGS_OFFSET, layout.flags & ~WEAK_FLAGS)
    if layout.dyld_info:
        struct.pack_into("<2I", result, layout.dyld_info.command_offset + WEAK_BIND_FIELDS, 0, 0)
    return rehash_code_signature(bytes(result))


def rehash_code_signature(image: bytes) -> bytes:
    """Recompute the page hashes in every CodeDirectory of an ad-hoc signature; an unsigned image is returned as it is.

    Special slots (entitlements and the like) hash other blobs and stay. Raises AuditError where a certificate signed
    the CodeDirectory, which would no longer match, and for other hashes than SHA-256.
    """
    result = bytearray(image)
    for directory in read_code_directories(image):
        for index, digest in enumerate(_page_hashes(image, directory)):
            start = directory.hashes_offset + CS_HASH_SIZE_SHA256 * index
            result[start : start + CS_HASH_SIZE_SHA256] = digest
    return bytes(result)


def verify_code_signature(image: bytes) -> list[str]:
    """Return what is wrong with the code signature, nothing if all is well; never raises for a damaged file.

    Each page is hashed again, and each CodeDirectory must reach up to the signature. arm64 macOS starts no unsigned
    code; an unsigned x86-64 image is fine.
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


def _load_commands(image: bytes, count: int, commands_size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (file offset, cmd, cmdsize) of each load command."""
    offset, end = HEADER_SIZE, HEADER_SIZE + commands_size
    for _ in range(count):
        command, size = unpack("<2I", image[:end], offset, "load command")
        check(size >= 8 and size % 8 == 0 and offset + size <= end, "cmdsize", offset + 4, "a multiple of 8", size)
        yield offset, command, size
        offset += size


def _read_segment(image: bytes, offset: int) -> Segment:
    vm_address, vm_size, file_offset, file_size = unpack("<4Q", image, offset + 24, "LC_SEGMENT_64")
    (section_count,) = unpack("<I", image, offset + 64, "LC_SEGMENT_64")
    name = _fixed_name(image, offset + 8)
    check_range(image, file_offset, file_size, f"segment {name}")
    helpers = []
    # struct section_64 is 80 bytes, behind the 72 of struct segment_command_64
    for section in range(offset + 72, offset + 72 + 80 * section_count, 80):
        address, size = unpack("<2Q", image, section + 32, "section")
        if _fixed_name(image, section) == "__stub_helper":
            helpers.append(range(address, address + size))
    return Segment(name, vm_address, vm_size, file_offset, file_size, tuple(helpers))


def _fixed_name(image: bytes, offset: int) -> str:
    return image[offset : offset + 16].rstrip(b"\0").decode("latin-1")


def _read_dylib_name(image: bytes, offset: int, size: int) -> str:
    (name_offset,) = unpack("<I", image, offset + 8, "dylib name")
    return image[offset + name_offset : offset + size].split(b"\0")[0].decode("utf-8", "replace")


def _read_dyld_info(image: bytes, offset: int) -> DyldInfo:
    fields = unpack("<8I", image, offset + 8, "LC_DYLD_INFO_ONLY")
    tables = tuple(zip(fields[::2], fields[1::2], strict=True))
    for name, (table_offset, size) in zip(("rebase", "bind", "weak bind", "lazy bind"), tables, strict=True):
        check_range(image, table_offset, size, f"{name} table")
    return DyldInfo(offset, *tables)


class _Opcodes:
    """A cursor over one opcode table, with the segment and offset that both kinds of tables keep."""

    def __init__(self, image: bytes, layout: MachoLayout, table: tuple[int, int]) -> None:
        self.image = image
        self.layout = layout
        self.position, size = table
        self.end = self.position + size
        self.segment: Segment | None = None
        self.offset = 0
        # each slot is a different pointer, so that a table cannot have more of them than fit into the file
        self.slots_left = len(image) // POINTER_SIZE

    def next(self) -> tuple[int, int]:
        """Return the next opcode and its immediate: the high and the low four bits of a byte."""
        byte = self.byte()
        return byte & 0xF0, byte & 0x0F

    def byte(self) -> int:
        check(self.position < self.end, "opcode table", self.position, "another byte", "the end of the table")
        self.position += 1
        return self.image[self.position - 1]

    def uleb(self) -> int:
        """Read an unsigned LEB128 number of at most 64 bits."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            check(shift <= 70, "LEB128 number", self.position, "at most 10 bytes", "more")
            if not byte & 0x80:
                return value & 0xFFFFFFFFFFFFFFFF

    def text(self) -> str:
        end = self.image.find(b"\0", self.position, self.end)
        check(end >= 0, "symbol name", self.position, "a name that ends", "none")
        name = self.image[self.position : end].decode("utf-8", "replace")
        self.position = end + 1
        return name

    def set_segment(self, index: int) -> None:
        check(index < len(self.layout.segments), "segment index", self.position - 1, len(self.layout.segments), index)
        self.segment = self.layout.segments[index]
        self.offset = self.uleb()

    def advance(self, delta: int) -> None:
        """Move on; dyld computes modulo 2^64, and linkers step back that way."""
        self.offset = (self.offset + delta) & 0xFFFFFFFFFFFFFFFF

    def take(self, symbol: str = "", ordinal: int = 0) -> Slot:
        """Return the slot at the present place, which must be backed by the file, and move past it."""
        if self.segment is None:
            refuse("opcode table", self.position - 1, "a segment before the first slot", "none")
        slot = Slot(self.segment, self.offset, symbol, ordinal)
        limit = min(self.segment.file_size, self.segment.vm_size)
        check(self.offset + POINTER_SIZE <= limit, "slot", self.position - 1, f"inside {self.segment.name}", slot)
        check(self.slots_left > 0, "opcode table", self.position - 1, "fewer slots", "more than the file can hold")
        self.slots_left -= 1
        self.advance(POINTER_SIZE)
        return slot

    def take_many(self, count: int, skip: int, take: Callable[[], Slot]) -> Iterator[Slot]:
        for _ in range(count):
            yield take()
            self.advance(skip)


def _rebases(image: bytes, layout: MachoLayout, table: tuple[int, int]) -> Iterator[Slot]:
    """Run rebase opcodes (loader.h, REBASE_OPCODE_…) and yield each slot that points into the image itself."""
    codes = _Opcodes(image, layout, table)
    while codes.position < codes.end:
        opcode, immediate = codes.next()
        match opcode:
            case 0x00:  # DONE
                return
            case 0x10:  # SET_TYPE_IMM
                check(immediate == POINTER_TYPE, "rebase type", codes.position - 1, POINTER_TYPE, immediate)
            case 0x20:  # SET_SEGMENT_AND_OFFSET_ULEB
                codes.set_segment(immediate)
            case 0x30:  # ADD_ADDR_ULEB
                codes.advance(codes.uleb())
            case 0x40:  # ADD_ADDR_IMM_SCALED
                codes.advance(immediate * POINTER_SIZE)
            case 0x50:  # DO_REBASE_IMM_TIMES
                yield from codes.take_many(immediate, 0, codes.take)
            case 0x60:  # DO_REBASE_ULEB_TIMES
                yield from codes.take_many(codes.uleb(), 0, codes.take)
            case 0x70:  # DO_REBASE_ADD_ADDR_ULEB
                yield from codes.take_many(1, codes.uleb(), codes.take)
            case 0x80:  # DO_REBASE_ULEB_TIMES_SKIPPING_ULEB
                yield from codes.take_many(codes.uleb(), codes.uleb(), codes.take)
            case _:
                refuse("rebase opcode", codes.position - 1, "an opcode of loader.h", hex(opcode))


def _binds(image: bytes, layout: MachoLayout, table: tuple[int, int], lazy: bool = False) -> Iterator[Slot]:
    """Run bind opcodes (loader.h, BIND_OPCODE_…) and yield each slot with its symbol.

    In the lazy table DONE stands behind each entry; elsewhere it ends the table.
    """
    codes = _Opcodes(image, layout, table)
    symbol, ordinal = "", 0

    def take() -> Slot:
        return codes.take(symbol, ordinal)

    while codes.position < codes.end:
        opcode, immediate = codes.next()
        match opcode:
            case 0x00:  # DONE
                if not lazy:
                    return
            case 0x10:  # SET_DYLIB_ORDINAL_IMM
                ordinal = immediate
            case 0x20:  # SET_DYLIB_ORDINAL_ULEB
                ordinal = codes.uleb()
            case 0x30:  # SET_DYLIB_SPECIAL_IMM: 0 or a negative number of four bits
                ordinal = immediate - 16 if immediate else 0
            case 0x40:  # SET_SYMBOL_TRAILING_FLAGS_IMM
                symbol = codes.text()
            case 0x50:  # SET_TYPE_IMM
                check(immediate == POINTER_TYPE, "bind type", codes.position - 1, POINTER_TYPE, immediate)
            case 0x60:  # SET_ADDEND_SLEB
                codes.uleb()
            case 0x70:  # SET_SEGMENT_AND_OFFSET_ULEB
                codes.set_segment(immediate)
            case 0x80:  # ADD_ADDR_ULEB
                codes.advance(codes.uleb())
            case 0x90:  # DO_BIND
                yield take()
            case 0xA0:  # DO_BIND_ADD_ADDR_ULEB
                yield from codes.take_many(1, codes.uleb(), take)
            case 0xB0:  # DO_BIND_ADD_ADDR_IMM_SCALED
                yield from codes.take_many(1, immediate * POINTER_SIZE, take)
            case 0xC0:  # DO_BIND_ULEB_TIMES_SKIPPING_ULEB
                yield from codes.take_many(codes.uleb(), codes.uleb(), take)
            case _:
                refuse("bind opcode", codes.position - 1, "an opcode of loader.h", hex(opcode))


def _check_binds(image: bytes, layout: MachoLayout) -> None:
    """Refuse an ordinary bind that takes anything but a C symbol from an allowed library."""
    if layout.dyld_info is None:
        return
    for table, lazy in ((layout.dyld_info.bind, False), (layout.dyld_info.lazy_bind, True)):
        for slot in _binds(image, layout, table, lazy):
            known = 1 <= slot.ordinal <= len(layout.dylibs)
            library = layout.dylibs[slot.ordinal - 1] if known else f"library ordinal {slot.ordinal}"
            # "__Z" is the Itanium C++ mangling with Mach-O's leading underscore
            if library not in ALLOWED_DYLIBS or slot.symbol.startswith("__Z"):
                expected = f"a C symbol from {', '.join(ALLOWED_DYLIBS)}"
                refuse(f"bind of slot {slot}", table[0], expected, f"{slot.symbol} from {library}")


def _check_weak_slots(image: bytes, layout: MachoLayout) -> None:
    """Refuse a weak bind whose slot would be left without an address of this image."""
    if layout.dyld_info is None:
        return
    rebased = {slot.place for slot in _rebases(image, layout, layout.dyld_info.rebase)}
    for slot in _binds(image, layout, layout.dyld_info.weak_bind):
        file_offset = slot.segment.file_offset + slot.offset
        what = f"weak bind of {slot.symbol} in slot {slot}"
        check(slot.place in rebased, what, file_offset, "a rebase of the same slot", "none")
        (value,) = unpack("<Q", image, file_offset, what)
        defined = any(segment.defines(value) for segment in layout.segments)
        check(defined, what, file_offset, "the address of a definition in this image", hex(value))


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
        # codeLimit64, used where codeLimit does not suffice
        limit = unpack(">Q", signature, offset + 56, "codeLimit64")[0] or limit
    check_range(signature, offset, length, "CodeDirectory")
    size = hash_count * CS_HASH_SIZE_SHA256
    check(hash_offset + size <= length, "CodeDirectory hashes", offset + 16, f"{size} bytes inside it", hash_offset)
    pages = -(-limit >> page_shift)
    check(limit <= offset, "CodeDirectory code limit", offset + 32, f"at most {offset:#x}", hex(limit))
    check(hash_count == pages, "nCodeSlots", offset + 28, f"{pages}, one for each page", hash_count)
    return CodeDirectory(offset, flags, offset + hash_offset, hash_count, limit, hash_size, hash_type, page_shift)


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
            yield f"page {index} at offset {index << directory.page_shift:#x} does not have its hash in the signature"
