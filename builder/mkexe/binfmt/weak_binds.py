"""The pointers that dyld writes in a Mach-O executable, and removing the weak ones.

Names and numbers are those of <mach-o/loader.h>, bind and rebase opcodes included.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mkexe.binfmt.code_signature import rehash_code_signature
from mkexe.binfmt.fields import check, refuse, unpack
from mkexe.binfmt.macho import MachoLayout, Segment, read_macho_layout

MH_EXECUTE = 2
MH_WEAK_DEFINES = 0x8000
MH_BINDS_TO_WEAK = 0x10000
WEAK_FLAGS = MH_WEAK_DEFINES | MH_BINDS_TO_WEAK
FLAGS_OFFSET = 24
WEAK_BIND_FIELDS = 24  # of weak_bind_off in struct dyld_info_command

# The only libraries of the system that a runtime may use. libc++ is not one of them: the runtime contains its own.
ALLOWED_DYLIBS = ("/usr/lib/libSystem.B.dylib",)

POINTER_SIZE = 8
POINTER_TYPE = 1  # BIND_TYPE_POINTER and REBASE_TYPE_POINTER


@dataclass(frozen=True)
class Slot:
    """One pointer that dyld writes: its place and, for a bind, the symbol whose address dyld writes there."""

    segment: Segment
    offset: int  # from the start of the segment
    symbol: str = ""
    ordinal: int = 0  # library ordinal; 0 and negative numbers are BIND_SPECIAL_DYLIB_…

    @property
    def place(self) -> tuple[str, int]:
        """The segment's name and the offset. They are equal for a bind and a rebase of the same pointer."""
        return self.segment.name, self.offset

    def __str__(self) -> str:
        """The slot's name in messages."""
        return f"{self.segment.name}+{self.offset:#x}"


def weak_bind_slots(image: bytes) -> tuple[Slot, ...]:
    """List the pointers that dyld's weak binding would overwrite."""
    layout = read_macho_layout(image)
    return tuple(_binds(image, layout, layout.dyld_info.weak_bind)) if layout.dyld_info else ()


def drop_weak_binds(image: bytes) -> bytes:
    """Remove the weak binds, so that only the static libc++ is used, and update the code signature.

    zig's linker writes a weak bind for each pointer to a weak definition, hidden or not, and sets MH_WEAK_DEFINES and
    MH_BINDS_TO_WEAK; dyld would point such a slot at a definition of the same name in any loaded image, for example
    the system's libc++. Before the binds are removed, three checks prove that nobody needs them: each slot also has a
    rebase, its present value is the address of a definition in this image, and every other bind is for a C symbol of
    ALLOWED_DYLIBS. The table's bytes stay in __LINKEDIT without a reference, so that nothing moves.
    Raises AuditError with the slot and the symbol.
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


class _Opcodes:
    """A cursor over one opcode table. It keeps the segment and the offset, which both kinds of tables use."""

    def __init__(self, image: bytes, layout: MachoLayout, table: tuple[int, int]) -> None:
        self.image = image
        self.layout = layout
        self.position, size = table
        self.end = self.position + size
        self.segment: Segment | None = None
        self.offset = 0
        # each slot is a different pointer, so the size of the file limits their number
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
        """Add to the offset. dyld computes modulo 2^64, and linkers use this to step back."""
        self.offset = (self.offset + delta) & 0xFFFFFFFFFFFFFFFF

    def take(self, symbol: str = "", ordinal: int = 0) -> Slot:
        """Return the slot at the present place, which must lie in the file, and move past it."""
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

    In the lazy table, DONE follows each entry; in other tables, it ends the table.
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
    """Refuse an ordinary bind if it is not for a C symbol of an allowed library."""
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
    """Refuse a weak bind if its slot would then not hold an address of this image."""
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
