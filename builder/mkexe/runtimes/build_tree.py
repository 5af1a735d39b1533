"""Compile runtimes: pinned llama.cpp, pinned zig, one target at a time, into the cache (mkexe.runtimes.store).

The build tree is kept per target, so that a change in runtime/ compiles only the files that it touches.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from mkexe import __version__
from mkexe.base import cache, process, resources
from mkexe.base.mirror import mirror
from mkexe.base.reporter import Progress
from mkexe.errors import CompileError
from mkexe.runtimes import components, kernels, pins
from mkexe.runtimes.ninja import StatusReader
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.source import prepare_source
from mkexe.runtimes.store import TREE, find_runtime, runtime_key, store_runtime
from mkexe.runtimes.targets import Target
from mkexe.runtimes.toolchain import tools

# the unit tests of runtime/: they do not change it, so they are not part of a key
_TESTS = "tests/cpp"


def compile_runtime(target: Target, progress: Progress) -> Runtime:
    """Return the runtime for this target. Compiles it if it is not in the cache.

    Raises FetchError, ToolMissingError, or CompileError with the tail of the failed step's log.
    """
    # one build at a time: all builds use the same source tree of llama.cpp, and one build uses all processors
    with cache.locked("compile"):
        found = find_runtime(target)
        while found is None:
            found = _compile_and_store(target, progress)
        return found


def _compile_and_store(target: Target, progress: Progress) -> Runtime | None:
    """Compile a runtime. Returns None if the sources changed meanwhile: some of the old ones may have been compiled."""
    started, key = time.monotonic(), runtime_key(target)
    logs = cache.root() / "logs" / f"{target.name}-{key}"
    shutil.rmtree(logs, ignore_errors=True)
    source = prepare_source(logs, progress)
    built = build_executable(target, source, logs, progress)
    unpacker = build_unpacker(target, built.parent, logs) if target.system != "Windows" else None
    licenses = components.license_texts(source, tools()["zig"].parent)
    if runtime_key(target) != key:
        progress.advance(0, "the sources changed: compiling the new ones")
        return None
    return store_runtime(target, key, built, unpacker, licenses, round(time.monotonic() - started))


def build_tests(target: Target, program: str, doctest: Path, progress: Progress) -> Path:
    """Build an executable of tests/cpp from the objects in the build tree of this target's runtime.

    `program` is mkexe-tests or mkexe-backend-ops. Compiles objects that are not up to date. `doctest` is the folder of
    doctest.h. This works only in a checkout. Raises the errors of `compile_runtime`.
    """
    with cache.locked("compile"):
        logs = cache.root() / "logs" / f"{target.name}-tests"
        shutil.rmtree(logs, ignore_errors=True)
        source = prepare_source(logs, progress)
        build = _configure(target, source, logs, progress, (*TREE, _TESTS), f"-DMKEXE_DOCTEST_DIR={doctest}")
        return _make(target, build, program, logs, progress)


def build_executable(target: Target, source: Path, logs: Path, progress: Progress) -> Path:
    """Configure and compile; returns the executable in the build tree."""
    build = _configure(target, source, logs, progress)
    executable = _make(target, build, "mkexe-runtime", logs, progress)
    _check_kernels(target, build)
    return executable


def build_unpacker(target: Target, build: Path, logs: Path) -> Path:
    """Compile the program that unpacks runtimes on that system."""
    unpacker = build / "unpack"
    command: list[str | Path] = [
        tools()["zig"], "build-exe", build / "tree/native/unpacker/unpack.zig", "-target", target.triple, "-lc",
        "-OReleaseFast", "-fstrip", "-fsingle-threaded", "--name", "unpack", f"-femit-bin={unpacker}",
    ]  # fmt: skip
    _step("unpacker", target, command, _build_environment(), logs, None)
    return unpacker


def _configure(target: Target, source: Path, logs: Path, progress: Progress, parts: tuple[str, ...] = TREE,
               *options: str) -> Path:  # fmt: skip
    """Copy these parts of the checkout to the build tree, and configure it. Returns its path."""
    # another source, compiler or toolchain file needs another build tree
    setting = {
        "source": source.name,
        "zig": pins.zig_version(),
        "toolchain": cache.hash_tree(resources.source_root(), "native/toolchains"),
    }
    build = cache.root() / "build" / f"{target.name}-{cache.key_of(setting)}"
    tree = build / "tree"
    mirror(resources.source_root(), tree, *parts)
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
    # mkexe.runtimes.kernels would also read objects that this configuration does not make
    _step("clean", target, [programs["ninja"], "-C", build, "-t", "cleandead"], _build_environment(), logs, None)
    return build


def _make(target: Target, build: Path, name: str, logs: Path, progress: Progress) -> Path:
    """Compile and link the executable `name`. Returns its path."""
    status = StatusReader(progress)
    _step("compile", target, [tools()["ninja"], "-C", build, name], _build_environment(), logs, status.read)
    return build / f"{name}{target.suffix}"


def _build_environment() -> dict[str, str]:
    zig = str(cache.root() / "zig")
    return process.base_environment(ZIG_GLOBAL_CACHE_DIR=zig, ZIG_LOCAL_CACHE_DIR=zig)


def _check_kernels(target: Target, build: Path) -> None:
    """Raise CompileError if the variants of the CPU kernels are not separate (mkexe.runtimes.kernels)."""
    variants, base = kernels.read_variants(build), kernels.read_base(build)
    unrenamed = ", ".join(sorted(kernels.find_unrenamed(variants, base)))
    if unrenamed:
        raise CompileError(
            f"{target.name}: the CPU kernels define names that native/cpu/renamed.txt lacks: {unrenamed}",
            "write it again: python native/cpu/list_names.py (its head says how)",
        )
    leaks = kernels.find_leaks(variants, base)
    if leaks:
        raise CompileError(
            f"{target.name}: code for a higher processor level could run on a lower one",
            "add its type to native/cpu/list_names.py, or move the row in native/cpu/variants.cmake",
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
