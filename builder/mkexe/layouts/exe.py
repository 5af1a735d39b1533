"""Layout exe: the file begins with the Windows program, whose head also holds a script for the other systems."""

from __future__ import annotations

from mkexe.errors import UsageError
from mkexe.layouts.layout import ShellLayout, check_program_size, has_windows, names_of
from mkexe.layouts.names import EXE
from mkexe.runtimes.targets import Target


class Exe(ShellLayout):
    """One file that starts on every system."""

    name = EXE

    def check(self, targets: tuple[Target, ...], size: int) -> None:
        """Raise UsageError without a Windows program, or if the file is too large for Windows."""
        if not has_windows(targets):
            raise UsageError(
                f"layout exe needs a program for Windows, and the targets are {names_of(targets)}",
                "choose --layout script, or add --target windows-x86_64",
            )
        check_program_size(targets, size)
