"""A whole machine in Bochs, whose processors have AVX-512: Linux is booted, and runs the commands of a test only.

Debian's kernel and boot loader, an init of our own (tests/cpp/guest). Emulated.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT
from support.executables import compile_program
from support.needs import missing, need

TOOLS = ("bochs-bin", "genisoimage", "bsdtar", "unshare")
LIMIT_S = 600
_LOADER = (Path("/usr/lib/ISOLINUX/isolinux.bin"), Path("/usr/lib/syslinux/modules/bios/ldlinux.c32"))
_FIRMWARE = (Path("/usr/share/bochs/BIOS-bochs-latest"), Path("/usr/share/bochs/VGABIOS-lgpl-latest"))
# Bochs 2.7 counts the compacted form of XSAVE wrongly, and Linux then leaves AVX out: bits 321 and 323 are XSAVEC and
# XSAVES (arch/x86/include/asm/cpufeatures.h), without which the standard form is used.
_LOADER_CONFIG = """\
default linux
label linux
linux /vmlinuz
initrd /initrd.img
append console=ttyS0 quiet mitigations=off lpj=1000000 tsc=reliable clearcpuid=321,323
"""
_CONFIG = """\
plugin_ctrl: serial=true
display_library: rfb, options="timeout=0"
romimage: file={bios}
vgaromimage: file={vga}
cpu: model={processor}, count=1, ips=100000000, ignore_bad_msrs=1
memory: guest=1024, host=1024
boot: cdrom
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=boot.iso, status=inserted
com1: enabled=1, mode=file, dev=serial.txt
clock: sync=none, time0=utc
log: bochs.log
panic: action=fatal
"""


@dataclass(frozen=True)
class Ended:
    """What a command printed, and its exit status."""

    output: str
    status: int


def kernel() -> Path:
    """Debian's kernel for virtual machines, which $MKEXE_TEST_KERNEL names."""
    need(*TOOLS)
    for file in (*_LOADER, *_FIRMWARE):
        if not file.is_file():
            missing(str(file))
    path = Path(os.environ.get("MKEXE_TEST_KERNEL", "/nonexistent"))
    if not path.is_file():
        missing("the kernel that MKEXE_TEST_KERNEL names")
    return path


def run_in_bochs(folder: Path, processor: str, program: Path, commands: list[list[str]]) -> list[Ended]:
    """Boot a machine with one of Bochs' processors and run `program` once with each list of words."""
    image = folder / "iso"
    (image / "isolinux").mkdir(parents=True)
    shutil.copy(kernel(), image / "vmlinuz")
    for file in _LOADER:
        shutil.copy(file, image / "isolinux")
    (image / "isolinux/isolinux.cfg").write_text(_LOADER_CONFIG)
    _write_root(folder, image / "initrd.img", program, commands)
    subprocess.run(
        ["genisoimage", "-quiet", "-o", "boot.iso", "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat",
         "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "iso"],
        cwd=folder, check=True,
    )  # fmt: skip
    bios, vga = _FIRMWARE
    (folder / "bochsrc").write_text(_CONFIG.format(bios=bios, vga=vga, processor=processor))
    (folder / "debugger").write_text("continue\n")  # Debian's Bochs waits for its debugger's user
    # in a network of its own: nobody is to reach its screen
    command = ["unshare", "-rn", "bochs-bin", "-q", "-f", "bochsrc", "-rc", "debugger"]
    with (folder / "bochs.txt").open("w") as output:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=output, stderr=output)
        try:
            process.wait(LIMIT_S)
        finally:
            process.kill()
            process.wait()
    return _read_serial_line(folder / "serial.txt", len(commands))


def _write_root(folder: Path, archive: Path, program: Path, commands: list[list[str]]) -> None:
    """The machine's files, as an archive that the kernel unpacks into memory."""
    root = folder / "root"
    for name in ("proc", "sys", "dev", "tmp"):
        (root / name).mkdir(parents=True)
    init = root / "init"
    init.write_bytes(compile_program(folder, "x86_64-linux-musl", "-static", source=ROOT / "tests/cpp/guest/init.c"))
    shutil.copy(program, root / "program")
    for file in (init, root / "program"):
        file.chmod(0o755)
    (root / "commands").write_text("".join("\t".join(["/program", *words]) + "\n" for words in commands))
    subprocess.run(["bsdtar", "--format", "newc", "-cf", archive, "."], cwd=root, check=True)


def _read_serial_line(path: Path, count: int) -> list[Ended]:
    text = path.read_text(errors="replace").replace("\r", "") if path.is_file() else ""
    _, begin, said = text.partition("\n[begin]\n")
    assert begin, f"the machine did not start: {text[-2000:]}"
    pieces = re.split(r"\n\[status (\d+)\]\n", said)
    ended = [Ended(output, int(status)) for output, status in zip(pieces[0:-1:2], pieces[1::2], strict=True)]
    assert len(ended) == count, f"only {len(ended)} of {count} commands ended: {said[-2000:]}"
    return ended
