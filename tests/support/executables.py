"""The smallest executables that readers accept, written field by field, so that tests can damage one field each."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from mkexe.base import cache
from mkexe.runtimes import toolchain


def put(image: bytes, offset: int, layout: str, *values: int) -> bytes:
    """Return the image with the fields at an offset replaced."""
    damaged = bytearray(image)
    struct.pack_into(layout, damaged, offset, *values)
    return bytes(damaged)


# --- ELF (gABI chapters 4 and 5)

PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
PT_GNU_STACK = 0x6474E551
R, W, X = 4, 2, 1
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_FLAGS_1 = 1, 5, 10, 0x6FFFFFFB


@dataclass(frozen=True)
class Elf:
    machine: int = 62  # EM_X86_64; EM_AARCH64 is 183
    elf_class: int = 2
    file_type: int = 2  # ET_EXEC; ET_DYN is 3
    stack: tuple[int, int] | None = (R | W, 8 << 20)  # flags, p_memsz
    load_flags: int = R | X
    interpreter: bytes = b""
    needed: bytes = b""
    flags_1: int | None = None
    sections: tuple[str, ...] = (".text",)

    def build(self) -> bytes:
        base = 0x400000
        body = bytearray(0x400)
        strings = b"\0" + self.needed + b"\0"
        body[0x300 : 0x300 + len(strings)] = strings
        body[0x380 : 0x380 + len(self.interpreter)] = self.interpreter
        dynamic = self._dynamic(base + 0x300, len(strings))
        body[0x200 : 0x200 + len(dynamic)] = dynamic
        segments = [(PT_LOAD, self.load_flags, 0, len(body))]
        if dynamic:
            segments.append((PT_DYNAMIC, R, 0x200, len(dynamic)))
        if self.interpreter:
            segments.append((PT_INTERP, R, 0x380, len(self.interpreter)))
        program_headers = [
            struct.pack("<2I6Q", kind, flags, offset, base + offset, base + offset, size, size, 1)
            for kind, flags, offset, size in segments
        ]
        if self.stack:
            program_headers.append(struct.pack("<2I6Q", PT_GNU_STACK, self.stack[0], 0, 0, 0, 0, self.stack[1], 16))
        body[64 : 64 + 56 * len(program_headers)] = b"".join(program_headers)
        names, table = self._sections(base, len(body))
        ident = b"\x7fELF" + bytes([self.elf_class, 1, 1]) + bytes(9)
        body[:64] = ident + struct.pack(
            "<2HI3QI6H",
            *(self.file_type, self.machine, 1, base + 0x100, 64, len(body) + len(names)),
            *(0, 64, 56, len(program_headers), 64, len(self.sections) + 2, len(self.sections) + 1),
        )
        return bytes(body) + names + table

    def _dynamic(self, strings: int, size: int) -> bytes:
        entries = [(DT_NEEDED, 1)] if self.needed else []
        if self.flags_1 is not None:
            entries.append((DT_FLAGS_1, self.flags_1))
        if not entries:
            return b""
        entries += [(DT_STRTAB, strings), (DT_STRSZ, size), (0, 0)]
        return b"".join(struct.pack("<2Q", *entry) for entry in entries)

    def _sections(self, base: int, offset: int) -> tuple[bytes, bytes]:
        names, table = b"\0", bytes(64)
        for name in self.sections:
            kind = 2 if name == ".symtab" else 1  # SHT_SYMTAB, SHT_PROGBITS
            table += struct.pack("<2I4Q2I2Q", len(names), kind, 0, base + 0x100, 0x100, 0, 0, 0, 1, 24 * (kind == 2))
            names += name.encode() + b"\0"
        table += struct.pack("<2I4Q2I2Q", len(names), 3, 0, 0, offset, len(names) + 10, 0, 0, 1, 0)
        return (names + b".shstrtab\0").ljust(0x80, b"\0"), table


# --- PE (PE/COFF specification)

MANIFEST = (
    '<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0"><application><windowsSettings>'
    '<activeCodePage xmlns="http://schemas.microsoft.com/SMI/2019/WindowsSettings">UTF-8</activeCodePage>'
    '<longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>'
    "</windowsSettings></application></assembly>"
)
RT_ICON, RT_GROUP_ICON, RT_VERSION, RT_MANIFEST = 3, 14, 16, 24
RESOURCES = ((RT_ICON, b"icon"), (RT_GROUP_ICON, b"group"), (RT_VERSION, b"version"), (RT_MANIFEST, MANIFEST.encode()))
PE_START = 0x40
PE_OPTIONAL = PE_START + 24
PE_DIRECTORIES = PE_OPTIONAL + 112
PE_SECTIONS = PE_OPTIONAL + 240


@dataclass(frozen=True)
class Pe:
    machine: int = 0x8664
    subsystem: int = 3
    characteristics: int = 0x20 | 0x40 | 0x100  # HIGH_ENTROPY_VA, DYNAMIC_BASE, NX_COMPAT
    dlls: tuple[str, ...] = ("KERNEL32.dll",)
    resources: tuple[tuple[int, bytes], ...] = RESOURCES
    debug_type: int = 0
    data_name: bytes = b".rdata"

    def build(self) -> bytes:
        imports = self._imports(0x2000)
        debug = struct.pack("<2I2H4I", 0, 0, 0, 0, self.debug_type, 4, 0x2300, 0x900) if self.debug_type else b""
        directories = [(0, 0)] * 16
        directories[1] = (0x2000, 20 * (len(self.dlls) + 1))
        if self.debug_type:
            directories[6] = (0x2200, len(debug))
        resources = _resource_tree(self.resources, 0x3000)
        if self.resources:
            directories[2] = (0x3000, len(resources))
        raw = [b"\xc3".ljust(0x200, b"\xcc"), (imports.ljust(0x200, b"\0") + debug).ljust(0x400, b"\0")]
        raw.append(resources.ljust(0xC00, b"\0"))
        return (self._headers(directories, raw)).ljust(0x400, b"\0") + b"".join(raw)

    def _headers(self, directories: list[tuple[int, int]], raw: list[bytes]) -> bytes:
        dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", PE_START)
        coff = struct.pack("<4s2H3I2H", b"PE\0\0", self.machine, 4, 0, 0x1234, 5, 240, 0x22)
        optional = struct.pack("<H2B5I", 0x20B, 14, 0, 0x200, 0x1000, 0, 0x1000, 0x1000)
        optional += struct.pack("<Q2I6H", 0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0)
        optional += struct.pack("<4I2H", 0, 0x5000, 0x400, 0xABCD, self.subsystem, self.characteristics)
        optional += struct.pack("<4Q2I", 0x1000000, 0x1000, 0x100000, 0x1000, 0, 16)
        optional += b"".join(struct.pack("<2I", *entry) for entry in directories)
        sections, offset = b"", 0x400
        for index, (name, data) in enumerate(zip((b".text", self.data_name, b".rsrc"), raw, strict=True)):
            address = 0x1000 * (index + 1)
            sections += struct.pack("<8s6I2HI", name, 0x1000, address, len(data), offset, 0, 0, 0, 0, 0x60000020)
            offset += len(data)
        sections += struct.pack("<8s6I2HI", b".bss", 0x1000, 0x4000, 0, 0, 0, 0, 0, 0, 0xC0000080)
        return dos + coff + optional + sections

    def _imports(self, address: int) -> bytes:
        """Import directory table; each library imports one function named F (PE/COFF, "The .idata Section")."""
        table, rest = b"", b""
        start = 20 * (len(self.dlls) + 1)
        for dll in self.dlls:
            at = address + start + len(rest)
            table += struct.pack("<5I", at, 0, 0, at + 40, at + 16)
            rest += struct.pack("<4Q", at + 32, 0, at + 32, 0) + b"\0\0F\0".ljust(8, b"\0")
            rest += (dll.encode() + b"\0").ljust(48, b"\0")
        return table + bytes(20) + rest


def _resource_tree(resources: tuple[tuple[int, bytes], ...], address: int) -> bytes:
    """Three levels (type, name, language) and the data (PE/COFF, "The .rsrc Section")."""

    def directory(entries: list[tuple[int, int]]) -> bytes:
        return struct.pack("<2I4H", 0, 0, 0, 0, 0, len(entries)) + b"".join(struct.pack("<2I", *e) for e in entries)

    count, subdirectory = len(resources), 0x80000000
    names, languages = 16 + 8 * count, 16 + 32 * count
    entries, data_start = 16 + 56 * count, 16 + 72 * count
    root = directory([(kind, subdirectory | names + 24 * i) for i, (kind, _) in enumerate(resources)])
    level2 = b"".join(directory([(1, subdirectory | languages + 24 * i)]) for i in range(count))
    level3 = b"".join(directory([(1033, entries + 16 * i)]) for i in range(count))
    leaves, data = b"", b""
    for _, content in resources:
        leaves += struct.pack("<4I", address + data_start + len(data), len(content), 0, 0)
        data += content + bytes(-len(content) % 4)
    return root + level2 + level3 + leaves + data


# --- Mach-O (<mach-o/loader.h>, cs_blobs.h)

CPU_X86_64, CPU_ARM64 = 0x01000007, 0x0100000C
MACHO_BASE = 0x100000000
LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB, LC_RPATH = 0xC, 0x80000018, 0x8000001C
LIBSYSTEM = "/usr/lib/libSystem.B.dylib"
DATA_SEGMENT = 1
STUB_HELPER = MACHO_BASE + 0x900
DEFINITION = MACHO_BASE + 0x800
# SET_TYPE_IMM pointer, SET_SEGMENT_AND_OFFSET_ULEB, DO_REBASE_ULEB_TIMES_SKIPPING_ULEB 2 8: slots 0 and 16
REBASES = bytes([0x11, 0x20 | DATA_SEGMENT, 0, 0x80, 2, 8, 0])


def bind(symbol: str, offset: int, ordinal: int = 1) -> bytes:
    """SET_DYLIB_ORDINAL_IMM, symbol, type pointer, segment and offset, DO_BIND."""
    order = 0x10 | ordinal if ordinal >= 0 else 0x30 | ordinal & 0xF
    return bytes([order, 0x40]) + symbol.encode() + bytes([0, 0x51, 0x70 | DATA_SEGMENT, offset, 0x90])


@dataclass(frozen=True)
class Macho:
    """__TEXT, __DATA with three pointers (weak bind, bind, lazy bind) and __LINKEDIT, 4 KiB each at most."""

    cpu: int = CPU_ARM64
    file_type: int = 2
    flags: int = 0x200085 | 0x18000  # NOUNDEFS DYLDLINK TWOLEVEL PIE, WEAK_DEFINES BINDS_TO_WEAK
    slots: tuple[int, int, int] = (DEFINITION, 0, STUB_HELPER)
    rebases: bytes = REBASES
    binds: bytes = bind("_puts", 8) + b"\0"
    weak_binds: bytes = bind("__Znwm", 0) + b"\0"
    lazy_binds: bytes = bind("_exit", 16) + b"\0"
    dylibs: tuple[tuple[int, str], ...] = ((LC_LOAD_DYLIB, LIBSYSTEM),)
    rpath: str = ""
    minimum_os: int | None = 11 << 16
    platform: int = 1
    last_segment: bytes = b"__LINKEDIT"
    directories: int = 1  # CodeDirectories in the signature; 0: not signed
    hash_type: int = 2
    sign_flags: int = 0x20002  # ADHOC, LINKER_SIGNED

    def build(self) -> bytes:
        tables = (self.rebases, self.binds, self.weak_binds, self.lazy_binds)
        linkedit, dyld_info = b"", [0x80000022, 48]
        for table in tables:
            dyld_info += [0x2000 + len(linkedit), len(table)]
            linkedit += table.ljust(-(-len(table) // 8) * 8, b"\0")
        linkedit = linkedit.ljust(-(-len(linkedit) // 16) * 16, b"\0")
        signature_offset = 0x2000 + len(linkedit)
        signature_size = len(self._sign(bytes(signature_offset))) if self.directories else 0
        commands = self._segments(len(linkedit) + signature_size)
        commands.append(struct.pack("<12I", *dyld_info, 0, 0))
        commands += [_named(command, 24, 24, name) for command, name in self.dylibs]
        if self.rpath:
            commands.append(_named(LC_RPATH, 12, 12, self.rpath))
        if self.minimum_os is not None:
            commands.append(struct.pack("<6I", 0x32, 24, self.platform, self.minimum_os, 14 << 16, 0))
        if self.directories:
            commands.append(struct.pack("<4I", 0x1D, 16, signature_offset, signature_size))
        load = b"".join(commands)
        header = struct.pack("<8I", 0xFEEDFACF, self.cpu, 0, self.file_type, len(commands), len(load), self.flags, 0)
        text = (header + load).ljust(0x1000, b"\0")
        code = text + struct.pack("<3Q", *self.slots).ljust(0x1000, b"\0") + linkedit
        return code + (self._sign(code) if self.directories else b"")

    def _segments(self, linkedit_size: int) -> list[bytes]:
        section = struct.pack("<16s16s2Q8I", b"__stub_helper", b"__TEXT", STUB_HELPER, 0x100, 0x900, *[0] * 7)
        return [
            _segment(b"__TEXT", 0, 0x1000, 5, 1) + section,
            _segment(b"__DATA", 0x1000, 0x1000, 3),
            _segment(self.last_segment, 0x2000, linkedit_size, 1),
        ]

    def _sign(self, code: bytes) -> bytes:
        pages = [code[at : at + 4096] for at in range(0, len(code), 4096)]
        special = b"\x11" * 64  # two special slots, whatever they hash
        hashes = special + b"".join(hashlib.sha256(page).digest() for page in pages)
        length = 44 + 4 + len(hashes)
        fields = (0xFADE0C02, length, 0x20100, self.sign_flags, 48 + 64, 44, 2, len(pages), len(code))
        directory = struct.pack(">9I4BI", *fields, 32, self.hash_type, 0, 12, 0) + b"id\0\0" + hashes
        start = 12 + 8 * self.directories
        slots = [0] + [0x1000 + index for index in range(self.directories - 1)]
        index = b"".join(struct.pack(">2I", slot, start + length * i) for i, slot in enumerate(slots))
        size = start + length * self.directories
        return struct.pack(">3I", 0xFADE0CC0, size, self.directories) + index + directory * self.directories


def _segment(name: bytes, offset: int, size: int, protection: int, sections: int = 0) -> bytes:
    address = MACHO_BASE + offset
    sizes = (address, 0x1000, offset, size)
    return struct.pack("<2I16s4Q4I", 0x19, 72 + 80 * sections, name, *sizes, protection, protection, sections, 0)


def _named(command: int, header: int, name_offset: int, name: str) -> bytes:
    """A command that ends in a string: LC_LOAD_DYLIB, LC_RPATH."""
    text = name.encode() + b"\0"
    size = -(-(header + len(text)) // 8) * 8
    return (struct.pack("<3I", command, size, name_offset).ljust(header, b"\0") + text).ljust(size, b"\0")


# --- a program that uses much of the C++ library, by the real linker

PROGRAM = """
#include <iostream>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
struct animal { virtual ~animal() = default; };
struct cat : animal {};
int main(int argc, char **argv) {
    std::map<std::string, int> counts;
    animal *pet = argc > 9 ? new animal : new cat;
    std::thread worker([&] { counts["cats"] = dynamic_cast<cat *>(pet) ? 1 : 0; });
    worker.join();
    try {
        if (std::regex_match("abc", std::regex("a.c"))) throw std::runtime_error("thrown");
    } catch (const std::exception & error) {
        std::cout << error.what() << " " << counts["cats"] << std::endl;
    }
}
"""


def compile_program(directory: Path, triple: str, *options: str, source: Path | None = None) -> bytes:
    """Compile a C source by its ending, or PROGRAM, for a zig triple; without zig skips the test, or fails it in CI."""
    if find_spec("ziglang") is None:
        assert not os.environ.get("CI"), "the ziglang wheel is not installed"
        pytest.skip("the ziglang wheel is not installed")
    output = directory / "program"
    if source is None:
        source = directory / "program.cpp"
        source.write_text(PROGRAM)
    language = "cc" if source.suffix == ".c" else "c++"
    command = [str(toolchain.tools()["zig"]), language, "-target", triple, "-O2", "-g0", *options]
    # the compiler and the cache of the runtimes' compiles, so that zig's C++ library is compiled once per machine
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(cache.root() / "zig")}
    subprocess.run([*command, str(source), "-o", str(output)], check=True, env=environment)
    return output.read_bytes()
