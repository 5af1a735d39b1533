"""Write builder/mkexe/data/architectures.json: what the pinned llama.cpp can load.

Run it after the llama.cpp pin moved:

    python native/list_architectures.py LLAMA_CPP_SOURCE [--commit HEX] [--output FILE]

The lists come from the source itself: architectures from `LLM_ARCH_NAMES` (src/llama-arch.cpp), tokenizers and
pre-tokenizers from the comparisons in `llama_vocab::impl::load` (src/llama-vocab.cpp). `clip` and `(unknown)` are
left out: the loader refuses them as a main model (`llama_model_load` in src/llama.cpp).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

DEFAULT_OUTPUT = Path(__file__).resolve().parent.parent / "builder/mkexe/data/architectures.json"
NOT_A_MAIN_MODEL = {"clip", "(unknown)"}
NO_VOCABULARY = {"no_vocab", "none"}
ONLY_FOR_UPSTREAM_TESTS = {"test"}


def architectures(source: str) -> list[str]:
    """Return the names in `LLM_ARCH_NAMES`, sorted; raises SystemExit where the table is not found."""
    table = re.search(r"LLM_ARCH_NAMES = \{(.*?)\n\};", source, re.DOTALL)
    if table is None:
        sys.exit("list_architectures: src/llama-arch.cpp has no LLM_ARCH_NAMES table, look at how it changed")
    names = re.findall(r'^\s*\{\s*LLM_ARCH_\w+,\s*"([^"]+)"\s*\}', table.group(1), re.MULTILINE)
    return sorted(set(names) - NOT_A_MAIN_MODEL)


def compared_with(variable: str, source: str) -> list[str]:
    """Return every string that `variable` is compared with (`==`) in a C++ source, sorted."""
    names = set(re.findall(rf'\b{variable}\s*==\s*"([^"]+)"', source))
    if not names:
        sys.exit(f"list_architectures: src/llama-vocab.cpp never compares {variable}, look at how it changed")
    return sorted(names)


def checked_out_commit(tree: Path) -> str:
    """Return the commit of a detached checkout (a submodule's `.git` file is followed), or '' where none is known."""
    git = tree / ".git"
    if git.is_file():
        git = tree / git.read_text("utf-8").removeprefix("gitdir:").strip()
    head = git / "HEAD"
    text = head.read_text("ascii").strip() if head.is_file() else ""
    return text if re.fullmatch(r"[0-9a-f]{40}", text) else ""


def collect(tree: Path, commit: str) -> dict[str, object]:
    """Return the content of architectures.json for one llama.cpp source tree."""
    vocab, refusal, _ = (tree / "src/llama-vocab.cpp").read_text("utf-8").partition("unknown pre-tokenizer type")
    if not refusal:
        sys.exit("list_architectures: src/llama-vocab.cpp no longer refuses pre-tokenizers, look at how it changed")
    tokenizers = set(compared_with("tokenizer_model", vocab)) - NO_VOCABULARY - ONLY_FOR_UPSTREAM_TESTS
    return {
        "generated_by": "native/list_architectures.py",
        "llama_cpp_commit": commit,
        "architectures": architectures((tree / "src/llama-arch.cpp").read_text("utf-8")),
        "tokenizers": sorted(tokenizers),
        "pre_tokenizers": compared_with("tokenizer_pre", vocab),
    }


def main() -> None:
    """Read the source tree named on the command line and write the JSON file."""
    parser = argparse.ArgumentParser(description="List what a llama.cpp source tree can load.")
    parser.add_argument("source", type=Path, help="the llama.cpp source tree")
    parser.add_argument("--commit", default="", help="its commit, where the tree does not tell")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    options = parser.parse_args()
    commit = options.commit or checked_out_commit(options.source)
    if not commit:
        sys.exit("list_architectures: the commit of the source tree is not known, give it with --commit")
    text = json.dumps(collect(options.source, commit), indent=2, ensure_ascii=False) + "\n"
    options.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
