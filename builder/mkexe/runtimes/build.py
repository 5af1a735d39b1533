"""Compile runtimes: pinned llama.cpp, pinned zig, one target at a time, into a cache keyed by all that decides.

A runtime's key covers the source's hash, the patches, runtime/ and native/, the target's row, zig's version and
mkexe's version. The build tree is kept per target, so that a change in runtime/ compiles only what it touches.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkexe import __version__
from mkexe.base import cache, process, resources
from mkexe.base.json_text import readable_json
from mkexe.base.reporter import Progress
from mkexe.binfmt import weak_binds
from mkexe.errors import CompileError, ToolMissingError
from mkexe.runtimes import components, kernels, pins, source
from mkexe.runtimes.ninja import StatusReader
from mkexe.runtimes.records import Runtime, Target

# what of the checkout decides the result, and what of it the build tree gets a copy of
_TREE = ("CMakeLists.txt", "runtime", "native/toolchains", "native/cpu", "native/unpacker")
# the unit tests of runtime/: they decide nothing of it, so no key holds them
_TESTS = "tests/cpp"
LICENSES = "licenses.txt"
_UNPACKER = "unpack.gz"
# raised when this file changes what comes out
_RECIPE = 5


def runtime_key(target: Target) -> str:
    """The cache key of the runtime that the present sources give for this target."""
    root = resources.source_root()
    return cache.key_of(
        {
            "mkexe": __version__,
            "recipe": _RECIPE,
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
    # one at a time: builds share llama.cpp's source tree, and one of them keeps all processors busy
    with cache.locked("compile"):
        found = find_runtime(target)
        if found is not None:
            return found
        started = time.monotonic()
        key = runtime_key(target)
        logs = cache.root() / "logs" / f"{target.name}-{key}"
        shutil.rmtree(logs, ignore_errors=True)
        source = _prepare_source(logs, progress)
        built = _build(target, source, logs, progress)
        unpacker = _build_unpacker(target, built.parent, logs) if target.system != "Windows" else None
        return _store(target, key, built, unpacker, source, round(time.monotonic() - started))


def build_tests(target: Target, program: str, doctest: Path, progress: Progress) -> Path:
    """An executable of tests/cpp, linked from the objects in the build tree of this target's runtime.

    `program` is mkexe-tests or mkexe-backend-ops. Compiles what is not up to date there; `doctest` is the folder of
    doctest.h. Only from a checkout. Raises what `compile_runtime` raises.
    """
    with cache.locked("compile"):
        logs = cache.root() / "logs" / f"{target.name}-tests"
        shutil.rmtree(logs, ignore_errors=True)
        source = _prepare_source(logs, progress)
        build = _configure(target, source, logs, progress, (*_TREE, _TESTS), f"-DMKEXE_DOCTEST_DIR={doctest}")
        return _make(target, build, program, logs, progress)


def discard_runtime(runtime: Runtime) -> None:
    """Take a runtime out of the cache."""
    shutil.rmtree(runtime.path.parent)


def _folder_of(target: Target, key: str) -> Path:
    return cache.root() / "runtimes" / f"{target.name}-{key}"


def _read_runtime(folder: Path, facts: dict[str, Any]) -> Runtime:
    path = folder / facts["file"]
    unpacker = folder / _UNPACKER
    return Runtime(
        facts["target"], path, unpacker if unpacker.is_file() else None, facts["sha256"], facts["size"], facts["build"]
    )


def _prepare_source(logs: Path, progress: Progress) -> Path:
    """llama.cpp unpacked and patched, in the cache.

    There is one folder per pinned source, so that a changed patch compiles only the files that it changes.
    """
    pin = pins.llama_pin()
    folder = cache.root() / "source" / f"llama.cpp-{pin.commit}-{pin.sha256[: cache.KEY_DIGITS]}"
    if not folder.is_dir():
        progress.advance(0, "fetching llama.cpp")
        archive = source.fetch_source(pin, logs / "fetch.log")
        with cache.new_folder(folder) as temporary:
            source.unpack_source(archive, pin, temporary)
    _patch_source(folder, resources.source_root() / "native" / "patches")
    return folder


def _patch_source(folder: Path, patches: Path) -> None:
    """Make `folder` hold what the patches give, touching only files that differ; `folder`.orig keeps upstream's files.

    Raises ToolMissingError, or CompileError when a patch does not apply.
    """
    if importlib.util.find_spec("patch_ng") is None:
        raise ToolMissingError("the Python package patch-ng is not installed", 'pip install "mkexe[compile]"')
    import patch_ng

    originals = folder.with_name(f"{folder.name}.orig")
    patch_sets = {file.name: patch_ng.fromfile(str(file)) for file in sorted(patches.glob("*.patch"))}
    for patch_set in patch_sets.values():
        for item in patch_set or ():
            name = item.source.decode().removeprefix("a/")
            if (folder / name).is_file() and not (originals / name).exists():
                (originals / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, originals / name)
    with tempfile.TemporaryDirectory(dir=cache.root()) as scratch:
        patched = Path(scratch) / "patched"
        if originals.is_dir():
            shutil.copytree(originals, patched)
        for name, patch_set in patch_sets.items():
            if not patch_set or not patch_set.apply(strip=1, root=str(patched)):
                raise CompileError(
                    f"{name} does not apply to llama.cpp {pins.llama_pin().commit}",
                    "its head says what it is for; write it anew for this source, or drop it",
                )
        _copy_changed(patched, folder, cache.hash_tree(patched, "."))


def _build(target: Target, source: Path, logs: Path, progress: Progress) -> Path:
    """Configure and compile; returns the executable in the build tree."""
    build = _configure(target, source, logs, progress)
    executable = _make(target, build, "mkexe-runtime", logs, progress)
    _check_kernels(target, build)
    return executable


def _build_unpacker(target: Target, build: Path, logs: Path) -> Path:
    """Compile the program that unpacks runtimes on that system."""
    unpacker = build / "unpack"
    command: list[str | Path] = [
        tools()["zig"], "build-exe", build / "tree/native/unpacker/unpack.zig", "-target", target.triple, "-lc",
        "-OReleaseFast", "-fstrip", "-fsingle-threaded", "--name", "unpack", f"-femit-bin={unpacker}",
    ]  # fmt: skip
    _step("unpacker", target, command, _build_environment(), logs, None)
    return unpacker


def _configure(target: Target, source: Path, logs: Path, progress: Progress, parts: tuple[str, ...] = _TREE,
               *options: str) -> Path:  # fmt: skip
    """Bring the build tree up to date with these parts of the checkout; returns its path."""
    # a build tree that was configured for another source, compiler or toolchain file is of no use
    setting = {
        "source": source.name,
        "zig": pins.zig_version(),
        "toolchain": cache.hash_tree(resources.source_root(), "native/toolchains"),
    }
    build = cache.root() / "build" / f"{target.name}-{cache.key_of(setting)}"
    tree = build / "tree"
    _mirror(resources.source_root(), tree, *parts)
    programs = tools()
    progress.advance(0, "configuring")
    configure: list[str | Path] = [
        programs["cmake"], "-G", "Ninja", "-S", tree, "-B", build, f"-DCMAKE_MAKE_PROGRAM={programs['ninja']}",
        "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_TOOLCHAIN_FILE={tree / 'native/toolchains/zig.cmake'}",
        f"-DMKEXE_ZIG={programs['zig']}", f"-DMKEXE_TRIPLE={target.triple}", f"-DMKEXE_SYSTEM_NAME={target.system}",
        f"-DMKEXE_PROCESSOR={target.processor}", f"-DMKEXE_TARGET={target.name}", f"-DMKEXE_VERSION={__version__}",
        f"-DMKEXE_LLAMA_DIR={source}", f"-DMKEXE_LLAMA_COMMIT={pins.llama_pin().commit}", *options,
    ]  # fmt: skip
    _step("configure", target, configure, _build_environment(), logs, None)
    # objects that this configuration does not make would be looked at by mkexe.runtimes.kernels
    _step("clean", target, [programs["ninja"], "-C", build, "-t", "cleandead"], _build_environment(), logs, None)
    return build


def _make(target: Target, build: Path, name: str, logs: Path, progress: Progress) -> Path:
    """Compile what the executable `name` is made of; returns its path."""
    status = StatusReader(progress)
    _step("compile", target, [tools()["ninja"], "-C", build, name], _build_environment(), logs, status.read)
    return build / f"{name}{target.suffix}"


def _build_environment() -> dict[str, str]:
    zig = str(cache.root() / "zig")
    return process.base_environment(ZIG_GLOBAL_CACHE_DIR=zig, ZIG_LOCAL_CACHE_DIR=zig)


def _check_kernels(target: Target, build: Path) -> None:
    """Raises CompileError when the variants of the CPU kernels do not keep apart (mkexe.runtimes.kernels)."""
    variants, base = kernels.read_variants(build), kernels.read_base(build)
    unrenamed = ", ".join(sorted(kernels.find_unrenamed(variants, base)))
    if unrenamed:
        raise CompileError(
            f"{target.name}: the CPU kernels define names that native/cpu/renamed.txt lacks: {unrenamed}",
            "write it anew: python native/cpu/list_names.py (its head says how)",
        )
    leaks = kernels.find_leaks(variants, base)
    if leaks:
        raise CompileError(
            f"{target.name}: code for a higher processor level could run on a lower one",
            "name the type it is made of in native/cpu/list_names.py, or move the row in native/cpu/variants.cmake",
            "\n".join(leaks),
        )


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
        raise CompileError(f"{target.name}: the step {name!r} failed", f"the whole log: {log}", failed.tail) from failed


def _store(target: Target, key: str, built: Path, unpacker: Path | None, source: Path, seconds: int) -> Runtime:
    """Finish the executable and put it into the cache with the facts that manifests quote."""
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
        (temporary / LICENSES).write_text(components.license_texts(source, tools()["zig"].parent), "utf-8")
        (temporary / "runtime.json").write_bytes(readable_json(facts))
    cache.keep_newest(folder.parent, f"{target.name}-*")
    cache.keep_newest(cache.root() / "logs", f"{target.name}-*")
    return _read_runtime(folder, facts)


def _mirror(root: Path, tree: Path, *parts: str) -> None:
    """Make `tree` hold these parts of `root`, touching only files that differ: a checkout's place must not matter."""
    wanted = cache.hash_tree(root, *parts)
    present = cache.hash_tree(tree, ".") if tree.is_dir() else {}
    for name in present.keys() - wanted.keys():
        (tree / name).unlink()
    _copy_changed(root, tree, wanted)


def _copy_changed(root: Path, tree: Path, wanted: dict[str, str]) -> None:
    """Copy the files whose SHA-256 in `tree` is not the wanted one; others keep their time."""
    for name, digest in wanted.items():
        file = tree / name
        if not file.is_file() or cache.hash_file(file) != digest:
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, file)


def tools() -> dict[str, Path]:
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
        "zig": _lasting_zig(Path(ziglang.__file__).parent) / f"zig{suffix}",
        "cmake": Path(cmake.CMAKE_BIN_DIR) / f"cmake{suffix}",
        "ninja": Path(ninja.BIN_DIR) / f"ninja{suffix}",
    }


def _lasting_zig(package: Path) -> Path:
    """The folder of zig in the cache, made of hard links to the wheel's files where the file system allows.

    Zig and Ninja know what they compiled by the compiler's path, and virtual environments come and go.
    """
    folder = cache.root() / f"zig-{pins.zig_version()}"
    with cache.locked("zig"):
        if not folder.is_dir():
            with cache.new_folder(folder) as temporary:
                shutil.copytree(package, temporary, copy_function=_link_or_copy, dirs_exist_ok=True)
    return folder


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
