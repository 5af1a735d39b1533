"""The gate for runtimes: each rule broken once in an image written by hand, then what zig really links."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from mkexe.errors import UsageError
from mkexe.runtimes.audit import AuditReport, audit_runtime
from support.executables import (
    CPU_X86_64,
    LC_LOAD_DYLIB,
    LC_LOAD_WEAK_DYLIB,
    LIBSYSTEM,
    MANIFEST,
    PE_OPTIONAL,
    RESOURCES,
    RT_GROUP_ICON,
    RT_ICON,
    RT_MANIFEST,
    RT_VERSION,
    Elf,
    Macho,
    Pe,
    R,
    W,
    X,
    put,
)

# what drop_weak_binds leaves, so that a report on it has no finding
CLEAN = Macho(flags=0x200085, weak_binds=b"")

GOOD = {
    "linux-x86_64": Elf().build(),
    "linux-aarch64": Elf(machine=183, file_type=3, flags_1=0x08000000).build(),
    "windows-x86_64": Pe().build(),
    "macos-x86_64": Macho(CPU_X86_64, flags=0x200085, weak_binds=b"", directories=0).build(),
    "macos-aarch64": CLEAN.build(),
}


@pytest.mark.parametrize(("target", "image"), GOOD.items(), ids=GOOD)
def test_a_good_runtime_has_no_finding(target: str, image: bytes) -> None:
    assert audit_runtime(target, image).findings == ()


@pytest.mark.parametrize("target", GOOD)
@pytest.mark.parametrize("other", GOOD)
def test_a_runtime_passes_for_its_own_target_only(target: str, other: str) -> None:
    assert (audit_runtime(target, GOOD[other]).findings == ()) == (target == other)


def with_resources(*dropped: int, manifest: str = MANIFEST) -> Pe:
    kept = [(kind, content) for kind, content in RESOURCES if kind not in (*dropped, RT_MANIFEST)]
    return Pe(resources=tuple(kept) if RT_MANIFEST in dropped else (*kept, (RT_MANIFEST, manifest.encode())))


BROKEN: dict[str, tuple[str, bytes, str]] = {
    # Linux
    "machine": ("linux-x86_64", Elf(machine=183).build(), "machine: expected X86_64, found AARCH64"),
    "relocatable": ("linux-x86_64", Elf(file_type=1).build(), "file type: expected EXEC or a static PIE, found REL"),
    "shared library": (
        "linux-x86_64",
        Elf(file_type=3, flags_1=0).build(),
        "file type: expected EXEC or a static PIE, found DYN without DF_1_PIE, a shared library",
    ),
    "interpreter": (
        "linux-x86_64",
        Elf(interpreter=b"/lib/ld-musl-x86_64.so.1\0").build(),
        "program interpreter (PT_INTERP): expected none, found /lib/ld-musl-x86_64.so.1",
    ),
    "needed": (
        "linux-x86_64",
        Elf(needed=b"libm.so.6").build(),
        "needed libraries (DT_NEEDED): expected none, found libm.so.6",
    ),
    "no PT_GNU_STACK": (
        "linux-x86_64",
        Elf(stack=None).build(),
        "stack: expected a PT_GNU_STACK segment, found none, which means an executable stack",
    ),
    "executable stack": (
        "linux-x86_64",
        Elf(stack=(R | W | X, 8 << 20)).build(),
        "stack: expected not executable, found executable (PT_GNU_STACK)",
    ),
    "small stack": (
        "linux-aarch64",
        Elf(machine=183, stack=(R | W, (8 << 20) - 1)).build(),
        "stack size: expected at least 8388608 bytes, found 8388607",
    ),
    "W and X": (
        "linux-x86_64",
        Elf(load_flags=R | W | X).build(),
        "segment at address 0x400000: expected not writable and executable, found both",
    ),
    "symbols": (
        "linux-x86_64",
        Elf(sections=(".text", ".symtab")).build(),
        "symbol table, strip it: expected none, found .symtab",
    ),
    "ELF debug": (
        "linux-x86_64",
        Elf(sections=(".text", ".debug_info", ".debug_str")).build(),
        "debug information: expected none, found .debug_info, .debug_str",
    ),
    "not an ELF": ("linux-x86_64", b"#!/bin/sh\n", "not an ELF file that can be read"),
    # Windows
    "PE machine": ("windows-x86_64", Pe(machine=0xAA64).build(), "machine: expected AMD64, found ARM64"),
    "GUI": ("windows-x86_64", Pe(subsystem=2).build(), "subsystem: expected WINDOWS_CUI, found WINDOWS_GUI"),
    "no ASLR": (
        "windows-x86_64",
        Pe(characteristics=0x120).build(),
        "DLL characteristics: expected DYNAMIC_BASE, found it missing",
    ),
    "no DEP": (
        "windows-x86_64",
        Pe(characteristics=0x60).build(),
        "DLL characteristics: expected NX_COMPAT, found it missing",
    ),
    "32-bit ASLR": (
        "windows-x86_64",
        Pe(characteristics=0x140).build(),
        "DLL characteristics: expected HIGH_ENTROPY_VA, found it missing",
    ),
    "libstdc++": (
        "windows-x86_64",
        Pe(dlls=("KERNEL32.dll", "libstdc++-6.dll")).build(),
        "imported library: expected a system library of Windows 10, found libstdc++-6.dll",
    ),
    "vcruntime": (
        "windows-x86_64",
        Pe(dlls=("VCRUNTIME140.dll",)).build(),
        "imported library: expected a system library of Windows 10, found VCRUNTIME140.dll",
    ),
    "like an API set": (
        "windows-x86_64",
        Pe(dlls=("api-ms-win-crt-evil.dll",)).build(),
        "imported library: expected a system library of Windows 10, found api-ms-win-crt-evil.dll",
    ),
    "no resources": (
        "windows-x86_64",
        Pe(resources=()).build(),
        "resources: expected version information, an icon and a manifest, found none",
    ),
    "no version": (
        "windows-x86_64",
        with_resources(RT_VERSION).build(),
        "resources: expected version information, found none",
    ),
    "no icon": (
        "windows-x86_64",
        with_resources(RT_ICON, RT_GROUP_ICON).build(),
        "resources: expected icon, found none",
    ),
    "no manifest": (
        "windows-x86_64",
        with_resources(RT_MANIFEST).build(),
        "resources: expected an application manifest, found none",
    ),
    "code page": (
        "windows-x86_64",
        with_resources(manifest=MANIFEST.replace("UTF-8", "Legacy")).build(),
        "application manifest: expected activeCodePage UTF-8, found it missing",
    ),
    "short paths": (
        "windows-x86_64",
        with_resources(manifest=MANIFEST.replace(">true<", ">false<")).build(),
        "application manifest: expected longPathAware true, found it missing",
    ),
    "CodeView": (
        "windows-x86_64",
        Pe(debug_type=2).build(),
        "debug directory: expected none, found CODEVIEW",
    ),
    "PE debug section": (
        "windows-x86_64",
        Pe(data_name=b".debug_i").build(),
        "debug information: expected none, found .debug_i",
    ),
    "not a PE": ("windows-x86_64", b"MZ", "not a PE file that can be read"),
    # macOS
    "cpu": ("macos-aarch64", Macho(CPU_X86_64).build(), "machine: expected ARM64, found X86_64"),
    "a dylib": ("macos-aarch64", Macho(file_type=6).build(), "file type: expected EXECUTE, found DYLIB"),
    "no PIE": ("macos-aarch64", Macho(flags=0x85).build(), "header flags: expected MH_PIE, found it missing"),
    "weak definitions": (
        "macos-aarch64",
        Macho(flags=0x208085).build(),
        "header flags: expected none, found MH_WEAK_DEFINES",
    ),
    "binds to weak": (
        "macos-aarch64",
        Macho(flags=0x210085).build(),
        "header flags: expected none, found MH_BINDS_TO_WEAK",
    ),
    "weak binds": (
        "macos-aarch64",
        Macho().build(),
        "weak binds: expected none, found 1, the first is __Znwm in slot __DATA+0x0",
    ),
    "new macOS": (
        "macos-aarch64",
        Macho(minimum_os=13 << 16).build(),
        "minimum macOS: expected at most 11.0.0, found 13.0.0",
    ),
    "no version command": (
        "macos-aarch64",
        Macho(minimum_os=None).build(),
        "minimum macOS: expected LC_BUILD_VERSION, found none",
    ),
    "iOS": ("macos-aarch64", Macho(platform=2).build(), "platform: expected MACOS, found IOS"),
    "libc++": (
        "macos-aarch64",
        Macho(dylibs=((LC_LOAD_DYLIB, LIBSYSTEM), (LC_LOAD_DYLIB, "/usr/lib/libc++.1.dylib"))).build(),
        "loaded library: expected only /usr/lib/libSystem.B.dylib, found /usr/lib/libc++.1.dylib",
    ),
    "weak library": (
        "macos-aarch64",
        Macho(dylibs=((LC_LOAD_WEAK_DYLIB, LIBSYSTEM),)).build(),
        "load command of /usr/lib/libSystem.B.dylib: expected LOAD_DYLIB, found LOAD_WEAK_DYLIB",
    ),
    "rpath": (
        "macos-aarch64",
        Macho(rpath="@loader_path/../lib").build(),
        "run path (LC_RPATH): expected none, found @loader_path/../lib",
    ),
    "unsigned": (
        "macos-aarch64",
        Macho(directories=0).build(),
        "code signature: no code signature: arm64 macOS kills unsigned code",
    ),
    "changed after signing": (
        "macos-aarch64",
        put(Macho().build(), 0x1800, "<I", 7),
        "code signature: page 1 at offset 0x1000 does not match its hash in the signature",
    ),
    "DWARF": (
        "macos-aarch64",
        Macho(last_segment=b"__DWARF").build(),
        "debug information: expected none, found __DWARF",
    ),
    "not a Mach-O": ("macos-aarch64", b"", "not a Mach-O file that can be read"),
}


@pytest.mark.parametrize(("target", "image", "finding"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_a_finding(target: str, image: bytes, finding: str) -> None:
    assert finding in audit_runtime(target, image).findings


@pytest.mark.parametrize(("target", "image", "finding"), BROKEN.values(), ids=BROKEN)
def test_the_good_runtime_does_not_have_that_finding(target: str, image: bytes, finding: str) -> None:
    assert finding not in audit_runtime(target, GOOD[target]).findings


def test_a_fat_file_is_not_a_runtime() -> None:
    image = CLEAN.build()
    fat = struct.pack(">7I", 0xCAFEBABE, 1, 0x0100000C, 0, 0x1000, len(image), 12).ljust(0x1000, b"\0") + image
    assert audit_runtime("macos-aarch64", fat).findings == (
        "format: expected a thin 64-bit file, found 1 architectures or another magic",
    )


def test_a_32_bit_pe_is_a_finding() -> None:
    findings = audit_runtime("windows-x86_64", put(Pe().build(), PE_OPTIONAL, "<H", 0x10B)).findings
    assert any(finding.startswith(("format: expected PE32_PLUS", "not a PE")) for finding in findings)


def test_a_reproducible_build_record_is_no_debug_information() -> None:
    assert audit_runtime("windows-x86_64", Pe(debug_type=16).build()).findings == ()


def test_the_universal_c_runtime_is_part_of_windows() -> None:
    dlls = ("KERNEL32.dll", "WS2_32.dll", "api-ms-win-crt-stdio-l1-1-0.dll", "api-ms-win-crt-math-l1-1-0.dll")
    report = audit_runtime("windows-x86_64", Pe(dlls=dlls).build())
    assert report.findings == ()
    assert report.facts["libraries"] == list(dlls)


def test_all_findings_are_collected_in_one_run() -> None:
    image = Elf(machine=183, needed=b"libc.so", stack=(R | W | X, 0), sections=(".symtab", ".debug_line")).build()
    assert len(audit_runtime("linux-x86_64", image).findings) == 6


def test_facts_say_what_the_file_is() -> None:
    linux = audit_runtime("linux-x86_64", GOOD["linux-x86_64"])
    assert linux.facts["machine"] == "X86_64"
    assert linux.facts["stack_bytes"] == 8 << 20
    macos = audit_runtime("macos-aarch64", GOOD["macos-aarch64"])
    assert macos.facts["minimum_os"] == "11.0.0"
    assert macos.facts["signed"] is True
    assert macos.facts["libraries"] == [LIBSYSTEM]
    windows = audit_runtime("windows-x86_64", GOOD["windows-x86_64"])
    assert windows.facts["stack_bytes"] == 16 << 20
    assert windows.facts["signed"] is False


def test_an_unknown_value_and_a_name_that_is_no_text_are_findings() -> None:
    image = GOOD["macos-aarch64"]
    odd = audit_runtime("macos-aarch64", put(image, 4, "<I", 0x12345678)).findings
    assert any(finding.startswith("machine: expected ARM64, found") for finding in odd)
    unreadable = put(image, 32 + 8, "<B", 0xFF)  # the name of the first segment
    findings = audit_runtime("macos-aarch64", unreadable).findings
    assert any(finding.startswith("damaged: a name in the file is not UTF-8") for finding in findings)


def test_a_target_without_rules_is_a_usage_error() -> None:
    for target in ("plan9-x86_64", "linux-riscv64", "windows-aarch64", ""):
        with pytest.raises(UsageError, match="no audit rules for target"):
            audit_runtime(target, b"")


@pytest.mark.parametrize(("target", "image"), GOOD.items(), ids=GOOD)
def test_a_truncated_or_damaged_file_gives_a_report(target: str, image: bytes) -> None:
    for size in range(0, 0x300, 7):
        assert isinstance(audit_runtime(target, image[:size]), AuditReport)
    for place in range(0x200):
        assert isinstance(audit_runtime(target, put(image, place, "<B", image[place] ^ 0xFF)), AuditReport)


# --- what zig really links: the runtimes themselves


@pytest.mark.parametrize("target", ["linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-aarch64", "windows-x86_64"])
def test_every_runtime_passes(runtimes: dict[str, Path], target: str) -> None:
    assert audit_runtime(target, runtimes[target].read_bytes()).findings == ()


def test_a_runtime_with_a_small_stack_does_not_pass(runtimes: dict[str, Path]) -> None:
    image = runtimes["linux-x86_64"].read_bytes()
    headers, size, count = struct.unpack_from("<Q", image, 32)[0], *struct.unpack_from("<2H", image, 54)
    stack = next(
        at
        for at in range(headers, headers + size * count, size)
        if struct.unpack_from("<I", image, at)[0] == 0x6474E551
    )
    findings = audit_runtime("linux-x86_64", put(image, stack + 40, "<Q", 131072)).findings
    assert findings == ("stack size: expected at least 8388608 bytes, found 131072",)
