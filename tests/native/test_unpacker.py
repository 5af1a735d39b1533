"""native/unpacker, the program itself: what comes out is what Python's lzma put in, and damage is refused."""

from __future__ import annotations

import gzip
import lzma
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from mkexe.artifact import xz
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes import targets
from support.needs import missing, need

X86 = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 6}]
PLAIN = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 2, "lp": 2, "pb": 2}]
PROCESSORS = ["x86_64", "aarch64"]


@pytest.fixture(scope="module")
def unpackers(runtimes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The command that starts the unpacker of each Linux processor, emulated where it is not this machine's."""
    folder = tmp_path_factory.mktemp("unpackers")
    commands = {}
    for processor in PROCESSORS:
        runtime = runtime_store.find_runtime(targets.all_targets()[f"linux-{processor}"])
        assert runtime is not None
        assert runtime.unpacker is not None
        program = folder / processor
        program.write_bytes(gzip.decompress(runtime.unpacker.read_bytes()))
        program.chmod(0o755)
        emulator = [] if os.uname().machine == processor else [f"qemu-{processor}-static"]
        need(*emulator)
        commands[processor] = [*emulator, str(program)]
    return commands


def pack(data: bytes, filters: list[dict[str, int]]) -> bytes:
    return lzma.compress(data, lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=filters)


def unpack(command: list[str], folder: Path, stream: bytes, skip: int, take: int) -> subprocess.CompletedProcess[bytes]:
    file = folder / "file with spaces"
    file.write_bytes(b"before" + stream + b"behind")
    words = [*command, str(file), "6", str(len(stream)), str(skip), str(take)]
    return subprocess.run(words, capture_output=True, timeout=120)


def test_the_arm_filter_is_that_of_xz() -> None:
    """Byte for byte the stream that Debian's xz writes with the same settings."""
    program = shutil.which("xz")
    if program is None or b"--arm64" not in subprocess.run([program, "-H"], capture_output=True).stdout:
        missing("xz 5.4 or later")
    data = arm_code(400_001, seed=3)
    settings = ["--check=crc32", "--arm64", "--lzma2=preset=9e,dict=64MiB,lc=2,lp=2,pb=2"]
    done = subprocess.run([program, "-c", *settings], input=data, capture_output=True, check=True)
    assert xz.compress(data, xz.ARM64) == done.stdout


def arm_code(size: int, seed: int) -> bytes:
    """Words of which most are calls and addresses of pages, near and far, up to both ends of their range."""
    chance = random.Random(seed)
    words = bytearray()
    while len(words) < size:
        ends = chance.choice([0, 0xFFFFFF, chance.randrange(1 << 24), chance.randrange(1 << 12)])
        words += ends.to_bytes(3, "little") + bytes([chance.choice([0x94, 0x97, 0x90, 0xB0, 0xD0, 0xF0, 0x14])])
    return bytes(words[:size])


@pytest.mark.parametrize("processor", PROCESSORS)
def test_arm_code_comes_out_as_it_went_in(unpackers: dict[str, list[str]], tmp_path: Path, processor: str) -> None:
    for size in (1, 3, 4, 5, 4096, 300_002):
        data = arm_code(size, seed=size)
        done = unpack(unpackers[processor], tmp_path, xz.compress(data, xz.ARM64), 0, size)
        assert (done.returncode, done.stdout, done.stderr) == (0, data, b"")


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("filters", [X86, PLAIN], ids=["x86", "plain"])
def test_a_program_comes_out_as_it_went_in(
    unpackers: dict[str, list[str]], runtimes: dict[str, Path], tmp_path: Path, processor: str,
    filters: list[dict[str, int]],
) -> None:  # fmt: skip
    image = runtimes["linux-x86_64"].read_bytes()[:2_000_000]
    done = unpack(unpackers[processor], tmp_path, pack(image, filters), 0, len(image))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == image


def test_a_part_comes_out(unpackers: dict[str, list[str]], tmp_path: Path) -> None:
    data = bytes(range(256)) * 40
    for skip, take in [(0, 1), (1000, 5000), (len(data) - 1, 1), (len(data), 0)]:
        done = unpack(unpackers["x86_64"], tmp_path, pack(data, X86), skip, take)
        assert (done.returncode, done.stdout) == (0, data[skip : skip + take])


def test_calls_that_lie_in_each_other_are_turned_back_right(unpackers: dict[str, list[str]], tmp_path: Path) -> None:
    """The x86 filter looks back at opcodes in the three bytes before one: bytes that are mostly these are the worst."""
    chance = random.Random(7)
    for _ in range(150):
        size = chance.randrange(1, 3000)
        data = bytes(chance.choice([0xE8, 0xE9, 0, 0xFF, 1, 0xFE, chance.randrange(256)]) for _ in range(size))
        assert unpack(unpackers["x86_64"], tmp_path, pack(data, X86), 0, size).stdout == data


@pytest.mark.parametrize("count", [40, pytest.param(2000, marks=pytest.mark.soak)])
def test_nothing_else_comes_out_of_a_damaged_stream(
    unpackers: dict[str, list[str]], tmp_path: Path, count: int
) -> None:
    chance = random.Random(11)
    data = bytes(chance.randrange(8) for _ in range(20_000))
    stream = pack(data, X86)
    checked = stream[: -lzma_index_size(stream)]  # the index behind the block is not looked at
    unharmed = 0
    for _ in range(count):
        damaged = bytearray(checked)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        done = unpack(unpackers["x86_64"], tmp_path, bytes(damaged), 0, len(data))
        if done.returncode == 0:  # the coder's last bytes and the padding behind it decide nothing
            assert done.stdout == data, bytes(damaged).hex()
            unharmed += 1
        else:
            assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert unharmed < count / 20
    for keep in range(0, len(checked), 97 if count < 200 else 7):
        done = unpack(unpackers["x86_64"], tmp_path, checked[:keep], 0, len(data))
        assert (done.returncode, done.stdout) == (1, b"")


def lzma_index_size(stream: bytes) -> int:
    """The bytes behind the only block: index and stream footer (The .xz File Format, 2.1.2: Backward Size)."""
    return (int.from_bytes(stream[-8:-4], "little") + 1) * 4 + 12


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], b"usage: unpack FILE OFFSET SIZE SKIP TAKE"),
        (["/nowhere", "0", "1", "0", "1"], b"the file cannot be read"),
        (["/dev/null", "0", "100", "0", "1"], b"this copy of the file is damaged or incomplete"),
        (["/dev/null", "0", "-1", "0", "1"], b"usage: unpack FILE OFFSET SIZE SKIP TAKE"),
    ],
)
def test_mistakes_get_a_sentence(unpackers: dict[str, list[str]], words: list[str], message: bytes) -> None:
    done = subprocess.run([*unpackers["x86_64"], *words], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", message + b"\n")


def test_a_full_disk_is_no_success(unpackers: dict[str, list[str]], tmp_path: Path) -> None:
    file = tmp_path / "file"
    stream = pack(b"x" * 100_000, X86)
    file.write_bytes(stream)
    with Path("/dev/full").open("wb") as full:
        words = [*unpackers["x86_64"], str(file), "0", str(len(stream)), "0", "100000"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"the program cannot be written: is the disk full?\n")
