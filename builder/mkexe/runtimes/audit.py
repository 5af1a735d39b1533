"""Check after compiling that a runtime executable keeps the rules of its target.

All findings are collected, so one run shows every error. An audit does not start the runtime; only `mkexe.boot` does.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import lief

from mkexe.binfmt import code_signature, macho, weak_binds
from mkexe.errors import AuditError, UsageError

# musl gives a thread a stack of PT_GNU_STACK's p_memsz; llama.cpp's regular expressions and grammars recurse deeply.
MINIMUM_STACK_BYTES = 8 * 1024 * 1024
MINIMUM_MACOS = (11, 0, 0)

# Libraries that every Windows 10 has, in lower case, because the loader ignores case. The C++ library is linked
# statically, so libc++, libstdc++, libgcc, winpthread and vcruntime are not allowed.
ALLOWED_DLLS = frozenset(
    f"{name}.dll"
    for name in (
        "advapi32",
        "api-ms-win-core-synch-l1-2-0",  # WaitOnAddress, Windows 8
        "bcrypt",
        "kernel32",
        "msvcrt",
        "ntdll",
        "ole32",
        "shell32",
        "ucrtbase",
        "user32",
        "ws2_32",
    )
)
# the universal C runtime's API sets, part of Windows since 10
ALLOWED_DLL = re.compile(r"api-ms-win-crt-[a-z]+-l1-1-0\.dll")

DLL_CHARACTERISTICS = ("DYNAMIC_BASE", "NX_COMPAT", "HIGH_ENTROPY_VA")  # PE/COFF, "DLL Characteristics"
# Application manifest, namespaces SMI/2019 and SMI/2016 WindowsSettings; the prefix is free.
MANIFEST_SETTINGS = {
    "activeCodePage UTF-8": re.compile(r"<([\w.-]+:)?activeCodePage(\s[^>]*)?>\s*UTF-8\s*</", re.IGNORECASE),
    "longPathAware true": re.compile(r"<([\w.-]+:)?longPathAware(\s[^>]*)?>\s*true\s*</", re.IGNORECASE),
}

Facts = dict[str, object]
Rules = Callable[[str, bytes, Facts], Iterator[str]]


@dataclass(frozen=True)
class AuditReport:
    """The facts about one executable, and the rules of its target that it breaks (`findings`, empty if none)."""

    target: str
    findings: tuple[str, ...]
    facts: Mapping[str, object] = field(default_factory=dict)


def audit_runtime(target: str, image: bytes) -> AuditReport:
    """Check an executable against the rules of a target id such as `linux-x86_64`.

    A damaged or foreign file is a finding, not an error. Raises UsageError for a target without rules.
    """
    system, _, processor = target.partition("-")
    if system not in _RULES or processor not in _MACHINES[system]:
        raise UsageError(f"no audit rules for target {target!r}", "name a target of native/targets.toml")
    # LIEF also writes to standard error that a file is damaged
    lief.logging.disable()
    facts: Facts = {"size_bytes": len(image)}
    findings: list[str] = []
    with warnings.catch_warnings():
        # LIEF warns about every value outside an enumeration; here, such a value is a finding
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            findings.extend(_RULES[system](_MACHINES[system][processor], image, facts))
        except UnicodeDecodeError as error:
            # LIEF does not return every name that is not UTF-8 as bytes, see _text
            findings.append(f"damaged: a name in the file is not UTF-8: {error}")
    return AuditReport(target, tuple(findings), facts)


def _name(value: object) -> str:
    """Return the bare name of a LIEF enumerator: `ARCH.X86_64` is `X86_64`."""
    return str(value).rpartition(".")[2]


def _text(value: str | bytes) -> str:
    """Return a name as text. LIEF returns it as bytes if it is not valid UTF-8."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _expect(what: str, expected: object, found: object) -> Iterator[str]:
    if found != expected:
        yield f"{what}: expected {expected}, found {found}"


def _forbid(what: str, found: object) -> Iterator[str]:
    if found:
        yield f"{what}: expected none, found {found}"


# --- Linux: ELF gABI, chapters 4 and 5; PT_GNU_STACK and DF_1_PIE from the GNU extensions in <elf.h>


def _audit_elf(machine: str, image: bytes, facts: Facts) -> Iterator[str]:
    elf = lief.ELF.parse(image)
    if elf is None:
        yield "not an ELF file that can be read"
        return
    facts["machine"] = _name(elf.header.machine_type)
    facts["libraries"] = libraries = [_text(name) for name in elf.libraries]
    facts["sections"] = sections = [_text(section.name) for section in elf.sections if section.name]
    yield from _expect("class", "ELF64", _name(elf.header.identity_class))
    yield from _expect("machine", machine, facts["machine"])
    yield from _elf_type(elf)
    yield from _forbid("program interpreter (PT_INTERP)", elf.interpreter if elf.has_interpreter else "")
    yield from _forbid("needed libraries (DT_NEEDED)", ", ".join(libraries))
    yield from _elf_stack(elf, facts)
    yield from _elf_segments(elf)
    yield from _forbid("symbol table, strip it", ".symtab" if elf.get_section(".symtab") else "")
    yield from _debug_sections(name for name in sections if name.startswith((".debug_", ".zdebug_")))


def _elf_type(elf: lief.ELF.Binary) -> Iterator[str]:
    found = _name(elf.header.file_type)
    flags = elf.get(lief.ELF.DynamicEntry.TAG.FLAGS_1)
    if found == "DYN" and not (flags and flags.value & 0x08000000):  # DF_1_PIE
        found = "DYN without DF_1_PIE, a shared library"
    if found not in ("EXEC", "DYN"):
        yield f"file type: expected EXEC or a static PIE, found {found}"


def _elf_stack(elf: lief.ELF.Binary, facts: Facts) -> Iterator[str]:
    stacks = [segment for segment in elf.segments if segment.type == lief.ELF.Segment.TYPE.GNU_STACK]
    if not stacks:
        yield "stack: expected a PT_GNU_STACK segment, found none, which means an executable stack"
        return
    facts["stack_bytes"] = stacks[0].virtual_size
    if stacks[0].has(lief.ELF.Segment.FLAGS.X):
        yield "stack: expected not executable, found executable (PT_GNU_STACK)"
    if stacks[0].virtual_size < MINIMUM_STACK_BYTES:
        yield f"stack size: expected at least {MINIMUM_STACK_BYTES} bytes, found {stacks[0].virtual_size}"


def _elf_segments(elf: lief.ELF.Binary) -> Iterator[str]:
    flags = lief.ELF.Segment.FLAGS
    for segment in elf.segments:
        if segment.type == lief.ELF.Segment.TYPE.LOAD and segment.has(flags.W) and segment.has(flags.X):
            yield f"segment at address {segment.virtual_address:#x}: expected not writable and executable, found both"


def _debug_sections(names: Iterator[str]) -> Iterator[str]:
    yield from _forbid("debug information", ", ".join(names))


# --- Windows: PE/COFF specification


def _audit_pe(machine: str, image: bytes, facts: Facts) -> Iterator[str]:
    pe = lief.PE.parse(image)
    if pe is None:
        yield "not a PE file that can be read"
        return
    optional = pe.optional_header
    facts["machine"] = _name(pe.header.machine)
    facts["libraries"] = _pe_imports(pe)
    facts["sections"] = [_text(section.name) for section in pe.sections]
    facts["stack_bytes"] = optional.sizeof_stack_reserve
    facts["signed"] = bool(pe.has_signatures)
    facts["minimum_os"] = f"{optional.major_operating_system_version}.{optional.minor_operating_system_version}"
    yield from _expect("format", "PE32_PLUS", _name(optional.magic))
    yield from _expect("machine", machine, facts["machine"])
    yield from _expect("subsystem", "WINDOWS_CUI", _name(optional.subsystem))
    for name in DLL_CHARACTERISTICS:
        if not optional.has(getattr(lief.PE.OptionalHeader.DLL_CHARACTERISTICS, name)):
            yield f"DLL characteristics: expected {name}, found it missing"
    yield from _pe_libraries(pe)
    yield from _pe_resources(pe)
    yield from _pe_debug(pe)


def _pe_imports(pe: lief.PE.Binary) -> list[str]:
    return [_text(entry.name) for entry in pe.imports] + [_text(entry.name) for entry in pe.delay_imports]


def _pe_libraries(pe: lief.PE.Binary) -> Iterator[str]:
    for name in _pe_imports(pe):
        if name.lower() not in ALLOWED_DLLS and not ALLOWED_DLL.fullmatch(name.lower()):
            yield f"imported library: expected a system library of Windows 10, found {name}"


def _pe_resources(pe: lief.PE.Binary) -> Iterator[str]:
    manager = pe.resources_manager if pe.has_resources else None
    if not isinstance(manager, lief.PE.ResourcesManager):
        yield "resources: expected version information, an icon and a manifest, found none"
        return
    for what, present in (("version information", manager.has_version), ("icon", manager.has_icons)):
        if not present:
            yield f"resources: expected {what}, found none"
    if not manager.has_manifest:
        yield "resources: expected an application manifest, found none"
        return
    for what, setting in MANIFEST_SETTINGS.items():
        if not setting.search(_text(manager.manifest)):
            yield f"application manifest: expected {what}, found it missing"


def _pe_debug(pe: lief.PE.Binary) -> Iterator[str]:
    """Forbid debug records and sections, except REPRO.

    REPRO is lld's record of a reproducible build. It contains no path, and zig has no option to leave it out.
    """
    sections = [_text(section.name) for section in pe.sections]
    kinds = [_name(record.type) for record in pe.debug if record.type != lief.PE.Debug.TYPES.REPRO]
    yield from _forbid("debug directory", ", ".join(kinds))
    yield from _debug_sections(name for name in sections if name.startswith(".debug_"))


# --- macOS: <mach-o/loader.h>


def _audit_macho(cpu: str, image: bytes, facts: Facts) -> Iterator[str]:
    fat = lief.MachO.parse(image)
    binary = fat.at(0) if fat else None
    if fat is None or binary is None:
        yield "not a Mach-O file that can be read"
        return
    if fat.size > 1 or image[:4] != macho.MH_MAGIC_64.to_bytes(4, "little"):
        yield f"format: expected a thin 64-bit file, found {fat.size} architectures or another magic"
        return
    facts["machine"] = _name(binary.header.cpu_type)
    facts["libraries"] = [_text(library.name) for library in binary.libraries]
    facts["sections"] = [f"{section.segment_name},{_text(section.name)}" for section in binary.sections]
    facts["signed"] = bool(binary.has_code_signature)
    yield from _expect("machine", cpu, facts["machine"])
    yield from _expect("file type", "EXECUTE", _name(binary.header.file_type))
    if not binary.header.has(lief.MachO.Header.FLAGS.PIE):
        yield "header flags: expected MH_PIE, found it missing"
    yield from _macho_version(binary, facts)
    yield from _macho_libraries(binary)
    yield from _macho_weak(binary, image)
    yield from (f"code signature: {line}" for line in code_signature.verify_code_signature(image))
    yield from _debug_sections(segment.name for segment in binary.segments if segment.name == "__DWARF")


def _macho_version(binary: lief.MachO.Binary, facts: Facts) -> Iterator[str]:
    build = binary.build_version
    if build is None:
        yield "minimum macOS: expected LC_BUILD_VERSION, found none"
        return
    facts["minimum_os"] = ".".join(map(str, build.minos))
    facts["sdk"] = ".".join(map(str, build.sdk))
    yield from _expect("platform", "MACOS", _name(build.platform))
    if tuple(build.minos) > MINIMUM_MACOS:
        expected = ".".join(map(str, MINIMUM_MACOS))
        yield f"minimum macOS: expected at most {expected}, found {facts['minimum_os']}"


def _macho_libraries(binary: lief.MachO.Binary) -> Iterator[str]:
    for library in binary.libraries:
        name = _text(library.name)
        if name not in weak_binds.ALLOWED_DYLIBS:
            yield f"loaded library: expected only {', '.join(weak_binds.ALLOWED_DYLIBS)}, found {name}"
        yield from _expect(f"load command of {name}", "LOAD_DYLIB", _name(library.command))
    yield from _forbid("run path (LC_RPATH)", ", ".join(rpath.path for rpath in binary.rpaths))


def _macho_weak(binary: lief.MachO.Binary, image: bytes) -> Iterator[str]:
    flags = lief.MachO.Header.FLAGS
    for name, flag in (("MH_WEAK_DEFINES", flags.WEAK_DEFINES), ("MH_BINDS_TO_WEAK", flags.BINDS_TO_WEAK)):
        yield from _forbid("header flags", name if binary.header.has(flag) else "")
    try:
        slots = weak_binds.weak_bind_slots(image)
    except AuditError as error:
        yield error.message
        return
    if slots:
        yield f"weak binds: expected none, found {len(slots)}, the first is {slots[0].symbol} in slot {slots[0]}"


_RULES: dict[str, Rules] = {"linux": _audit_elf, "windows": _audit_pe, "macos": _audit_macho}
# LIEF's name of each processor, by format
_MACHINES = {
    "linux": {"x86_64": "X86_64", "aarch64": "AARCH64"},
    "windows": {"x86_64": "AMD64"},
    "macos": {"x86_64": "X86_64", "aarch64": "ARM64"},
}
