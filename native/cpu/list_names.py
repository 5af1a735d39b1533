"""Write native/cpu/renamed.txt and renamed-ops.txt: every name that upstream's CPU kernels define.

The second list has the names that only the elementwise kernels define (MKEXE_CPU_OPS in variants.cmake). The first list
has the rest.

Run it after you moved the pin of llama.cpp, or when a compile stops because a name is missing. Give it the objects of
one variant of every processor family:

    python native/cpu/list_names.py OBJECT... [--output FOLDER]
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from mkexe.binfmt.objects import defined_symbols

DEFAULT_OUTPUT = Path(__file__).resolve().parent
OPS = {"ops.cpp", "binary-ops.cpp", "unary-ops.cpp"}
SUFFIX = re.compile(
    r"__(x64|sse42|[a-z]+bridge|piledriver|haswell|[a-z]+lake|skylakex|sapphirerapids|armv\w+|apple_\w+)$"
)
# types that appear only in names of templates of the C++ library; they need the suffix too
IN_TEMPLATES = {"cmp_argsort", "cmp_top_k"}
# cpu-feats.cpp defines these through a macro
SCORE = {"ggml_backend_score", "ggml_backend_cpu_x86_score", "ggml_backend_cpu_aarch64_score"}
HEADER = """\
# Names that upstream's CPU kernels define; each gets the variant's name as a suffix (variants.cmake).
# Written by native/cpu/list_names.py from compiled objects.
"""


def main() -> None:
    """Collect the names and write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("objects", nargs="+", type=Path, metavar="OBJECT")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    arguments = parser.parse_args()
    ops = names_of([file for file in arguments.objects if file.stem in OPS])
    others = names_of([file for file in arguments.objects if file.stem not in OPS]) | IN_TEMPLATES | SCORE
    for output, names in (("renamed.txt", others), ("renamed-ops.txt", ops - others)):
        (arguments.output / output).write_text(HEADER + "".join(f"{name}\n" for name in sorted(names)), "utf-8")


def names_of(objects: list[Path]) -> set[str]:
    """The names that these objects define, without a level's suffix."""
    found = {symbol.identifier for file in objects for symbol in defined_symbols(file)} - {None}
    return {SUFFIX.sub("", str(name)) for name in found}


if __name__ == "__main__":
    main()
