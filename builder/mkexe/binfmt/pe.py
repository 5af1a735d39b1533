"""Portable Executable files: read their layout, and move their headers to the end of the first 4 KiB.

Names and numbers are those of Microsoft's "PE Format" (PE/COFF specification). Only PE32+ images for x86-64 are
accepted: this is the one kind that is written here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mkexe.binfmt.fields import check, check_range, unpack

# PE/COFF, "MS-DOS Stub": the file offset of the PE signature is at 0x3c (e_lfanew)
LFANEW_OFFSET = 0x3C
SIGNATURE = b"PE\0\0"
MACHINE_AMD64 = 0x8664
MAGIC_PE32_PLUS = 0x20B
DATA_DIRECTORIES = 16
SECTION_HEADER_SIZE = 40
# The loader maps sections in whole pages of x86-64.
PAGE_SIZE = 4096

# Offsets from the PE signature. The COFF header (20 bytes) follows the signature, then the optional header.
POINTER_TO_SYMBOL_TABLE = 12
OPTIONAL_HEADER = 24
SIZE_OF_HEADERS = OPTIONAL_HEADER + 60
CHECKSUM = OPTIONAL_HEADER + 64
DATA_DIRECTORY = OPTIONAL_HEADER + 112
OPTIONAL_HEADER_SIZE = 112 + 8 * DATA_DIRECTORIES
SECTION_TABLE = OPTIONAL_HEADER + OPTIONAL_HEADER_SIZE

# PE/COFF, "Optional Header Data Directories"
CERTIFICATE_TABLE = 4
DEBUG = 6
# Signing writes CHECKSUM (4 bytes) and this entry (8 bytes), and an Authenticode hash skips them.
CERTIFICATE_ENTRY = DATA_DIRECTORY + 8 * CERTIFICATE_TABLE
DIRECTORY_NAMES = (
    "export table",
    "import table",
    "resource table",
    "exception table",
    "certificate table",
    "base relocation table",
    "debug directory",
    "architecture",
    "global pointer",
    "TLS table",
    "load config table",
    "bound import table",
    "import address table",
    "delay import descriptor",
    "CLR runtime header",
    "reserved directory",
)


@dataclass(frozen=True)
class PeSection:
    """One entry of the section table (PE/COFF, "Section Table"); addresses are RVAs, offsets count from file start."""

    name: str
    virtual_size: int
    virtual_address: int
    raw_size: int
    raw_offset: int


@dataclass(frozen=True)
class PeLayout:
    """The places of the parts of a PE32+ image, in bytes from the start of the file unless a comment differs."""

    headers_offset: int  # of the PE signature: e_lfanew
    header_size: int  # PE signature + COFF header + optional header + section table
    file_alignment: int
    size_of_headers: int
    directories: tuple[tuple[int, int], ...]  # (address, size), in the order of the specification
    sections: tuple[PeSection, ...]

    @property
    def first_raw_offset(self) -> int:
        """File offset of the first byte that belongs to a section."""
        return min(section.raw_offset for section in self.sections if section.raw_size)

    @property
    def raw_end(self) -> int:
        """File offset after the last byte that belongs to a section."""
        return max(section.raw_offset + section.raw_size for section in self.sections if section.raw_size)


@dataclass(frozen=True)
class RelocatedPe:
    """PE headers that can be anywhere in the first page of a file, and the body that begins after that page.

    Put `headers` at an 8-byte aligned offset that 0x3c points to and that leaves `header_size` bytes before the first
    section, and `body` at the first section's offset. CHECKSUM and CERTIFICATE_ENTRY count from the start of `headers`.
    """

    headers: bytes
    header_size: int
    body: bytes


def read_pe_layout(data: bytes) -> PeLayout:
    """Read the places of the headers and sections of a PE32+ image for x86-64.

    Everything that moving the headers relies on is checked (PE/COFF, "COFF File Header", "Optional Header",
    "Section Table"): machine, magic, alignments, sizes, and that each section's raw data lies in the file.
    Raises AuditError.
    """
    magic = bytes(data[:2])
    check(magic == b"MZ", "MS-DOS header", 0, b"MZ", magic)
    (start,) = unpack("<I", data, LFANEW_OFFSET, "e_lfanew")
    check_range(data, start, SECTION_TABLE, "PE headers")
    signature = bytes(data[start : start + 4])
    check(signature == SIGNATURE, "PE signature", start, SIGNATURE, signature)
    section_count = _read_coff_header(data, start)
    file_alignment, size_of_headers = _read_optional_header(data, start)
    header_size = SECTION_TABLE + SECTION_HEADER_SIZE * section_count
    check_range(data, start, header_size, "section table")
    check(
        start + header_size <= size_of_headers,
        "SizeOfHeaders",
        start + SIZE_OF_HEADERS,
        f"at least {start + header_size:#x}, the end of the section table",
        hex(size_of_headers),
    )
    entries = struct.unpack_from(f"<{2 * DATA_DIRECTORIES}I", data, start + DATA_DIRECTORY)
    layout = PeLayout(
        headers_offset=start,
        header_size=header_size,
        file_alignment=file_alignment,
        size_of_headers=size_of_headers,
        directories=tuple(zip(entries[::2], entries[1::2], strict=True)),
        sections=tuple(
            _read_section(data, start + SECTION_TABLE + SECTION_HEADER_SIZE * index) for index in range(section_count)
        ),
    )
    _check_sections(data, layout)
    return layout


def relocate_pe_headers(pe: bytes, first_section_offset: int = 4096) -> RelocatedPe:
    """Split a PE into headers, which can share a page with other data, and the body after that page.

    Changed in the headers (PE/COFF section in brackets): PointerToRawData of each section moves with the body
    ("Section Table"), SizeOfHeaders becomes `first_section_offset`, CheckSum becomes 0, because only drivers
    and boot-time DLLs need it ("Optional Header Windows-Specific Fields"), the COFF symbol table is removed ("COFF
    File Header"), and the debug directory entry is cleared, because its records hold file offsets ("Debug
    Directory"). The MS-DOS stub and the data after the last section are left out: the loader does not read them.
    Raises AuditError for an image that is signed, has tables inside its headers, or does not fit.
    """
    layout = read_pe_layout(pe)
    _check_can_move(layout, first_section_offset)
    start = layout.headers_offset
    headers = bytearray(pe[start : start + layout.header_size])
    struct.pack_into("<II", headers, POINTER_TO_SYMBOL_TABLE, 0, 0)
    struct.pack_into("<II", headers, SIZE_OF_HEADERS, first_section_offset, 0)  # and CheckSum, the next field
    struct.pack_into("<II", headers, DATA_DIRECTORY + 8 * DEBUG, 0, 0)
    shift = first_section_offset - layout.first_raw_offset
    for index, section in enumerate(layout.sections):
        moved = section.raw_offset + shift if section.raw_size else 0
        # PointerToRawData; COFF relocations and line numbers must be zero in an image
        struct.pack_into("<3I2H", headers, SECTION_TABLE + SECTION_HEADER_SIZE * index + 20, moved, 0, 0, 0, 0)
    return RelocatedPe(
        headers=bytes(headers),
        header_size=len(headers),
        body=bytes(pe[layout.first_raw_offset : layout.raw_end]),
    )


def _read_coff_header(data: bytes, start: int) -> int:
    machine, section_count = unpack("<2H", data, start + 4, "COFF header")
    check(machine == MACHINE_AMD64, "Machine", start + 4, f"{MACHINE_AMD64:#x} (x86-64)", hex(machine))
    # 96 is the limit of the Windows loader
    check(1 <= section_count <= 96, "NumberOfSections", start + 6, "1 to 96", section_count)
    (optional_size,) = unpack("<H", data, start + 20, "COFF header")
    check(
        optional_size == OPTIONAL_HEADER_SIZE, "SizeOfOptionalHeader", start + 20, OPTIONAL_HEADER_SIZE, optional_size
    )
    return section_count


def _read_optional_header(data: bytes, start: int) -> tuple[int, int]:
    optional = start + OPTIONAL_HEADER
    (magic,) = unpack("<H", data, optional, "optional header")
    check(magic == MAGIC_PE32_PLUS, "optional header magic", optional, f"{MAGIC_PE32_PLUS:#x} (PE32+)", hex(magic))
    section_alignment, file_alignment = unpack("<2I", data, optional + 32, "optional header")
    check(
        _is_power_of_two(file_alignment) and 512 <= file_alignment <= 65536,
        "FileAlignment",
        optional + 36,
        "a power of two from 512 to 65536",
        file_alignment,
    )
    check(
        _is_power_of_two(section_alignment) and section_alignment >= max(PAGE_SIZE, file_alignment),
        "SectionAlignment",
        optional + 32,
        f"a power of two, at least {max(PAGE_SIZE, file_alignment)}",
        section_alignment,
    )
    (count,) = unpack("<I", data, optional + 108, "optional header")
    check(count == DATA_DIRECTORIES, "NumberOfRvaAndSizes", optional + 108, DATA_DIRECTORIES, count)
    (size_of_headers,) = unpack("<I", data, optional + 60, "optional header")
    return file_alignment, size_of_headers


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _read_section(data: bytes, offset: int) -> PeSection:
    name = bytes(data[offset : offset + 8]).rstrip(b"\0").decode("latin-1")
    return PeSection(name, *unpack("<4I", data, offset + 8, "section header"))


def _check_sections(data: bytes, layout: PeLayout) -> None:
    table = layout.headers_offset + SECTION_TABLE
    check(any(section.raw_size for section in layout.sections), "section table", table, "raw data", "none")
    for index, section in enumerate(layout.sections):
        if section.raw_size:
            _check_raw_data(data, layout, section, table + SECTION_HEADER_SIZE * index)


def _check_raw_data(data: bytes, layout: PeLayout, section: PeSection, offset: int) -> None:
    check_range(data, section.raw_offset, section.raw_size, f"raw data of section {section.name}")
    check(
        section.raw_offset % layout.file_alignment == 0,
        f"PointerToRawData of section {section.name}",
        offset + 20,
        f"a multiple of FileAlignment {layout.file_alignment}",
        section.raw_offset,
    )
    check(
        section.raw_offset >= layout.size_of_headers,
        f"PointerToRawData of section {section.name}",
        offset + 20,
        f"at least SizeOfHeaders {layout.size_of_headers:#x}",
        hex(section.raw_offset),
    )


def _check_can_move(layout: PeLayout, first_section_offset: int) -> None:
    start = layout.headers_offset
    check(
        first_section_offset % layout.file_alignment == 0,
        "FileAlignment",
        start + OPTIONAL_HEADER + 36,
        f"a divisor of {first_section_offset}",
        layout.file_alignment,
    )
    check(
        # 0x40: the MS-DOS header, whose last field is e_lfanew
        layout.header_size <= first_section_offset - 0x40,
        "size of the PE headers",
        start,
        f"at most {first_section_offset - 0x40}",
        layout.header_size,
    )
    first_address = min(section.virtual_address for section in layout.sections)
    check(
        first_address >= first_section_offset,
        "VirtualAddress of the first section",
        start + SECTION_TABLE + 12,
        f"at least {first_section_offset:#x}, the new SizeOfHeaders",
        hex(first_address),
    )
    _check_directories(layout, first_address)


def _check_directories(layout: PeLayout, first_address: int) -> None:
    """Refuse a signature, which would become invalid, and any table in the part of the file that is left out."""
    for index, (address, size) in enumerate(layout.directories):
        offset = layout.headers_offset + DATA_DIRECTORY + 8 * index
        found = f"address {address:#x}, size {size}"
        if index == CERTIFICATE_TABLE:
            check(not address and not size, DIRECTORY_NAMES[index], offset, "none, an unsigned file", found)
        elif address:
            expected = f"an address of at least {first_address:#x}, inside the sections"
            check(address >= first_address, DIRECTORY_NAMES[index], offset, expected, found)
