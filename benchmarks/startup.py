"""The time of the command `mkexe` itself: this checkout against another one, in alternating pairs.

usage: python benchmarks/startup.py CHECKOUT [--file ARTIFACT] [--pairs N] [--raw FILE]

The commands do almost nothing, so this measures Python's start and the imports. Each runs once before the first pair,
so that the files are in the page cache and compiled. The operating system measures the time of the processor.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:1] = [str(ROOT), str(ROOT / "builder")]

from benchmarks import machine  # noqa: E402
from benchmarks.raw import RawFile  # noqa: E402


def main() -> int:
    """Measure and print a table as Markdown; each run is in the raw file as soon as it ended."""
    options = _parser().parse_args()
    commands = [["--version"], ["--help"], ["build", "--help"]]
    commands += [["inspect", str(options.file)]] if options.file else []
    raw = RawFile(options.raw or ROOT / "benchmarks" / "results" / time.strftime("%Y-%m-%dT%H%M%S-startup.raw.jsonl"))
    raw.start({"measured": {"commands": commands}, "facts": machine.machine_facts()})
    print("| command | this, ms | other, ms | ratio | this, CPU ms | other, CPU ms |")
    print("|---|---|---|---|---|---|")
    for command in commands:
        print(_row(raw, command, [ROOT, options.checkout.resolve()], options.pairs))
    return 0


def _row(raw: RawFile, command: list[str], checkouts: list[Path], pairs: int) -> str:
    for checkout in checkouts:
        _run(checkout, command)
    wall: list[list[float]] = [[], []]
    cpu: list[list[float]] = [[], []]
    for pair in range(pairs):
        for which in (0, 1) if pair % 2 == 0 else (1, 0):
            took_s, used_s = _run(checkouts[which], command)
            wall[which].append(took_s)
            cpu[which].append(used_s)
            raw.add("run", command=command, which=which, pair=pair, wall_s=took_s, cpu_s=used_s)
    ratio = statistics.median(theirs / ours for ours, theirs in zip(*wall, strict=True))
    shown = [f"{1000 * statistics.median(values):.0f}" for values in (*wall, *cpu)]
    name = " ".join("FILE" if "/" in word else word for word in command)
    return f"| `mkexe {name}` | {shown[0]} | {shown[1]} | {ratio:.2f} | {shown[2]} | {shown[3]} |"


def _run(checkout: Path, command: list[str]) -> tuple[float, float]:
    """The seconds of one run, and the seconds of the processor."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "builder"), "COLUMNS": "80"}
    began = time.perf_counter()
    process = os.posix_spawn(
        sys.executable, [sys.executable, "-m", "mkexe", *command], environment,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )  # fmt: skip
    _, status, used = os.wait4(process, 0)
    took_s = time.perf_counter() - began
    assert os.waitstatus_to_exitcode(status) == 0, command
    return took_s, used.ru_utime + used.ru_stime


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path, metavar="CHECKOUT", help="the folder of the other checkout")
    parser.add_argument("--file", type=Path, metavar="ARTIFACT", help="also measure mkexe inspect ARTIFACT")
    parser.add_argument("--pairs", type=int, default=15, metavar="N", help="pairs of each command (default: 15)")
    parser.add_argument("--raw", type=Path, metavar="FILE", help="where every run is kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
