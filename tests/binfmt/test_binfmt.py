"""Writers of executable formats: images written by hand and damaged field by field, then what zig really links."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import lief
import pytest

from mkexe.binfmt import code_signature, macho, weak_binds
from mkexe.binfmt.pe import CERTIFICATE_ENTRY, CHECKSUM, read_pe_layout, relocate_pe_headers
from mkexe.errors import AuditError
from support.executables import (
    CPU_ARM64,
    CPU_X86_64,
    DATA_SEGMENT,
    DEFINITION,
    LC_LOAD_DYLIB,
    LIBSYSTEM,
    MACHO_BASE,
    PE_DIRECTORIES,
    PE_OPTIONAL,
    PE_SECTIONS,
    PE_START,
    STUB_HELPER,
    Macho,
    Pe,
    bind,
    compile_program,
    put,
)

PAGE = 4096


# --- PE


def reassemble(pe: bytes, first_line: bytes = b"MZ") -> bytes:
    """Put relocated headers at the end of the first page, behind a head that is no MS-DOS stub."""
    moved = relocate_pe_headers(pe)
    at = (PAGE - moved.header_size) // 8 * 8
    head = first_line.ljust(0x3C, b"\n") + struct.pack("<I", at)
    return (head.ljust(at, b"\n") + moved.headers).ljust(PAGE, b"\0") + moved.body


def test_the_layout_names_every_section_and_where_its_bytes_are() -> None:
    layout = read_pe_layout(Pe().build())
    assert [section.name for section in layout.sections] == [".text", ".rdata", ".rsrc", ".bss"]
    assert [section.raw_offset for section in layout.sections] == [0x400, 0x600, 0xA00, 0]
    assert (layout.first_raw_offset, layout.raw_end) == (0x400, 0x1600)
    assert layout.headers_offset == PE_START
    assert layout.header_size == 264 + 4 * 40


def test_relocation_moves_the_first_section_to_offset_4096_and_changes_no_section_content() -> None:
    pe = Pe(debug_type=2).build()
    moved = read_pe_layout(reassemble(pe))
    before = read_pe_layout(pe)
    assert moved.first_raw_offset == moved.size_of_headers == PAGE
    parsed, parsed_before = lief.PE.parse(reassemble(pe)), lief.PE.parse(pe)
    assert parsed is not None
    assert parsed_before is not None
    assert [bytes(s.content) for s in parsed.sections] == [bytes(s.content) for s in parsed_before.sections]
    assert [s.virtual_address for s in moved.sections] == [s.virtual_address for s in before.sections]
    assert moved.directories[:6] == before.directories[:6]


def test_relocation_clears_checksum_debug_directory_and_symbol_table() -> None:
    pe = Pe(debug_type=2).build()
    headers = relocate_pe_headers(pe).headers
    optional = 24
    assert struct.unpack_from("<2I", pe, PE_START + 12) == (0x1234, 5)
    assert struct.unpack_from("<2I", headers, 12) == (0, 0)
    assert struct.unpack_from("<I", pe, PE_OPTIONAL + 64) == (0xABCD,)
    assert struct.unpack_from("<2I", headers, optional + 60) == (PAGE, 0)
    assert struct.unpack_from("<2I", pe, PE_DIRECTORIES + 48) == (0x2200, 28)
    assert struct.unpack_from("<2I", headers, optional + 112 + 48) == (0, 0)


def test_signing_writes_these_two_fields() -> None:
    moved = relocate_pe_headers(Pe().build())
    signed = put(moved.headers, CHECKSUM, "<I", 0x1111)
    signed = put(signed, CERTIFICATE_ENTRY, "<2I", 0x1600, 8)
    at = PAGE - 512
    image = (b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", at)).ljust(at, b"\0") + signed
    parsed = lief.PE.parse(image.ljust(PAGE, b"\0") + moved.body)
    assert parsed is not None
    assert parsed.optional_header.checksum == 0x1111
    entry = parsed.data_directory(lief.PE.DataDirectory.TYPES.CERTIFICATE_TABLE)
    assert entry is not None
    assert (entry.rva, entry.size) == (0x1600, 8)


def test_the_body_is_everything_from_the_first_to_the_last_section() -> None:
    pe = Pe().build()
    assert relocate_pe_headers(pe).body == pe[0x400:]
    assert relocate_pe_headers(pe + b"symbols and strings").body == pe[0x400:]


PE_DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no MZ": (lambda pe: b"ZM" + pe[2:], r"MS-DOS header at offset 0x0: expected b'MZ', found b'ZM'"),
    "empty": (lambda _: b"", r"MS-DOS header at offset 0x0: expected b'MZ', found b''"),
    "ends in the headers": (lambda pe: pe[:200], r"PE headers at offset 0x40: expected 264 bytes, .* ends at 0xc8"),
    "e_lfanew outside": (lambda pe: put(pe, 0x3C, "<I", 1 << 30), r"PE headers at offset 0x40000000"),
    "signature": (lambda pe: put(pe, PE_START, "<I", 0), r"PE signature at offset 0x40"),
    "machine": (
        lambda pe: put(pe, PE_START + 4, "<H", 0x14C),
        r"Machine at offset 0x44: expected 0x8664 .*found 0x14c",
    ),
    "PE32": (lambda pe: put(pe, PE_OPTIONAL, "<H", 0x10B), r"magic at offset 0x58: expected 0x20b .*, found 0x10b"),
    "no sections": (lambda pe: put(pe, PE_START + 6, "<H", 0), r"NumberOfSections at offset 0x46: .*, found 0"),
    "optional header size": (lambda pe: put(pe, PE_START + 20, "<H", 96), r"SizeOfOptionalHeader .* 240, found 96"),
    "directories": (lambda pe: put(pe, PE_OPTIONAL + 108, "<I", 10), r"NumberOfRvaAndSizes .* expected 16, found 10"),
    "file alignment 0": (lambda pe: put(pe, PE_OPTIONAL + 36, "<I", 0), r"FileAlignment at offset 0x7c: .*found 0"),
    "file alignment large": (
        lambda pe: put(pe, PE_OPTIONAL + 32, "<2I", 8192, 8192),
        r"PointerToRawData of section .text at offset 0x15c: expected a multiple of FileAlignment 8192, found 1024",
    ),
    "section alignment": (lambda pe: put(pe, PE_OPTIONAL + 32, "<I", 512), r"SectionAlignment .* found 512"),
    "SizeOfHeaders small": (lambda pe: put(pe, PE_OPTIONAL + 60, "<I", 0x100), r"SizeOfHeaders at .* found 0x100"),
    "SizeOfHeaders large": (
        lambda pe: put(pe, PE_OPTIONAL + 60, "<I", 0x600),
        r"section .text at offset 0x15c: expected at least SizeOfHeaders 0x600, found 0x400",
    ),
    "raw data outside": (
        lambda pe: put(pe, PE_SECTIONS + 40 + 16, "<I", 0x2000),
        r"raw data of section .rdata at offset 0x600: expected 8192 bytes, found a file that ends at 0x1600",
    ),
    "first address low": (
        lambda pe: put(pe, PE_SECTIONS + 12, "<I", 0x800),
        r"VirtualAddress of the first section .* expected at least 0x1000, .* found 0x800",
    ),
    "signed": (lambda pe: put(pe, PE_DIRECTORIES + 32, "<2I", 0x1600, 64), r"certificate table at offset 0xe8.*none"),
    "bound imports in the headers": (
        lambda pe: put(pe, PE_DIRECTORIES + 88, "<2I", 0x300, 64),
        r"bound import table .* expected an address of at least 0x1000, inside the sections, found address 0x300",
    ),
    "no raw data": (
        lambda pe: put(put(put(pe, PE_SECTIONS + 16, "<I", 0), PE_SECTIONS + 56, "<I", 0), PE_SECTIONS + 96, "<I", 0),
        r"section table at offset 0x148: expected raw data, found none",
    ),
}


@pytest.mark.parametrize(("damage", "message"), PE_DAMAGE.values(), ids=PE_DAMAGE)
def test_a_pe_that_cannot_be_moved_is_refused_with_the_reason(damage: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(AuditError, match=message) as caught:
        relocate_pe_headers(damage(Pe().build()))
    assert caught.value.hint


def test_headers_that_do_not_fit_before_the_first_section_are_refused() -> None:
    five_sections = put(Pe().build(), PE_START + 6, "<H", 5)
    with pytest.raises(AuditError, match="size of the PE headers at offset 0x40: expected at most 448, found 464"):
        relocate_pe_headers(five_sections, first_section_offset=512)


# --- Mach-O


def test_dropping_weak_binds_clears_table_and_flags_and_leaves_every_pointer_alone() -> None:
    image = Macho().build()
    assert [str(slot) for slot in weak_binds.weak_bind_slots(image)] == ["__DATA+0x0"]
    dropped = weak_binds.drop_weak_binds(image)
    assert weak_binds.weak_bind_slots(dropped) == ()
    layout = macho.read_macho_layout(dropped)
    assert layout.flags == Macho().flags & ~0x18000
    assert layout.dyld_info is not None
    assert layout.dyld_info.weak_bind == (0, 0)
    assert dropped[0x1000:0x2000] == image[0x1000:0x2000]
    assert len(dropped) == len(image)


def test_dropping_weak_binds_brings_the_signature_up_to_date() -> None:
    image = Macho().build()
    assert code_signature.verify_code_signature(image) == []
    assert code_signature.verify_code_signature(weak_binds.drop_weak_binds(image)) == []
    flags_only = put(image, 24, "<I", Macho().flags & ~0x18000)
    expected = ["page 0 at offset 0x0 does not match its hash in the signature"]
    assert code_signature.verify_code_signature(flags_only) == expected


def test_dropping_weak_binds_twice_changes_nothing_more() -> None:
    once = weak_binds.drop_weak_binds(Macho().build())
    assert weak_binds.drop_weak_binds(once) == once


def test_an_unsigned_x86_64_image_stays_unsigned() -> None:
    image = Macho(cpu=CPU_X86_64, directories=0).build()
    dropped = weak_binds.drop_weak_binds(image)
    assert code_signature.verify_code_signature(dropped) == []
    assert code_signature.read_code_directories(dropped) == ()
    assert len(dropped) == len(image)


def test_an_unsigned_arm64_image_is_a_finding() -> None:
    findings = code_signature.verify_code_signature(Macho(directories=0).build())
    assert findings == ["no code signature: arm64 macOS kills unsigned code"]


MACHO_REFUSED = {
    "no rebase": (
        Macho(rebases=b"\0"),
        r"weak bind of __Znwm in slot __DATA\+0x0 at offset 0x1000: expected a rebase of the same slot, found none",
    ),
    "null": (Macho(slots=(0, 0, 0)), r"weak bind of __Znwm in slot __DATA\+0x0 .* definition in this image, found 0x0"),
    "stub helper": (
        Macho(slots=(STUB_HELPER, 0, STUB_HELPER)),
        r"__Znwm in slot __DATA\+0x0 .* definition in this image, found 0x100000900",
    ),
    "outside": (Macho(slots=(MACHO_BASE + 0x9000, 0, 0)), r"definition in this image, found 0x100009000"),
    "library": (
        Macho(dylibs=((LC_LOAD_DYLIB, LIBSYSTEM), (LC_LOAD_DYLIB, "/usr/lib/libc++.1.dylib")), binds=bind("_a", 8, 2)),
        r"bind of slot __DATA\+0x8 .* found _a from /usr/lib/libc\+\+.1.dylib",
    ),
    "C++ symbol": (Macho(lazy_binds=bind("__ZdlPv", 16)), r"bind of slot __DATA\+0x10 .* found __ZdlPv from"),
    "flat lookup": (Macho(binds=bind("_puts", 8, -2)), r"found _puts from library ordinal -2"),
    "unknown ordinal": (Macho(binds=bind("_puts", 8, 5)), r"found _puts from library ordinal 5"),
    "dylib": (Macho(file_type=6), r"file type at offset 0xc: expected 2 \(MH_EXECUTE\), found 6"),
    "slot outside": (Macho(weak_binds=bytes([0x71, 0xF9, 0x1F, 0x90])), r"expected inside __DATA, found __DATA\+0xff9"),
    "no segment": (Macho(weak_binds=b"\x90"), r"opcode table at .* expected a segment before the first slot"),
    "segment index": (Macho(weak_binds=b"\x7f\0"), r"segment index at .* expected 3, found 15"),
    "bind opcode": (Macho(weak_binds=b"\xd0"), r"bind opcode at .* found 0xd0"),
    "bind type": (Macho(weak_binds=b"\x52"), r"bind type at .* expected 1, found 2"),
    "rebase opcode": (Macho(rebases=b"\x90"), r"rebase opcode at .* found 0x90"),
    "rebase type": (Macho(rebases=b"\x12"), r"rebase type at .* expected 1, found 2"),
    "name without end": (Macho(weak_binds=b"\x40__Znwm"), r"symbol name at .* expected a name that ends"),
    "number without end": (Macho(weak_binds=b"\x71" + b"\x80" * 12), r"LEB128 number at .* expected at most 10 bytes"),
    "number cut off": (Macho(weak_binds=b"\x71\x80"), r"opcode table at .* expected another byte"),
    # DO_BIND_ULEB_TIMES_SKIPPING_ULEB, 2^56 times, stepping back by the pointer's size each time
    "endless": (
        Macho(weak_binds=b"\x71\0\xc0" + b"\x80" * 8 + b"\x01" + b"\xf8" + b"\xff" * 8 + b"\x01"),
        r"opcode table at .* found more than the file can hold",
    ),
    "certificate": (Macho(sign_flags=0), r"CodeDirectory flags at .* expected CS_ADHOC, found 0x0"),
    "SHA-1": (Macho(hash_type=1), r"CodeDirectory hash at .* expected SHA-256 .* found type 1, size 32"),
}


@pytest.mark.parametrize(("spec", "message"), MACHO_REFUSED.values(), ids=MACHO_REFUSED)
def test_weak_binds_are_not_dropped_where_something_else_depends_on_dyld(spec: Macho, message: str) -> None:
    with pytest.raises(AuditError, match=message):
        weak_binds.drop_weak_binds(spec.build())


def test_every_slot_opcode_is_followed() -> None:
    """Slots by each DO_BIND form; the steps between them are checked by where the last one lands."""
    table = b"\x40_s\0\x51" + bytes([0x70 | DATA_SEGMENT, 0])
    table += (
        b"\x90" + b"\xa0\x10" + b"\xb2" + b"\xc0\x02\x08" + b"\x80\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x01" + b"\x90\0"
    )
    slots = weak_binds.weak_bind_slots(Macho(weak_binds=table).build())
    assert [slot.offset for slot in slots] == [0, 8, 32, 56, 72, 80]


def test_every_rebase_opcode_is_followed() -> None:
    table = (
        bytes([0x11, 0x20 | DATA_SEGMENT, 0]) + b"\x51" + b"\x41" + b"\x60\x02" + b"\x30\x08" + b"\x70\x10" + b"\x51\0"
    )
    weak = b"".join(bind("_s", offset) for offset in (0, 16, 24, 40, 64))
    values = Macho(rebases=table, weak_binds=weak).build()
    for offset in (16, 24, 40, 64):
        values = put(values, 0x1000 + offset, "<Q", DEFINITION)
    weak_binds.drop_weak_binds(values)
    with pytest.raises(AuditError, match=r"weak bind of _s in slot __DATA\+0x30 .* found none"):
        weak_binds.drop_weak_binds(Macho(rebases=table, weak_binds=bind("_s", 48)).build())


def test_all_code_directories_are_rehashed_and_special_slots_stay() -> None:
    image = Macho(directories=2).build()
    changed = put(image, 0x1400, "<I", 7)
    assert len(code_signature.verify_code_signature(changed)) == 2
    rehashed = code_signature.rehash_code_signature(changed)
    assert code_signature.verify_code_signature(rehashed) == []
    for directory in code_signature.read_code_directories(rehashed):
        assert rehashed[directory.hashes_offset - 64 : directory.hashes_offset] == b"\x11" * 64


def test_code_after_the_code_limit_is_a_finding() -> None:
    image = Macho().build()
    (directory,) = code_signature.read_code_directories(image)
    limit = directory.code_limit
    shortened = code_signature.rehash_code_signature(put(image, directory.offset + 32, ">I", limit - 16))
    expected = [f"the code signature covers {limit - 16} bytes of {limit} before it"]
    assert code_signature.verify_code_signature(shortened) == expected


SIGNATURE_DAMAGE = {
    "magic": (0, ">I", 0, r"code signature magic at .* expected 0xfade0cc0, found 0x0"),
    "length": (4, ">I", 1 << 30, r"code signature length at .* found 1073741824"),
    "count": (8, ">I", 1 << 20, r"code signature index at .* expected 8388608 bytes"),
    "no CodeDirectory": (12, ">I", 2, r"expected a CodeDirectory, found none"),
    "CodeDirectory outside": (16, ">I", 1 << 20, r"CodeDirectory at offset .* expected 44 bytes"),
    "CodeDirectory magic": (20, ">I", 0, r"CodeDirectory magic at .* expected 0xfade0c02, found 0x0"),
    "hash offset": (36, ">I", 1 << 20, r"CodeDirectory hashes at .* expected 96 bytes inside it, found 1048576"),
    "slots": (48, ">I", 2, r"nCodeSlots at .* expected 3, one for each page, found 2"),
    "limit": (52, ">I", 1 << 20, r"CodeDirectory code limit at .* found 0x100000"),
    "page size": (59, ">B", 60, r"CodeDirectory page size at .* found 2\^60"),
}


@pytest.mark.parametrize(("offset", "layout", "value", "message"), SIGNATURE_DAMAGE.values(), ids=SIGNATURE_DAMAGE)
def test_a_damaged_signature_is_described(offset: int, layout: str, value: int, message: str) -> None:
    image = Macho().build()
    signature = macho.read_macho_layout(image).code_signature
    assert signature is not None
    damaged = put(image, signature[0] + offset, layout, value)
    with pytest.raises(AuditError, match=message) as caught:
        code_signature.rehash_code_signature(damaged)
    assert code_signature.verify_code_signature(damaged) == [caught.value.message]


LAYOUT_DAMAGE = {
    "magic": (0, 0xCAFEBABE, r"Mach-O magic at offset 0x0: expected 0xfeedfacf .*found 0xcafebabe"),
    "sizeofcmds": (20, 1 << 20, r"load commands at offset 0x20: expected 1048576 bytes"),
    "ncmds": (16, 1000, r"load command at offset "),
    "cmdsize": (36, 4, r"cmdsize at offset 0x24: expected a multiple of 8, found 4"),
    "segment size": (32 + 48, 1 << 30, r"segment __TEXT at offset 0x0: expected 1073741824 bytes"),
    "chained fixups": (
        32,
        0x80000034,
        r"load command at offset 0x20: .* LC_DYLD_CHAINED_FIXUPS, which is not supported",
    ),
}


@pytest.mark.parametrize(("offset", "value", "message"), LAYOUT_DAMAGE.values(), ids=LAYOUT_DAMAGE)
def test_damaged_load_commands_are_refused(offset: int, value: int, message: str) -> None:
    with pytest.raises(AuditError, match=message):
        macho.read_macho_layout(put(Macho().build(), offset, "<I", value))


def raises_only_audit_errors(write: Callable[[bytes], object], image: bytes) -> bool:
    try:
        write(image)
    except AuditError as error:
        return "expected" in error.message
    return True


def test_no_inverted_byte_raises_anything_but_an_audit_error() -> None:
    image = Macho(directories=2).build()
    for place in [*range(0x220), *range(0x1000, 0x1018), *range(0x2000, 0x2120)]:
        damaged = put(image, place, "<B", image[place] ^ 0xFF)
        assert isinstance(code_signature.verify_code_signature(damaged), list)
        assert raises_only_audit_errors(weak_binds.drop_weak_binds, damaged), hex(place)
    pe = Pe().build()
    for place in range(0x200):
        assert raises_only_audit_errors(relocate_pe_headers, put(pe, place, "<B", pe[place] ^ 0xFF)), hex(place)


# --- what zig's linker really writes


@pytest.mark.compile
@pytest.mark.parametrize(("triple", "cpu"), [("aarch64-macos.11.0", CPU_ARM64), ("x86_64-macos.11.0", CPU_X86_64)])
def test_weak_binds_of_a_linked_program_already_point_at_its_own_definitions(
    tmp_path: Path, triple: str, cpu: int
) -> None:
    image = compile_program(tmp_path, triple)
    fat = lief.MachO.parse(image)
    binary = fat.at(0) if fat else None
    assert binary is not None
    addresses = {str(symbol.name): symbol.value for symbol in binary.symbols if symbol.value}
    slots = weak_binds.weak_bind_slots(image)
    assert slots, "the linker has stopped writing weak binds: drop_weak_binds can go"
    for slot in slots:
        (value,) = struct.unpack_from("<Q", image, slot.segment.file_offset + slot.offset)
        assert value == addresses[slot.symbol], slot
    dropped = weak_binds.drop_weak_binds(image)
    assert weak_binds.weak_bind_slots(dropped) == ()
    assert code_signature.verify_code_signature(dropped) == []
    assert bool(code_signature.read_code_directories(dropped)) == (cpu == CPU_ARM64)
    again = lief.MachO.parse(dropped)
    assert again is not None
    parsed = again.at(0)
    assert parsed is not None
    kinds = {str(entry.binding_class) for entry in parsed.bindings if isinstance(entry, lief.MachO.DyldBindingInfo)}
    assert kinds == {"CLASS.STANDARD", "CLASS.LAZY"}


def test_replacing_a_field_of_a_spec_changes_the_image() -> None:
    """The builders above feed every test here: a field that has no effect would make tests pass for no reason."""
    changes: dict[str, object] = {"flags": 0, "slots": (0, 0, 0), "rebases": b"\0", "directories": 0, "rpath": "/x"}
    for name, value in changes.items():
        assert replace(Macho(), **{name: value}).build() != Macho().build(), name  # type: ignore[arg-type]
