"""The cost of layouts: the start of a script against a native file, and building and converting against `cp`.

usage: python benchmarks/layouts.py [--model GGUF] [--pairs N] [--raw FILE]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# use this checkout's mkexe, also if another one is installed
sys.path[:1] = [str(ROOT), str(ROOT / "builder"), str(ROOT / "tests")]

from benchmarks import bundling, machine, models, plan, reference  # noqa: E402
from benchmarks.raw import RawFile  # noqa: E402
from mkexe.cli import console  # noqa: E402
from mkexe.cli.reporters import TerminalReporter  # noqa: E402
from mkexe.errors import MkexeError  # noqa: E402

_TINY = ROOT / "tests" / "data" / "tiny" / "tiny.gguf"
_MKEXE = (sys.executable, "-m", "mkexe")
_STARTS_PER_PAIR = 5  # a start takes milliseconds, a copy seconds


@dataclass(frozen=True)
class Comparison:
    """Two actions that are timed in turns. Their results are the fields of a raw record."""

    name: str
    other: str
    pairs: int
    ours: Callable[[], dict[str, Any]]
    theirs: Callable[[], dict[str, Any]]


def main() -> int:
    """Measure and print a table as Markdown; each run is in the raw file as soon as it ended."""
    options = _parser().parse_args()
    raw = RawFile(options.raw or ROOT / "benchmarks" / "results" / time.strftime("%Y-%m-%dT%H%M%S-layouts.raw.jsonl"))
    try:
        with bundling.scratch_folder() as scratch:
            model = options.model.absolute() if options.model else _model()
            measured = {"model": model.name, "bytes": model.stat().st_size}
            raw.start({"measured": measured, "facts": machine.machine_facts()})
            print("| what | seconds | against | seconds | ratio | difference |\n|---|---|---|---|---|---|")
            for comparison in _comparisons(model, scratch, options.pairs):
                _measure(raw, comparison)
                print(_row(raw.records, comparison), flush=True)
    except MkexeError as error:
        console.error(error)
        return error.exit_code
    return 0


def _model() -> Path:
    """The model of the tables whose size is nearest to 4 GB, the size in the budgets."""
    with TerminalReporter().steps_progress("llama.cpp's source") as progress:
        source = reference.find_source(progress)
    return models.find_model(plan.ModelCase("3B", "Q8_0"), source).path


def _comparisons(model: Path, scratch: Path, pairs: int) -> list[Comparison]:
    home = {"HOME": str(scratch)}
    starts = {}
    for layout in ("script", "native"):
        starts[layout] = scratch / f"bench-{layout}"
        words = ("--layout", layout, "--target", "host", "--name", "tiny")
        bundling.time_command([*_MKEXE, "build", str(_TINY), *words, "-o", str(starts[layout])])
        bundling.time_command([str(starts[layout]), "info", "--json"], **home)  # unpacks a script's program
    large, out = scratch / "bench-large.cmd", scratch / "bench-out.cmd"
    bundling.time_command([*_MKEXE, "build", str(model), "--layout", "script", "-o", str(large)])

    def start(layout: str) -> Callable[[], dict[str, Any]]:
        return lambda: bundling.time_command([str(starts[layout]), "info", "--json"], **home)

    def onto_disk(*command: str) -> Callable[[], dict[str, Any]]:
        def run() -> dict[str, Any]:
            out.unlink(missing_ok=True)
            bundling.settle(large.stat().st_size)
            return bundling.time_command(list(command))

        return run

    names = bundling.present_targets()

    def bundle(program: str, case: str) -> Callable[[], dict[str, Any]]:
        return lambda: bundling.time_bundling(program, case, model, scratch / "bench-bundled", names)

    copy = bundle(plan.COPY, bundling.REPEATED)
    convert = onto_disk(*_MKEXE, "convert", str(large), "--layout", "script", "-o", str(out))
    return [
        Comparison("start of a script", "of a native file", _STARTS_PER_PAIR * pairs, start("script"), start("native")),
        # before a first build, because that changes the model's time, and this case needs a known model
        Comparison("repeated build", "cp of the model", pairs, bundle(plan.OURS, bundling.REPEATED), copy),
        Comparison("first build", "cp of the model", pairs, bundle(plan.OURS, bundling.FIRST), copy),
        Comparison("convert", "cp of the file", pairs, convert, onto_disk("cp", str(large), str(out))),
    ]


def _measure(raw: RawFile, comparison: Comparison) -> None:
    for pair in range(comparison.pairs):
        sides = [(True, comparison.ours), (False, comparison.theirs)]
        for ours, run in sides if pair % 2 == 0 else reversed(sides):
            raw.add("run", name=comparison.name, pair=pair, ours=ours, **run())


def _row(records: list[dict[str, Any]], comparison: Comparison) -> str:
    """Medians, the ratio (ours divided by theirs, so less is better), and the difference in milliseconds."""
    runs: dict[int, dict[bool, float]] = {}
    for record in records:
        if record["kind"] == "run" and record["name"] == comparison.name:
            runs.setdefault(record["pair"], {})[record["ours"]] = record["seconds"]
    pairs = [sides for sides in runs.values() if len(sides) == 2]
    ours, theirs = (statistics.median(sides[side] for sides in pairs) for side in (True, False))
    ratio = statistics.median(sides[True] / sides[False] for sides in pairs)
    difference = statistics.median(sides[True] - sides[False] for sides in pairs) * 1000
    return (
        f"| {comparison.name} | {ours:.3f} | {comparison.other} | {theirs:.3f} | {ratio:.2f} | {difference:+.0f} ms |"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="What layouts cost: a script's start against a native file's; build and convert against cp."
    )
    parser.add_argument("--model", type=Path, metavar="GGUF", help="default: random weights, 3B, Q8_0")
    parser.add_argument("--pairs", type=int, default=7, metavar="N", help="default: 7; of starts five times as many")
    parser.add_argument("--raw", type=Path, metavar="FILE", help="keep the raw runs here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
