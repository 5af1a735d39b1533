"""The effect of each default of a started artifact: the same file with another setting, in alternating pairs.

usage: python benchmarks/defaults.py [--model GGUF] [--only NAME,...] [--pairs N] [--raw FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# use this checkout's mkexe, also if another one is installed
sys.path[:1] = [str(ROOT), str(ROOT / "builder"), str(ROOT / "tests")]

from benchmarks import bundling, machine, models, plan, reference  # noqa: E402
from benchmarks.measure import send  # noqa: E402
from benchmarks.pairs import ratio  # noqa: E402
from benchmarks.raw import RawFile  # noqa: E402
from benchmarks.sessions import environment_of, http_session  # noqa: E402
from mkexe.cli import console  # noqa: E402
from mkexe.cli.reporters import TerminalReporter  # noqa: E402
from mkexe.errors import MkexeError  # noqa: E402

_BASE = ("--parallel", "1", "--ctx-size", "4096")
_CORES = machine.physical_cores()


@dataclass(frozen=True)
class Choice:
    """Another value of a default, and how to set it. `busy` says that another process computes at the same time."""

    name: str
    value: str
    arguments: tuple[str, ...] = ()
    busy: bool = False
    cold: bool = False  # the file is not in the page cache


CHOICES = (
    Choice("threads", "1", ("--threads", "1")),
    Choice("threads", f"{2 * _CORES}, twice the cores", ("--threads", str(2 * _CORES))),
    Choice("threads beside a busy process", "one fewer", ("--threads", str(max(1, _CORES - 1))), busy=True),
    Choice("poll", "0", ("--poll", "0")),
    Choice("poll", "100", ("--poll", "100")),
    Choice("poll beside a busy process", "0", ("--poll", "0"), busy=True),
    Choice("ubatch", "128", ("--ubatch-size", "128")),
    Choice("ubatch", "256", ("--ubatch-size", "256")),
    Choice("ubatch", "1024", ("--ubatch-size", "1024")),
    Choice("batch", "512", ("--batch-size", "512")),
    Choice("flash attention", "off", ("--flash-attn", "off")),
    Choice("mapped weights", "read", ("--load-mode", "none")),
    Choice("mapped weights of a cold file", "read", ("--load-mode", "none"), cold=True),
    Choice("repacked weights", "off", ("--no-repack",)),
)
REQUESTS = (plan.Request("prompt_512", 512, 1, 1), plan.Request("generation_32", 512, 32, 1))
# True if more is better
METRICS = {"prompt_512": True, "generation_32": True, "ready": False, "rss": False}


def main() -> int:
    """Measure and print a table as Markdown; each run is in the raw file as soon as it ended."""
    options = _parser().parse_args()
    chosen = [choice for choice in CHOICES if not options.only or choice.name in options.only]
    raw = RawFile(options.raw or ROOT / "benchmarks" / "results" / time.strftime("%Y-%m-%dT%H%M%S-defaults.raw.jsonl"))
    try:
        with bundling.scratch_folder() as scratch:
            model = models.describe_model(options.model.absolute(), options.model.stem) if options.model else _model()
            raw.start({"measured": {"model": model.name}, "facts": machine.machine_facts()})
            file = scratch / "bench-defaults.exe"
            artifact = bundling.build_artifact(model.path, file, bundling.present_targets()[:1])
            for choice in chosen:
                for pair in range(options.pairs):
                    for is_default in (True, False) if pair % 2 == 0 else (False, True):
                        record = _run(artifact.path, model, choice, is_default, pair)
                        raw.add("run", name=choice.name, value=choice.value, pair=pair, default=is_default, **record)
                print(_row(raw.records, choice), flush=True)
    except MkexeError as error:
        console.error(error)
        return error.exit_code
    return 0


def _model() -> models.Model:
    with TerminalReporter().steps_progress("llama.cpp's source") as progress:
        source = reference.find_source(progress)
    return models.find_model(plan.ModelCase("0.5B", "Q4_0"), source)


def _run(artifact: Path, model: models.Model, choice: Choice, is_default: bool, pair: int) -> dict[str, Any]:
    """One start of the file with the default or the other value; the pair decides the prompts."""
    home = artifact.parent
    arguments = _BASE if is_default else (*_BASE, *choice.arguments)
    rng = random.Random(pair)
    if choice.cold:
        _forget(artifact)
    meter = machine.LoadMeter()
    with (
        _busy() if choice.busy else contextlib.nullcontext(),
        http_session(["sh", str(artifact), *arguments], environment_of(home), home / "bench-defaults.log") as session,
    ):
        send(session, plan.WARM_UP, model.vocabulary, rng)
        found = {"ready": session.ready_s}
        for request in REQUESTS:
            answer = send(session, request, model.vocabulary, rng).answers[0]
            found[request.metric] = answer.prompt_rate if request.predict == 1 else answer.predicted_rate
        found["rss"] = machine.memory_of(session.pid).rss
    return {"metrics": found, "load": meter.stop().to_json()}


@contextlib.contextmanager
def _busy() -> Iterator[None]:
    """Another process that computes all the time, such as a browser or a scanner."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        try:
            yield
        finally:
            child.kill()


def _forget(file: Path) -> None:
    """Remove a file from the page cache (posix_fadvise(2)). First, its pages must be on the disk."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _row(records: list[dict[str, Any]], choice: Choice) -> str:
    """The factor by which the default is better, as a median of the pairs: name, value, then METRICS in their order."""
    runs: dict[int, dict[bool, dict[str, float]]] = {}
    for record in records:
        if record["kind"] == "run" and (record["name"], record["value"]) == (choice.name, choice.value):
            runs.setdefault(record["pair"], {})[record["default"]] = record["metrics"]
    pairs = [sides for sides in runs.values() if len(sides) == 2]
    cells = [
        f"{statistics.median(ratio(sides[True][name], sides[False][name], higher) for sides in pairs):.2f}"
        for name, higher in METRICS.items()
    ]
    return f"| {choice.name} | {choice.value} | {' | '.join(cells)} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="What each default of a started artifact is worth: how many times as good it is as another value.",
        epilog=f"Columns after the value: {', '.join(METRICS)}.",
    )
    parser.add_argument("--model", type=Path, metavar="GGUF", help="default: random weights, 0.5B, Q4_0")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="A,B", help="names of defaults")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument("--raw", type=Path, metavar="FILE", help="keep the raw runs here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
