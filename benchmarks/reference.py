"""The first peer: llama.cpp from the pinned source, unpatched, compiled as its docs/build.md says.

That is `cmake -B build` and `cmake --build build --config Release` with the system's compiler: a Release build with
-march=native, OpenMP and shared libraries. OPTIONS has the differences.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import processor_features
from mkexe.base import cache, process
from mkexe.base.reporter import Progress
from mkexe.errors import CompileError, ToolMissingError
from mkexe.runtimes import pins, toolchain
from mkexe.runtimes import source as runtime_source
from mkexe.runtimes.ninja import StatusReader

# The build would download the prebuilt page. OpenSSL is only for downloads. Without it, the server starts faster, and
# the result does not depend on OpenSSL's headers on this machine.
OPTIONS = ("-DCMAKE_BUILD_TYPE=Release", "-DLLAMA_USE_PREBUILT_UI=OFF", "-DLLAMA_OPENSSL=OFF")
_ENVIRONMENT = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS")  # a user's build uses them too
_FACTS = "reference.json"


@dataclass(frozen=True)
class Reference:
    """A compiled llama-server. `size_bytes` is the size of it and of its own libraries."""

    key: str
    server: Path
    source: Path
    compiler: str
    size_bytes: int


def reference_key() -> tuple[str, dict[str, Any]]:
    """The key and its contents: source, compiler, options, and the meaning of -march=native on this machine."""
    facts = {
        "source": pins.llama_pin().sha256,
        "compiler": compiler_version(),
        "options": list(OPTIONS),
        "environment": _environment(),
        "machine": platform.machine(),
        "features": processor_features(),
    }
    return cache.key_of(facts), facts


def compiler_version() -> str:
    """The first line of the version text of the system's C++ compiler.

    Raises ToolMissingError if there is none.
    """
    name = os.environ.get("CXX") or "c++"
    if shutil.which(name) is None:
        raise ToolMissingError(f"the reference needs the system's compiler: {name} is not installed",
                               "apt-get install g++, or leave this peer out with --peers")  # fmt: skip
    return subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def find_source(progress: Progress) -> Path:
    """llama.cpp's source without patches, unpacked in the cache."""
    pin = pins.llama_pin()
    folder = cache.root() / "reference" / f"source-{pin.sha256[: cache.KEY_DIGITS]}"
    with cache.locked("reference-source"):
        if not folder.is_dir():
            progress.advance(0, "unpacking llama.cpp")
            archive = runtime_source.fetch_source(pin, folder.with_suffix(".log"))
            with cache.new_folder(folder) as temporary:
                runtime_source.unpack_source(archive, pin, temporary)
    return folder


def find_reference(progress: Progress) -> Reference:
    """The reference from the cache, compiled first if it is missing. An interrupted compile continues."""
    key, facts = reference_key()
    source = find_source(progress)
    folder = cache.root() / "reference" / key
    with cache.locked("reference"):
        if not (folder / _FACTS).is_file():
            _build(source, folder, progress)
            (folder / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    server = folder / "bin" / "llama-server"
    size = sum(path.stat().st_size for path in _own_files(server, folder))
    return Reference(key, server, source, str(facts["compiler"]), size)


def _build(source: Path, folder: Path, progress: Progress) -> None:
    tools = toolchain.tools()
    steps: dict[str, list[str | Path]] = {
        "configure": [
            tools["cmake"], "-G", "Ninja", "-S", source, "-B", folder, f"-DCMAKE_MAKE_PROGRAM={tools['ninja']}",
            *OPTIONS,
        ],
        "compile": [tools["cmake"], "--build", folder, "--config", "Release", "--target", "llama-server"],
    }  # fmt: skip
    status = StatusReader(progress)
    environment = process.base_environment(**_environment())
    for name, command in steps.items():
        log = folder.with_name(f"{folder.name}-{name}.log")
        log.unlink(missing_ok=True)
        try:
            process.run(command, log_path=log, env=environment, on_line=status.read)
        except process.ProcessFailed as failed:
            raise CompileError(f"the reference: {name} failed:\n{failed.tail}", f"the whole log: {log}") from failed


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


def _own_files(server: Path, folder: Path) -> list[Path]:
    """The server and the shared libraries that were compiled with it."""
    listing = subprocess.run(["ldd", str(server)], capture_output=True, text=True, check=True).stdout
    paths = [Path(word).resolve() for word in re.findall(r"=> (\S+)", listing)]
    return [server, *(path for path in paths if path.is_relative_to(folder.resolve()))]
