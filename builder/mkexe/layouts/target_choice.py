"""Choose the targets of a file."""

from __future__ import annotations

from mkexe.base.reporter import Reporter
from mkexe.layouts.registry import holds_one_program, usual_targets
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes import targets
from mkexe.runtimes.targets import Target

# measured on 2 cores (docs/performance.md); announced before a long compile
_MINUTES_PER_TARGET = 9


def choose_targets(names: tuple[str, ...], layout: str, reporter: Reporter) -> list[Target]:
    """The targets to bundle: those asked for, else all with a compiled runtime, else this machine.

    By default, a layout with one program gets this machine's, and a layout for one system gets the programs of that
    system.
    """
    table = targets.all_targets()
    if holds_one_program(layout) and not names:
        names = ("host",)
    if names:
        return [table[name] for name in targets.choose_targets(list(names))]
    fitting = usual_targets(layout, tuple(table.values()))
    present = [target for target in fitting if runtime_store.find_runtime(target) is not None]
    if present:
        missing = [target.name for target in fitting if target not in present]
        if missing:
            reporter.say(
                f"left out, because the runtime is not compiled: {', '.join(missing)}. {_how_to_get_all(len(missing))}"
            )
        return present
    reporter.say(f"compiling the runtime for this machine only. {_how_to_get_all(len(table) - 1)}")
    return [table[targets.host_target()]]


def _how_to_get_all(count: int) -> str:
    return f"--target all adds the other systems, which takes about {count * _MINUTES_PER_TARGET} minutes once"
