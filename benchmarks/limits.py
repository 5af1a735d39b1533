"""The limits of the machine itself: how fast its memory can be read.

Measured with memory-read.c, compiled by the system's compiler. Every thread adds up its share of one buffer, which
is much larger than the caches. The best of several passes counts.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import processor_features
from mkexe.base import cache

_SOURCE = Path(__file__).resolve().with_name("memory-read.c")
_FLAGS = ("-O3", "-march=native", "-pthread")
BUFFER_BYTES = 1 << 30
PASSES = 10


@dataclass(frozen=True)
class ReadSpeed:
    """The rate of the best pass."""

    bytes_per_s: float
    method: str


def measure_read_speed(threads: int) -> ReadSpeed:
    """The rate at which this number of threads reads memory together."""
    compiler = os.environ.get("CC") or "cc"
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    facts = {"source": cache.hash_file(_SOURCE), "compiler": version, "flags": _FLAGS, "features": processor_features()}
    program = cache.root() / "reference" / f"memory-read-{cache.key_of(facts)}"
    if not program.is_file():
        program.parent.mkdir(exist_ok=True)
        temporary = program.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, *_FLAGS, str(_SOURCE), "-o", str(temporary)], check=True)
        temporary.replace(program)
    done = subprocess.run(
        [str(program), str(threads), str(BUFFER_BYTES), str(PASSES)], capture_output=True, text=True, check=True
    )
    speed = float(json.loads(done.stdout)["bytes_per_s"])
    method = (
        f"memory-read.c, {version}, {' '.join(_FLAGS)}, {threads} threads, {BUFFER_BYTES >> 20} MiB, best of {PASSES}"
    )
    return ReadSpeed(speed, method)
