"""Mach-O executables: their load commands.

Names and numbers are those of <mach-o/loader.h>. Only thin 64-bit little-endian images that use LC_DYLD_INFO are
accepted: this is what zig's linker writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mkexe.binfmt.fields import check, check_range, refuse, unpack

# <mach-o/loader.h>, <mach/machine.h>
MH_MAGIC_64 = 0xFEEDFACF
CPU_TYPE_ARM64 = 0x0100000C
HEADER_SIZE = 32

LC_REQ_DYLD = 0x80000000
LC_SEGMENT_64 = 0x19
LC_CODE_SIGNATURE = 0x1D
LC_DYLD_INFO = 0x22
LC_DYLD_INFO_ONLY = 0x22 | LC_REQ_DYLD
LC_DYLD_CHAINED_FIXUPS = 0x34 | LC_REQ_DYLD
# every command that takes a library ordinal: LC_LOAD_, LC_LOAD_WEAK_, LC_REEXPORT_, LC_LAZY_LOAD_, LC_LOAD_UPWARD_DYLIB
LC_DYLIBS = (0xC, 0x18 | LC_REQ_DYLD, 0x1F | LC_REQ_DYLD, 0x20, 0x23 | LC_REQ_DYLD)


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
        """Whether a definition of this image can be at a virtual address.

        A lazy pointer to an import first points to a stub helper, which asks dyld for the import, not to a definition.
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
    """The load commands of a Mach-O that mkexe needs. `dylibs` is in the order of library ordinals, from 1."""

    cpu_type: int
    file_type: int
    flags: int
    segments: tuple[Segment, ...]
    dylibs: tuple[str, ...]
    dyld_info: DyldInfo | None
    code_signature: tuple[int, int] | None  # file offset and size


def read_macho_layout(image: bytes) -> MachoLayout:
    """Read the load commands of a thin 64-bit little-endian Mach-O.

    Raises AuditError for other files, for damaged commands, and for LC_DYLD_CHAINED_FIXUPS, which also hold binds.
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
    # struct section_64 has 80 bytes, after the 72 bytes of struct segment_command_64
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
