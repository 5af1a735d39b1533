"""Layout exe: Windows' program begins the file, and a script for the other systems lies in its head."""

from __future__ import annotations

from mkexe.errors import UsageError
from mkexe.layouts.layout import ShellLayout, check_program_size, has_windows, names_of
from mkexe.layouts.names import EXE
from mkexe.runtimes.targets import Target


class Exe(ShellLayout):
    """One file that starts on every system."""

    name = EXE

    def check(self, targets: tuple[Target, ...], size: int) -> None:
        """Only with Windows' program, and only as large as Windows starts."""
        if not has_windows(targets):
            raise UsageError(
                f"layout exe begins with Windows' program, and the targets are {names_of(targets)}",
                "choose --layout script, or add --target windows-x86_64",
            )
        check_program_size(targets, size)
