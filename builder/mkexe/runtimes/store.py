"""Compiled runtimes in the cache, each under a key of everything that can change it.

A key covers the source's hash, the patches, runtime/ and native/, the target's row, zig's version and mkexe's version.
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

from mkexe import __version__
from mkexe.base import cache, resources
from mkexe.base.json_text import readable_json
from mkexe.binfmt import weak_binds
from mkexe.runtimes import pins, targets
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target

# the parts of the checkout that can change the result; the build tree gets a copy of them
TREE = ("CMakeLists.txt", "runtime", "native/toolchains", "native/cpu", "native/unpacker")
LICENSES = "licenses.txt"
_UNPACKER = "unpack.gz"
# increase this by hand when a change in the way of compiling changes the result
_RECIPE = 5


def runtime_key(target: Target) -> str:
    """The cache key of this target's runtime, made from the present sources."""
    root = resources.source_root()
    return cache.key_of(
        {
            "mkexe": __version__,
            "recipe": _RECIPE,
            "source": pins.llama_pin().sha256,
            "patches": cache.hash_tree(root, "native/patches"),
            "tree": cache.hash_tree(root, *TREE),
            "target": [target.name, target.triple, target.system, target.processor],
            "zig": pins.zig_version(),
        }
    )


def find_runtime(target: Target) -> Runtime | None:
    """The runtime for the present sources, bundled with the package or in the cache; None if it must be compiled."""
    key = runtime_key(target)
    for folder in (resources.bundled_runtimes() / target.name, _folder_of(target, key)):
        facts_file = folder / "runtime.json"
        if facts_file.is_file():
            facts = json.loads(facts_file.read_text("utf-8"))
            if facts["key"] == key:
                return _read_runtime(folder, facts)
    return None


def host_runtime() -> Runtime | None:
    """This machine's runtime, if it is compiled or bundled."""
    name = targets.host_name()
    return find_runtime(targets.all_targets()[name]) if name else None


def store_runtime(target: Target, key: str, built: Path, unpacker: Path | None, licenses: str, seconds: int) -> Runtime:
    """Finish the executable and put it into the cache with the facts for manifests.

    `key` is the key of the compiled sources, `licenses` are the texts that belong to it, and `seconds` is the time that
    the compile took.
    """
    image = built.read_bytes()
    if target.system == "Darwin":
        image = weak_binds.drop_weak_binds(image)
    pin = pins.llama_pin()
    folder = _folder_of(target, key)
    facts = {
        "target": target.name,
        "key": key,
        "file": f"mkexe-runtime{target.suffix}",
        "size": len(image),
        "sha256": cache.hash_bytes(image),
        "seconds": seconds,
        "build": {
            "key": key,
            "llama_cpp": pin.commit,
            "source_sha256": pin.sha256,
            "triple": target.triple,
            "zig": pins.zig_version(),
            "mkexe": __version__,
        },
    }
    with cache.new_folder(folder) as temporary:
        executable = temporary / str(facts["file"])
        executable.write_bytes(image)
        executable.chmod(0o755)
        if unpacker is not None:
            (temporary / _UNPACKER).write_bytes(gzip.compress(unpacker.read_bytes(), 9, mtime=0))
        (temporary / LICENSES).write_text(licenses, "utf-8")
        (temporary / "runtime.json").write_bytes(readable_json(facts))
    cache.keep_newest(folder.parent, f"{target.name}-*")
    cache.keep_newest(cache.root() / "logs", f"{target.name}-*")
    return _read_runtime(folder, facts)


def discard_runtime(runtime: Runtime) -> None:
    """Read a runtime from the cache."""
    shutil.rmtree(runtime.path.parent)


def _folder_of(target: Target, key: str) -> Path:
    return cache.root() / "runtimes" / f"{target.name}-{key}"


def _read_runtime(folder: Path, facts: dict[str, Any]) -> Runtime:
    path = folder / facts["file"]
    unpacker = folder / _UNPACKER
    return Runtime(
        facts["target"], path, unpacker if unpacker.is_file() else None, facts["sha256"], facts["size"], facts["build"]
    )
