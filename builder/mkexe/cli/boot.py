"""`mkexe boot`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from mkexe.cli import console
from mkexe.cli.parameters import BuiltFile, Json, number, option
from mkexe.errors import BootError, UsageError
from mkexe.runtimes import targets

if TYPE_CHECKING:
    from mkexe.boot.result import BootResult

EXAMPLES = (
    "mkexe boot assistant.exe",
    'mkexe boot assistant.exe --on linux-x86_64 --ask "Who are you?"',
)
_TIMEOUT_S = 600.0
_TIMEOUT_MAXIMUM_S = 1_000_000


def run(
    file: BuiltFile,
    on: Annotated[
        list[str] | None,
        option(
            "--on", metavar="TARGET", names=lambda: targets.all_targets(),
            help="Start only this target. Can be repeated.",
        ),
    ] = None,
    ask: Annotated[str | None, option("--ask", metavar="QUESTION", help="The question to ask.")] = None,
    expect: Annotated[
        str | None, option("--expect", metavar="ANSWER", help="The answer must be exactly this.")
    ] = None,
    timeout: Annotated[
        float,
        option(
            "--timeout", metavar="SECONDS", parser=number,
            help=f"How long one start may take. Default: {_TIMEOUT_S:.0f} seconds.",
        ),
    ] = _TIMEOUT_S,
    require_all: Annotated[
        bool,
        option("--require-all", help="Fail if a tool is missing. This is the default if the variable CI is set."),
    ] = False,
    json: Json = False,
) -> None:  # fmt: skip
    """Start a built file on every system that this machine can provide, and ask it a question."""
    from mkexe.boot.question import DEFAULT_QUESTION, Question
    from mkexe.boot.result import FAILED, NOT_RUN
    from mkexe.cli.reporters import JsonReporter, TerminalReporter
    from mkexe.commands.boot import boot_file

    _check_timeout(timeout)
    question = Question(DEFAULT_QUESTION if ask is None else ask, expect)
    reporter = JsonReporter() if json else TerminalReporter(_show)
    results = boot_file(file, on or [], question, timeout, reporter)
    if json:
        console.result_json([vars(result) for result in results])
    failed = [result for result in results if result.verdict == FAILED]
    if require_all or os.environ.get("CI"):
        failed += [result for result in results if result.verdict == NOT_RUN]
    _check_starts(file, failed, len(results))


def _check_timeout(timeout: float) -> None:
    if not 0 < timeout <= _TIMEOUT_MAXIMUM_S:  # written so that a NaN is refused
        expected = f"--timeout: expected seconds above 0, at most {_TIMEOUT_MAXIMUM_S}"
        raise UsageError(f"{expected}, found {timeout}", "leave it out: the default is 600")


def _check_starts(file: Path, failed: Sequence[BootResult], count: int) -> None:
    if failed:
        reason = failed[0].detail.partition("\n")[0]
        raise BootError(f"{file}: {len(failed)} of {count} starts failed: {reason}", "the list above says more")


def _show(result: BootResult) -> None:
    seconds = f" in {result.seconds:.1f} s" if result.seconds else ""
    console.result(f"{result.target:15} {result.verdict:8} {result.how}{seconds}")
    for line in result.detail.splitlines():
        console.result(f"{'':24} {line}")
