"""Write builder/mkexe/data/architectures.json: the architectures and tokenizers that the pinned llama.cpp can load.

Run it after you moved the pin of llama.cpp:

    python native/list_architectures.py LLAMA_CPP_SOURCE [--commit HEX] [--output FILE]

The lists come from the source itself: architectures from `LLM_ARCH_NAMES` (src/llama-arch.cpp), tokenizers and
pre-tokenizers from the comparisons in `llama_vocab::impl::load` (src/llama-vocab.cpp). `clip` and `(unknown)` are
left out, because the loader refuses them as a main model (`llama_model_load` in src/llama.cpp).

`kv_cache_plain` lists the architectures with a plain KV cache: every layer keeps the keys and values of every token.
This follows from `llama_model::create_memory` (src/llama-model.cpp) and from the assignments in each
`load_arch_hparams` (src/models). `kv_cache_at_most` lists those that keep at most that: some layers keep only a window,
or nothing. All others keep something else, and are in neither list.
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
# after these assignments in load_arch_hparams, the cache has other layers or rows than the keys of the file say
OTHER_CACHE = re.compile(r"\b(n_layer_all|n_head_kv_arr(\[\w+\])?|n_embd_head_[kv]_(full|swa)|router_layer)\s*=(?!=)")
SMALLER_CACHE = re.compile(r"\bswa_type\s*=(?!=|\s*LLAMA_SWA_TYPE_NONE)|\bn_layer_kv_from_start\s*=(?!=)")


def architectures(source: str) -> list[str]:
    """Return the names in `LLM_ARCH_NAMES`, sorted; raises SystemExit if there is no such table."""
    table = re.search(r"LLM_ARCH_NAMES = \{(.*?)\n\};", source, re.DOTALL)
    if table is None:
        sys.exit("list_architectures: src/llama-arch.cpp has no LLM_ARCH_NAMES table, look at how it changed")
    names = re.findall(r'^\s*\{\s*LLM_ARCH_\w+,\s*"([^"]+)"\s*\}', table.group(1), re.MULTILINE)
    return sorted(set(names) - NOT_A_MAIN_MODEL)


def caches(tree: Path) -> dict[str, list[str]]:
    """Return the architectures with a plain KV cache, and those with at most that; may raise SystemExit."""
    arch, model = ((tree / "src" / name).read_text("utf-8") for name in ("llama-arch.cpp", "llama-model.cpp"))
    names = dict(re.findall(r'\{\s*(LLM_ARCH_\w+),\s*"([^"]+)"\s*\}', arch))
    parameters = loaded_parameters(tree)
    found: dict[str, list[str]] = {"kv_cache_plain": [], "kv_cache_at_most": []}
    for number in set(names) - with_other_memory(arch, model):
        text = parameters.get(class_of(number, model), "n_layer_all = unknown;")
        if names[number] not in NOT_A_MAIN_MODEL and not OTHER_CACHE.search(text):
            found["kv_cache_at_most" if SMALLER_CACHE.search(text) else "kv_cache_plain"].append(names[number])
    return {key: sorted(value) for key, value in found.items()}


def with_other_memory(arch: str, model: str) -> set[str]:
    """Return the numbers of architectures that are recurrent or hybrid, or have their own case in create_memory."""
    kinds = [function_body(f"bool llm_arch_is_{kind}(", arch) for kind in ("recurrent", "hybrid")]
    special = function_body("llama_memory_i * llama_model::create_memory(", model).partition("default:")[0]
    return set(re.findall(r"case (LLM_ARCH_\w+):", "".join([*kinds, special])))


def function_body(begin: str, source: str) -> str:
    """Return a function of a C++ source from `begin` to the brace in the first column that ends it."""
    found = re.search(rf"^{re.escape(begin)}.*?^}}", source, re.DOTALL | re.MULTILINE)
    if found is None:
        sys.exit(f"list_architectures: found no {begin}...), look at how it changed")
    return found[0]


def class_of(number: str, model: str) -> str:
    """Return the class that llama_model_mapping makes for an architecture, or ''."""
    found = re.search(rf"case {number}:(?:\s*case LLM_ARCH_\w+:)*\s*return new (llama_model_\w+)\(", model)
    return found[1] if found else ""


def loaded_parameters(tree: Path) -> dict[str, str]:
    """Return the text of load_arch_hparams by class; a class without one has its base class's."""
    bases = dict(re.findall(r"struct (llama_model_\w+) : public (llama_model_\w+)", source_text(tree, "*.h")))
    pattern = r"^void (llama_model_\w+)::load_arch_hparams\(.*?^}"
    matches = re.finditer(pattern, source_text(tree, "*.cpp"), re.DOTALL | re.MULTILINE)
    found = {match[1]: match[0] for match in matches}
    for name, base in bases.items():
        if name not in found and base in found:
            found[name] = found[base]
    return found


def source_text(tree: Path, pattern: str) -> str:
    """Return the concatenation of all sources in src/models with such a name."""
    return "\n".join(path.read_text("utf-8") for path in sorted((tree / "src/models").glob(pattern)))


def compared_with(variable: str, source: str) -> list[str]:
    """Return every string that `variable` is compared with (`==`) in a C++ source, sorted."""
    names = set(re.findall(rf'\b{variable}\s*==\s*"([^"]+)"', source))
    if not names:
        sys.exit(f"list_architectures: src/llama-vocab.cpp never compares {variable}, look at how it changed")
    return sorted(names)


def checked_out_commit(tree: Path) -> str:
    """Return the commit of a detached checkout (a submodule's `.git` file is followed), or '' if it is unknown."""
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
        **caches(tree),
        "tokenizers": sorted(tokenizers),
        "pre_tokenizers": compared_with("tokenizer_pre", vocab),
    }


def write_list(path: Path, content: dict[str, object]) -> None:
    """Write what follows from a source, in the form that people compare."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


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
    write_list(options.output, collect(options.source, commit))


if __name__ == "__main__":
    main()
