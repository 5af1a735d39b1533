"""`mkexe runtime build` and `mkexe runtime list`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mkexe.base.units import readable_size
from mkexe.cli import console
from mkexe.cli.parameters import from_table, option, path_option
from mkexe.errors import UsageError

BUILD_EXAMPLES = ("mkexe runtime build", "mkexe runtime build --all")
LIST_EXAMPLES = ("mkexe runtime list",)


@from_table("build.targets", target="The system to compile for. Default: this machine.")
def build(
    every: Annotated[bool, option("--all", help="Compile for every system.")] = False,
    copy_to: Annotated[
        Path | None,
        path_option(
            "--copy-to", metavar="FOLDER",
            help="Copy the runtimes and the page to FOLDER, in the form that a wheel contains.",
        ),
    ] = None,
    *,
    target: list[str] | None,
) -> None:  # fmt: skip
    """Compile the runtimes that are missing."""
    from mkexe.cli.reporters import TerminalReporter
    from mkexe.commands.runtimes import copy_for_bundling
    from mkexe.runtimes import targets
    from mkexe.runtimes.obtain import get_runtime

    if every and target:
        raise UsageError("mkexe runtime build: --all and --target exclude each other", "leave one of them out")
    reporter = TerminalReporter()
    for name in targets.choose_targets(["all"] if every else target or ["host"]):
        runtime = get_runtime(targets.all_targets()[name], reporter)
        console.result(f"{name:15} {readable_size(runtime.size_bytes)} {runtime.path}")
        if copy_to is not None:
            copy_for_bundling(runtime, copy_to, reporter)


def show(as_json: Annotated[bool, option("--json", help="Print the list as JSON.")] = False) -> None:
    """Show for which systems a runtime is compiled."""
    from mkexe.runtimes import targets
    from mkexe.runtimes.store import find_runtime

    found = {name: find_runtime(target) for name, target in targets.all_targets().items()}
    if as_json:
        console.result_json({name: str(runtime.path) if runtime else None for name, runtime in found.items()})
        return
    for name, runtime in found.items():
        state = f"{readable_size(runtime.size_bytes)} {runtime.path}" if runtime else "not compiled"
        console.result(f"{name:15} {state}")
