"""Check that the variants of the CPU kernels are separate in one static program (native/cpu/variants.cmake).

It checks two rules on the compiled objects, in the order in which they are linked:

*   every symbol that a variant defines contains the variant's name, so that no variant calls another's code;
*   several variants define inline code of the C++ library under one name, and the linker keeps the first copy: this
    copy must not use instructions that the processors of a later variant may lack.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mkexe.binfmt.objects import Symbol, defined_symbols

_PARTS = ("", "-cold", "-ops")  # suffixes of the folders with a variant's objects
TABLE = "cpu-variants.txt"  # written by native/cpu/variants.cmake: "name | features", lowest level first


@dataclass(frozen=True)
class Variant:
    """One level: its name, the suffix of its symbols, upstream's names of its features, and its symbols."""

    name: str
    features: frozenset[str]
    symbols: tuple[Symbol, ...]

    @property
    def suffix(self) -> str:
        """The suffix of its symbols: two underscores and the name as a C identifier."""
        return "__" + "".join(c if c.isalnum() else "_" for c in self.name)


def read_variants(build: Path) -> list[Variant]:
    """The variants of a build tree, in the order in which they are linked."""
    found = []
    for line in (build / "generated" / TABLE).read_text("utf-8").splitlines():
        name, _, features = line.partition("|")
        folders = [build / "runtime" / "CMakeFiles" / f"ggml-cpu-{name.strip()}{part}.dir" for part in _PARTS]
        objects = sorted(file for path in folders for file in path.rglob("*") if file.suffix in (".o", ".obj"))
        symbols = tuple(symbol for file in objects for symbol in defined_symbols(file))
        found.append(Variant(name.strip(), frozenset(features.split()), symbols))
    return found


def read_base(build: Path) -> set[str]:
    """The symbols of those objects in a build tree that were compiled without the flags of a variant."""
    objects = [file for file in build.rglob("*") if file.suffix in (".o", ".obj") and "ggml-cpu-" not in str(file)]
    return {symbol.name for file in objects for symbol in defined_symbols(file)}


def own_names(symbols: tuple[Symbol, ...]) -> set[str]:
    """The C and C++ identifiers of these symbols, without those of the C++ library."""
    return {symbol.identifier for symbol in symbols if symbol.identifier is not None}


def find_unrenamed(variants: list[Variant], base: set[str]) -> set[str]:
    """Names that are missing in native/cpu/renamed.txt: a variant defines them without its suffix.

    Names of the C++ library do not count. Names that `base` also defines (`find_leaks`) are data that all variants
    share on Windows (native/patches/shared-tables.patch): the linker would refuse two functions with one name.
    """
    return {
        name
        for variant in variants
        for name in own_names(tuple(s for s in variant.symbols if variant.suffix not in s.name and s.name not in base))
    }


def find_leaks(variants: list[Variant], base: set[str]) -> list[str]:
    """Find inline code whose kept copy has instructions that a later variant's processors may lack, a sentence each.

    `base` has the symbols of objects that were compiled without the flags of a variant. These are linked first.
    """
    first: dict[str, Variant] = {}
    leaks = []
    for variant in variants:
        for symbol in {s.name for s in variant.symbols if s.shared and variant.suffix not in s.name} - base:
            keeper = first.setdefault(symbol, variant)
            if not keeper.features <= variant.features:
                more = ", ".join(sorted(keeper.features - variant.features))
                leaks.append(f"{symbol}: {variant.name} would run {keeper.name}'s copy, which may use {more}")
    return sorted(leaks)
