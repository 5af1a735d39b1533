"""Compile runtimes: pinned llama.cpp, pinned zig, one target at a time, into a cache keyed by all that decides.

A runtime's key covers the source's hash, the patches, runtime/ and native/, the target's row, zig's version and
mkexe's version. The build tree is kept per target, so that a change in runtime/ compiles only what it touches.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import importlib.util
import json
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkexe import __version__, cache, fetch, pins, process, resources
from mkexe.binfmt import macho
from mkexe.errors import CompileError, ToolMissingError
from mkexe.model import Runtime, Target

# what of the checkout decides the result, and what of it the build tree gets a copy of
_TREE = ("CMakeLists.txt", "runtime", "native/toolchains", "native/cpu")
LICENSES = "licenses.txt"
_PACKED = "mkexe-runtime.gz"
_NINJA_STATUS = re.compile(r"\[(\d+)/(\d+)\] (.*)")
# steps done and all, and what is being done
Progress = Callable[[int, int, str], None]


def runtime_key(target: Target) -> str:
    """The cache key of the runtime that the present sources give for this target."""
    root = resources.source_root()
    return cache.key_of(
        {
            "mkexe": __version__,
            "source": pins.llama_pin().sha256,
            "patches": cache.hash_tree(root, "native/patches"),
            "tree": cache.hash_tree(root, *_TREE),
            "target": [target.name, target.triple, target.system, target.processor],
            "zig": pins.zig_version(),
        }
    )


def find_runtime(target: Target) -> Runtime | None:
    """The runtime for the present sources, bundled with the package or in the cache; None where it must be compiled."""
    key = runtime_key(target)
    for folder in (resources.bundled_runtimes() / target.name, _folder_of(target, key)):
        facts_file = folder / "runtime.json"
        if facts_file.is_file():
            facts = json.loads(facts_file.read_text("utf-8"))
            if facts["key"] == key:
                return _read_runtime(folder, facts)
    return None


def compile_runtime(target: Target, progress: Progress) -> Runtime:
    """The runtime for this target, compiled if the cache does not hold it.

    Raises FetchError, ToolMissingError, or CompileError with the tail of the failed step's log.
    """
    with cache.locked(f"build-{target.name}"):
        found = find_runtime(target)
        if found is not None:
            return found
        started = time.monotonic()
        key = runtime_key(target)
        logs = cache.root() / "logs" / f"{target.name}-{key}"
        shutil.rmtree(logs, ignore_errors=True)
        source = _prepare_source(logs, progress)
        built = _build(target, source, logs, progress)
        return _store(target, key, built, source, round(time.monotonic() - started))


def discard_runtime(runtime: Runtime) -> None:
    """Take a runtime out of the cache."""
    shutil.rmtree(runtime.path.parent)


def _folder_of(target: Target, key: str) -> Path:
    return cache.root() / "runtimes" / f"{target.name}-{key}"


def _read_runtime(folder: Path, facts: dict[str, Any]) -> Runtime:
    path = folder / facts["file"]
    return Runtime(facts["target"], path, folder / _PACKED, facts["sha256"], facts["size"], facts["build"])


def _prepare_source(logs: Path, progress: Progress) -> Path:
    """llama.cpp unpacked and patched, in the cache."""
    pin = pins.llama_pin()
    patches = resources.source_root() / "native" / "patches"
    key = cache.key_of({"source": pin.sha256, "patches": cache.hash_tree(patches, ".")})
    folder = cache.root() / "source" / key
    with cache.locked("source"):
        if not folder.is_dir():
            progress(0, 1, "fetching llama.cpp")
            archive = fetch.fetch_source(pin, logs / "fetch.log")
            with cache.new_folder(folder) as temporary:
                fetch.unpack_source(archive, pin, temporary)
                for patch in sorted(patches.glob("*.patch")):
                    _apply_patch(patch, temporary)
    return folder


def _apply_patch(patch: Path, folder: Path) -> None:
    if importlib.util.find_spec("patch_ng") is None:
        raise ToolMissingError("the Python package patch-ng is not installed", 'pip install "mkexe[compile]"')
    import patch_ng

    patch_set = patch_ng.fromfile(str(patch))
    if not patch_set or not patch_set.apply(strip=1, root=str(folder)):
        raise CompileError(
            f"{patch.name} does not apply to llama.cpp {pins.llama_pin().commit}",
            "its head says what it is for; write it anew for this source, or drop it",
        )


def _build(target: Target, source: Path, logs: Path, progress: Progress) -> Path:
    """Configure and compile; returns the executable in the build tree."""
    # a build tree that was configured for another source, compiler or toolchain file is of no use
    setting = {
        "source": source.name,
        "zig": pins.zig_version(),
        "toolchain": cache.hash_tree(resources.source_root(), "native/toolchains"),
    }
    build = cache.root() / "build" / f"{target.name}-{cache.key_of(setting)}"
    tree = build / "tree"
    _mirror(resources.source_root(), tree)
    tools = _tools()
    environment = process.base_environment(
        ZIG_GLOBAL_CACHE_DIR=str(cache.root() / "zig"), ZIG_LOCAL_CACHE_DIR=str(cache.root() / "zig")
    )
    progress(0, 1, "configuring")
    configure: list[str | Path] = [
        tools["cmake"], "-G", "Ninja", "-S", tree, "-B", build, f"-DCMAKE_MAKE_PROGRAM={tools['ninja']}",
        "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_TOOLCHAIN_FILE={tree / 'native/toolchains/zig.cmake'}",
        f"-DMKEXE_ZIG={tools['zig']}", f"-DMKEXE_TRIPLE={target.triple}", f"-DMKEXE_SYSTEM_NAME={target.system}",
        f"-DMKEXE_PROCESSOR={target.processor}", f"-DMKEXE_TARGET={target.name}", f"-DMKEXE_VERSION={__version__}",
        f"-DMKEXE_LLAMA_DIR={source}", f"-DMKEXE_LLAMA_COMMIT={pins.llama_pin().commit}",
    ]  # fmt: skip
    _step("configure", target, configure, environment, logs, None)

    def on_line(line: str) -> None:
        status = _NINJA_STATUS.match(line)
        if status:
            progress(int(status[1]), int(status[2]), status[3].rsplit("/", 1)[-1])

    _step("compile", target, [tools["ninja"], "-C", build, "mkexe-runtime"], environment, logs, on_line)
    return build / f"mkexe-runtime{target.suffix}"


def _step(
    name: str,
    target: Target,
    command: list[str | Path],
    environment: dict[str, str],
    logs: Path,
    on_line: Callable[[str], None] | None,
) -> None:
    log = logs / f"{name}.log"
    try:
        process.run(command, log_path=log, env=environment, on_line=on_line)
    except process.ProcessFailed as failed:
        raise CompileError(
            f"{target.name}: the step {name!r} failed:\n{failed.tail}", f"the whole log: {log}"
        ) from failed


def _store(target: Target, key: str, built: Path, source: Path, seconds: int) -> Runtime:
    """Finish the executable and put it into the cache with the facts that manifests quote."""
    image = built.read_bytes()
    if target.system == "Darwin":
        image = macho.drop_weak_binds(image)
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
        (temporary / _PACKED).write_bytes(gzip.compress(image, 9, mtime=0))
        (temporary / LICENSES).write_text(_collect_licenses(source), "utf-8")
        (temporary / "runtime.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return _read_runtime(folder, facts)


def _collect_licenses(source: Path) -> str:
    """The licences of all that a runtime is linked from: llama.cpp and what it vendors, zig's C and C++ libraries."""
    zig = _tools()["zig"].parent
    files = {
        "llama.cpp": source / "LICENSE",
        "nlohmann/json": source / "licenses" / "LICENSE-jsonhpp",
        "cpp-httplib": source / "vendor" / "cpp-httplib" / "LICENSE",
        "zig": zig / "LICENSE",
        "musl (Linux)": zig / "lib" / "libc" / "musl" / "COPYRIGHT",
        "mingw-w64 (Windows)": zig / "lib" / "libc" / "mingw" / "COPYING",
        "libc++": zig / "lib" / "libcxx" / "LICENSE.TXT",
        "libc++abi": zig / "lib" / "libcxxabi" / "LICENSE.TXT",
        "libunwind": zig / "lib" / "libunwind" / "LICENSE.TXT",
    }
    missing = [str(file) for file in files.values() if not file.is_file()]
    if missing:
        raise CompileError(
            f"no licence text at {missing[0]}", "native/pins.toml names other versions than are installed"
        )
    texts = [f"{name}\n{'=' * len(name)}\n\n{file.read_text('utf-8')}\n" for name, file in files.items()]
    return "\n".join(texts)


def _mirror(root: Path, tree: Path) -> None:
    """Make `tree` hold what _TREE names, touching only files that differ: a checkout's place must not matter."""
    wanted = cache.hash_tree(root, *_TREE)
    present = cache.hash_tree(tree, ".") if tree.is_dir() else {}
    for name in present.keys() - wanted.keys():
        (tree / name).unlink()
    for name, digest in wanted.items():
        if present.get(name) != digest:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, tree / name)


def _tools() -> dict[str, Path]:
    """Zig, CMake and Ninja from their wheels.

    Raises ToolMissingError when one is missing or zig is not the pinned version.
    """
    hint = 'pip install "mkexe[compile]"'
    for module in ("ziglang", "cmake", "ninja"):
        if importlib.util.find_spec(module) is None:
            raise ToolMissingError(f"the Python package {module} is not installed; it is needed to compile", hint)
    found = importlib.metadata.version("ziglang")
    if found != pins.zig_version():
        raise ToolMissingError(f"ziglang is version {found}, expected {pins.zig_version()}", hint)
    import cmake
    import ninja
    import ziglang

    suffix = ".exe" if sys.platform == "win32" else ""
    return {
        "zig": Path(ziglang.__file__).parent / f"zig{suffix}",
        "cmake": Path(cmake.CMAKE_BIN_DIR) / f"cmake{suffix}",
        "ninja": Path(ninja.BIN_DIR) / f"ninja{suffix}",
    }
