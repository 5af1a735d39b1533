"""The cost of an artifact: the time of this checkout's `mkexe build` against `cp`, and the bytes besides weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.machine import LoadMeter
from benchmarks.plan import OURS
from mkexe.base import cache, process
from mkexe.errors import CompileError
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes import targets

ROOT = Path(__file__).resolve().parent.parent
GOAL_BYTES = 4_000_000_000  # the budget is for a model of this size; the nearest model is used
FIRST, REPEATED = "first build", "repeated build"


@dataclass(frozen=True)
class Artifact:
    """A built file, and its bytes that are not weights."""

    path: Path
    overhead_bytes: int
    targets: tuple[str, ...]


def present_targets() -> list[str]:
    """This machine's system and every other one whose runtime is compiled."""
    host = targets.host_target()
    others = [name for name, row in targets.all_targets().items() if name != host and runtime_store.find_runtime(row)]
    return [host, *others]


def build_artifact(model: Path, output: Path, names: list[str]) -> Artifact:
    """Run `mkexe build`; compiles this machine's runtime if it is missing. Raises CompileError if it fails."""
    command = _build_command(model, output, names)
    done = subprocess.run([*command, "--json"], env=_environment(), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise CompileError(f"mkexe build of {model} ended with status {done.returncode}", "its message is above")
    built = json.loads(done.stdout)
    size = output.stat().st_size
    return Artifact(output, size - model.stat().st_size, tuple(built["targets"]))


def time_bundling(program: str, case: str, model: Path, output: Path, names: list[str]) -> dict[str, Any]:
    """Measure one build or copy to a new name, after the machine has settled. Returns the raw record.

    For a first build, the model's time is set to now during the run, so that mkexe does not know the file.
    """
    output.unlink(missing_ok=True)
    before = model.stat()
    if case == FIRST:
        os.utime(model)
    settle(before.st_size)
    try:
        found = time_command(
            _build_command(model, output, names) if program == OURS else ["cp", str(model), str(output)]
        )
    finally:
        if case == FIRST:
            os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    size = output.stat().st_size
    output.unlink()
    return {"bytes": size, **found}


def settle(size: int) -> None:
    """Prepare for a measurement that writes `size` bytes: flush earlier writes to the disk, and free memory."""
    os.sync()
    machine.touch_memory(size)


def time_command(command: list[str], **variables: str) -> dict[str, Any]:
    """The seconds that a command took, and the load of the machine. Raises CompileError if the command fails."""
    meter = LoadMeter()
    began = time.perf_counter()
    done = subprocess.run(command, env=_environment() | variables, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    load = meter.stop()
    if done.returncode != 0:
        raise CompileError(f"{command[0]} ended with status {done.returncode}: {done.stderr[-1000:]}")
    return {"seconds": seconds, "load": load.to_json()}


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder in the cache, on the same file system as the models. It is emptied afterwards."""
    folder = cache.root() / "benchmark"
    folder.mkdir(exist_ok=True)
    with cache.locked("benchmark"):
        try:
            yield folder
        finally:
            for file in folder.glob("bench-*"):
                file.unlink()


def _build_command(model: Path, output: Path, names: list[str]) -> list[str]:
    chosen = [word for name in names for word in ("--target", name)]
    return [sys.executable, "-m", "mkexe", "build", str(model), "-o", str(output), *chosen]


def _environment() -> dict[str, str]:
    """The environment for this checkout's mkexe, also if another one is installed."""
    named = {name: os.environ[name] for name in ("MKEXE_CACHE", "XDG_CACHE_HOME") if name in os.environ}
    return process.base_environment(PYTHONPATH=str(ROOT / "builder"), **named)
