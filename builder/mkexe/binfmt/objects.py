"""The symbols that a compiled object file (ELF, COFF or Mach-O; 64-bit, little-endian) defines for the linker.

Formats: the System V ABI, "Symbol Table"; Microsoft's PE Format, "COFF Symbol Table" and "COMDAT Sections"; Apple's
<mach-o/nlist.h>.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

_ELF_MAGIC = b"\x7fELF"
_MACHO_MAGIC = b"\xcf\xfa\xed\xfe"
_COFF_MAGIC = b"\x64\x86"  # IMAGE_FILE_MACHINE_AMD64
_ITANIUM_NAME = re.compile(r"_Z(?:T[VIST]|GV)?Z?(?:N[rVK]*)?(\d+)")


@dataclass(frozen=True)
class Symbol:
    """A defined symbol that other objects can use.

    `name` is the linker's name, without Mach-O's leading underscore. `shared` says that several objects may define it
    and the linker keeps one copy: inline functions and templates (ELF's weak binding, COFF's COMDAT "any", Mach-O's
    weak definition).
    """

    name: str
    shared: bool

    @property
    def identifier(self) -> str | None:
        """The first name of its C++ scope (Itanium ABI 5.1) or its C name; None for names of the C++ library."""
        if not self.name.startswith("_Z"):
            return self.name if self.name.isidentifier() else None
        match = _ITANIUM_NAME.match(self.name)
        return self.name[match.end() : match.end() + int(match[1])] if match else None


def defined_symbols(path: Path) -> list[Symbol]:
    """The symbols that this object defines for others. Raises ValueError if the file has none of the three formats."""
    data = path.read_bytes()
    if data.startswith(_ELF_MAGIC):
        return _elf_symbols(data)
    if data.startswith(_MACHO_MAGIC):
        return _macho_symbols(data)
    if data.startswith(_COFF_MAGIC):
        return _coff_symbols(data)
    raise ValueError(f"{path}: expected an ELF, Mach-O or COFF object, found a file that starts with {data[:4].hex()}")


def _text(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()


def _elf_symbols(data: bytes) -> list[Symbol]:
    headers_offset = struct.unpack_from("<Q", data, 40)[0]
    header_size, count = struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, headers_offset + i * header_size) for i in range(count)]
    found = []
    for section in sections:
        if section[1] != 2:  # SHT_SYMTAB
            continue
        names_offset = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], 24):
            name, info, _other, index = struct.unpack_from("<IBBH", data, at)
            if info >> 4 in (1, 2) and index != 0:  # STB_GLOBAL, STB_WEAK; not SHN_UNDEF
                found.append(Symbol(_text(data, names_offset + name), info >> 4 == 2))
    return found


def _macho_symbols(data: bytes) -> list[Symbol]:
    commands = struct.unpack_from("<I", data, 16)[0]
    at, found = 32, []
    for _ in range(commands):
        command, size = struct.unpack_from("<II", data, at)
        if command == 2:  # LC_SYMTAB
            symbols_offset, count, names_offset = struct.unpack_from("<III", data, at + 8)
            for entry in range(symbols_offset, symbols_offset + count * 16, 16):
                name, kind, _section, description = struct.unpack_from("<IBBH", data, entry)
                # N_EXT, and N_TYPE is not N_UNDF; N_STAB are for debuggers
                if kind & 0x01 and kind & 0x0E and not kind & 0xE0:
                    found.append(Symbol(_text(data, names_offset + name)[1:], bool(description & 0x80)))  # N_WEAK_DEF
        at += size
    return found


def _coff_symbols(data: bytes) -> list[Symbol]:
    symbols_offset, count = struct.unpack_from("<II", data, 8)
    names_offset = symbols_offset + count * 18
    any_sections, external, index = set(), [], 0
    while index < count:
        at = symbols_offset + index * 18
        section, _kind, storage, auxiliary = struct.unpack_from("<hHBB", data, at + 12)
        if storage == 3 and auxiliary and data[at + 18 + 14] == 2:  # a section's symbol; IMAGE_COMDAT_SELECT_ANY
            any_sections.add(section)
        if storage == 2 and section > 0:  # IMAGE_SYM_CLASS_EXTERNAL, defined
            zeroes, offset = struct.unpack_from("<II", data, at)
            name = data[at : at + 8].rstrip(b"\0").decode() if zeroes else _text(data, names_offset + offset)
            external.append((name, section))
        index += 1 + auxiliary
    return [Symbol(name, section in any_sections) for name, section in external]
