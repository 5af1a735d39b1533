"""The benchmark: mkexe's artifact against llama.cpp as a user compiles it, node-llama-cpp, and cp (README.md).

usage: python benchmarks/run.py [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# use this checkout's mkexe, also if another one is installed
sys.path[:1] = [str(ROOT), str(ROOT / "builder"), str(ROOT / "tests")]

from benchmarks import campaign, machine, plan, report  # noqa: E402
from benchmarks.raw import RawFile, read_raw  # noqa: E402
from mkexe.cli import console  # noqa: E402
from mkexe.errors import MkexeError  # noqa: E402


def main() -> int:
    """Measure, or read earlier measurements, and print the tables as Markdown."""
    options = _parser().parse_args()
    # so that every end of the benchmark also ends servers and removes scratch files
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        records = read_raw(options.from_raw) if options.from_raw else _measure(options)
    except MkexeError as error:
        console.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        console.say("interrupted; the raw file holds every run that ended, and --raw with its name goes on")
        return 130
    text = report.to_markdown(records, options.leave_out_disturbed)
    if options.json:
        value = report.to_json(records, options.leave_out_disturbed)
        options.json.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if options.markdown:
        options.markdown.write_text(text, "utf-8")
    print(text, end="")
    return 0


def _measure(options: argparse.Namespace) -> list[dict[str, object]]:
    sizes = options.sizes or (plan.QUICK_SIZES if options.quick else tuple(plan.SIZES))
    types = options.types or (plan.QUICK_TYPES if options.quick else plan.TYPES)
    stamp = time.strftime("%Y-%m-%dT%H%M%S", time.gmtime())
    raw = RawFile(options.raw or ROOT / "benchmarks" / "results" / f"{stamp}.raw.jsonl")
    console.say(f"raw runs: {raw.path}")
    request = campaign.Request(
        cases=tuple(plan.choose_cases(sizes, types)),
        models=tuple(options.model),
        peers=options.peers or plan.PEERS,
        pairs=options.pairs or (plan.QUICK_PAIRS if options.quick else plan.PAIRS),
        threads=options.threads or machine.physical_cores(),
        bundling=not options.no_bundling,
        settings=options.settings,
    )
    campaign.measure(request, raw)
    return raw.records


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Measure mkexe beside llama.cpp as a user compiles it, node-llama-cpp, and cp.",
        epilog="The whole of it takes hours and about 40 GB of the cache's disk; run it on an idle machine.",
    )
    parser.add_argument("--quick", action="store_true", help="0.5B as Q4_0 and Q8_0, 3 pairs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write what is printed")
    parser.add_argument(
        "--raw", type=Path, metavar="FILE", help="keep the raw runs here; an existing file is completed"
    )
    parser.add_argument(
        "--from", dest="from_raw", type=Path, metavar="RAW", help="measure nothing, make the tables again"
    )
    parser.add_argument("--leave-out-disturbed", action="store_true", help="make medians without disturbed pairs")
    parser.add_argument("--sizes", type=_list_of(tuple(plan.SIZES)), metavar="A,B", help=f"of {', '.join(plan.SIZES)}")
    parser.add_argument("--types", type=_list_of(plan.TYPES), metavar="A,B", help=f"of {', '.join(plan.TYPES)}")
    parser.add_argument("--peers", type=_list_of(plan.PEERS), metavar="A,B", help=f"of {', '.join(plan.PEERS)}")
    parser.add_argument(
        "--settings", type=_list_of(("same", "defaults")), metavar="A,B", default=("same", "defaults"),
        help="of same, defaults; default: both, the second for one size",
    )  # fmt: skip
    parser.add_argument("--model", type=Path, action="append", default=[], metavar="GGUF", help="measure this instead")
    parser.add_argument("--pairs", type=int, metavar="N", help=f"default: {plan.PAIRS}")
    parser.add_argument("--threads", type=int, metavar="N", help="default: the physical cores")
    parser.add_argument("--no-bundling", action="store_true", help="leave out mkexe build against cp")
    return parser


def _list_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return names

    return parse


if __name__ == "__main__":
    sys.exit(main())
