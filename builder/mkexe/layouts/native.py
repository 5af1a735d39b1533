"""Layout native: the file begins with the program for one system, and starts without a script."""

from __future__ import annotations

import shlex

from mkexe.errors import UsageError
from mkexe.layouts.layout import Layout, check_program_size, names_of, start_on_windows
from mkexe.layouts.names import NATIVE
from mkexe.runtimes.targets import LINUX, MACOS, WINDOWS, Target


class Native(Layout):
    """One file for one system."""

    name = NATIVE
    packs_programs = False
    has_script = False
    holds_one_program = True

    def check(self, targets: tuple[Target, ...], size: int) -> None:
        """Raise UsageError unless there is one target, whose executables may have data behind their end."""
        names = names_of(targets)
        if len(targets) != 1:
            raise UsageError(
                f"layout native holds one program, and the targets are {names}", "choose one with --target"
            )
        if targets[0].system == MACOS:
            raise UsageError(
                f"layout native cannot hold {names}: a signed Mach-O cannot have data behind its end",
                "choose --layout script",
            )
        check_program_size(targets, size)

    def in_place(self, targets: tuple[Target, ...]) -> str | None:
        """The only target."""
        return next((target.name for target in targets), None)

    def start(self, system: str, name: str, app: str) -> str:
        """Like any program of that system."""
        quoted = shlex.quote(name)
        return start_on_windows(name, ".exe") if system == WINDOWS else f"chmod +x {quoted}, then ./{quoted}"

    def notes(self, system: str, name: str) -> list[str]:
        """Add which file managers can start it."""
        if system == LINUX:
            return ["after that, a double click starts it too, in GNOME's Files, Thunar and PCManFM"]
        return super().notes(system, name)
