"""The check that variants of the CPU kernels keep apart, on made-up symbols and on real objects of three formats."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT
from mkexe.base import cache
from mkexe.binfmt.objects import Symbol, defined_symbols
from mkexe.runtimes import pins, toolchain
from mkexe.runtimes.kernels import Variant, find_leaks, find_unrenamed

LOW = frozenset({"SSE42"})
HIGH = frozenset({"SSE42", "AVX2"})
OTHER = frozenset({"SSE42", "AVX512"})


def variant(name: str, features: frozenset[str], *symbols: Symbol) -> Variant:
    return Variant(name, features, symbols)


def test_data_that_all_share_needs_no_name_of_its_own() -> None:
    table = Symbol("iq2xxs_grid", True)
    assert find_unrenamed([variant("haswell", HIGH, table)], {"iq2xxs_grid"}) == set()
    assert find_unrenamed([variant("haswell", HIGH, table)], set()) == {"iq2xxs_grid"}


def test_a_name_without_the_suffix_is_found() -> None:
    found = find_unrenamed(
        [variant("haswell", HIGH, Symbol("ggml_new_op", False), Symbol("ggml_old__haswell", False))], set()
    )
    assert found == {"ggml_new_op"}


def test_a_class_without_the_suffix_is_found_by_its_outermost_name() -> None:
    found = find_unrenamed(
        [variant("haswell", HIGH, Symbol("_ZN7newtype3runEv", True), Symbol("_ZTV7newtype", True))], set()
    )
    assert found == {"newtype"}


def test_the_cpp_library_needs_no_suffix() -> None:
    library = Symbol("_ZNSt3__16vectorIiNS_9allocatorIiEEE9push_backEOi", True)
    assert find_unrenamed([variant("haswell", HIGH, library)], set()) == set()


def test_inline_code_first_defined_by_a_lower_level_may_serve_a_higher_one() -> None:
    code = Symbol("_ZNSt3__14sortEv", True)
    assert find_leaks([variant("low", LOW, code), variant("high", HIGH, code)], set()) == []


@pytest.mark.parametrize(("first", "second"), [(HIGH, LOW), (HIGH, OTHER)])
def test_inline_code_of_a_level_that_another_cannot_run_is_a_leak(
    first: frozenset[str], second: frozenset[str]
) -> None:
    code = Symbol("_ZNSt3__14sortEv", True)
    (leak,) = find_leaks([variant("one", first, code), variant("two", second, code)], set())
    assert "two would run one's copy, which may use AVX2" in leak


def test_inline_code_that_the_base_defines_is_no_leak() -> None:
    code = Symbol("_ZNSt3__14sortEv", True)
    assert find_leaks([variant("high", HIGH, code), variant("low", LOW, code)], {code.name}) == []


SOURCE = """
inline __attribute__((noinline)) int shared_one(int x) { return x * 3; }
namespace scope { int own(int x) { return shared_one(x); } }
extern "C" int plain(int);
extern "C" int defined(int x) { return scope::own(x) + plain(x); }
int data_of_mine = 5;
static int hidden(int x) { return x + 1; }
int (*user)(int) = hidden;
"""


@pytest.mark.compile
@pytest.mark.parametrize("triple", ["x86_64-linux-musl", "x86_64-windows-gnu", "aarch64-macos.11.0"])
def test_symbols_of_real_objects_of_three_formats(triple: str, tmp_path: Path) -> None:
    (tmp_path / "one.cpp").write_text(SOURCE)
    compiler = [
        str(toolchain.tools()["zig"]),
        "c++",
        "-target",
        triple,
        "-O1",
        "-ffunction-sections",
        "-fno-inline",
    ]
    subprocess.run([*compiler, "-c", "one.cpp", "-o", "one.o"], cwd=tmp_path, check=True)
    found = {(symbol.identifier, symbol.shared) for symbol in defined_symbols(tmp_path / "one.o")}
    assert found == {
        ("shared_one", True),
        ("scope", False),
        ("defined", False),
        ("data_of_mine", False),
        ("user", False),
    }


VARIANTS = (ROOT / "native/cpu/variants.cmake").read_text("utf-8")
ROWS = {
    name: (features.split(), shares)
    for name, features, shares in re.findall(r'^ +"(\S+) \|([^|"]*)(?:\| (\S+))?"', VARIANTS, re.MULTILINE)
}
# What these have more and their elementwise kernels would use; docs/decisions/0003-cpu-variants.md has what it costs.
DIFFERS_IN = {"piledriver": re.compile(r"_mm(?:256)?_fn?madd_ps")}
SHARED = [(name, shares) for name, (_, shares) in ROWS.items() if shares]


def compiler_flags(features: list[str]) -> list[str]:
    """What native/cpu/variants.cmake gives the compiler for these features."""
    flags = [flag for name in features for flag in _table("FLAGS", name)]
    tags = [tag for name in features for tag in _table("TAGS", name)]
    if "v8_6a" in tags:
        tags = [tag for tag in tags if tag != "v8_2a"]
    return [*flags, f"-mcpu=generic+{'+'.join(tags)}"] if tags else flags


def _table(kind: str, feature: str) -> list[str]:
    found = re.search(rf"^set\(MKEXE_CPU_{kind}_{feature} (.*)\)$", VARIANTS, re.MULTILINE)
    return found[1].split() if found else []


def test_the_table_of_levels_was_understood() -> None:
    assert ("cascadelake", "skylakex") in SHARED
    assert compiler_flags(ROWS["sse42"][0]) == ["-msse4.2"]
    assert compiler_flags(ROWS["armv8.6_1"][0]) == ["-mcpu=generic+dotprod+fullfp16+sve+v8_6a+i8mm"]


@pytest.mark.parametrize(("level", "lower"), SHARED, ids=[level for level, _ in SHARED])
@pytest.mark.parametrize("source", ["ops.cpp", "binary-ops.cpp", "unary-ops.cpp"])
def test_a_level_that_takes_a_lower_one_s_elementwise_kernels_would_compile_the_same_text(
    runtimes: dict[str, Path], level: str, lower: str, source: str
) -> None:
    """What the preprocessor leaves of the file is the same, so that only the compiler's own choices could differ."""
    ours, served = preprocessed(source, level), preprocessed(source, lower)
    assert len(ours) == len(served) > 10_000
    allowed = DIFFERS_IN.get(level)
    # not compared as a whole: pytest would print both
    differing = [pair for pair in zip(ours, served, strict=True) if pair[0] != pair[1]]
    assert [pair for pair in differing if not (allowed and allowed.search(pair[0]))] == []


@functools.cache
def preprocessed(source: str, level: str) -> list[str]:
    """The lines of a file of ggml-cpu's as the compiler sees it for a level."""
    pin = pins.llama_pin()
    ggml = cache.root() / "source" / f"llama.cpp-{pin.commit}-{pin.sha256[: cache.KEY_DIGITS]}" / "ggml"
    triple = "aarch64-linux-musl" if level.startswith("a") and "lake" not in level else "x86_64-linux-musl"
    command: list[str | Path] = [
        toolchain.tools()["zig"], "c++", f"--target={triple}", "-E", "-P", "-w", "-std=gnu++17", "-O2",
        "-DNDEBUG", "-D_GNU_SOURCE", "-D_XOPEN_SOURCE=600", "-DGGML_USE_CPU_REPACK", "-DGGML_USE_LLAMAFILE",
        *compiler_flags(ROWS[level][0]), f"-I{ggml / 'src'}", f"-I{ggml / 'src/ggml-cpu'}", f"-I{ggml / 'include'}",
        ggml / "src/ggml-cpu" / source,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.splitlines()


def test_a_file_that_is_no_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello there")
    with pytest.raises(
        ValueError, match="expected an ELF, Mach-O or COFF object, found a file that starts with 68656c6c"
    ):
        defined_symbols(tmp_path / "text")
