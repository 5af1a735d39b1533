"""Layout script: the file begins with a script that extracts the program for the present system."""

from __future__ import annotations

from pathlib import Path

from mkexe.base.reporter import Reporter
from mkexe.errors import UsageError
from mkexe.layouts.layout import ShellLayout, has_windows, start_on_windows
from mkexe.layouts.names import SCRIPT
from mkexe.runtimes.targets import LINUX, WINDOWS, Target

_ENDINGS = (".cmd", ".bat")


class Script(ShellLayout):
    """One file of any size: Windows starts the small program that the script extracts."""

    name = SCRIPT

    def check_output(self, output: Path, targets: tuple[Target, ...], reporter: Reporter) -> None:
        """Check the ending: Windows runs a script only under certain names."""
        if not has_windows(targets):
            return
        if output.suffix.lower() == ".exe":
            raise UsageError(
                f"{output}: Windows starts layout script only if its name ends in .cmd",
                f"choose -o {output.with_suffix('.cmd').name}, or another --layout",
            )
        if output.suffix.lower() not in _ENDINGS:
            reporter.say(f"on Windows, rename {output.name} to a name that ends in .cmd")

    def file_name(self, name: str, targets: tuple[Target, ...]) -> str:
        """NAME.cmd if it is for Windows too."""
        return f"{name}.cmd" if has_windows(targets) else name

    def in_place(self, targets: tuple[Target, ...]) -> str | None:
        """None, because it begins with a script."""
        return None

    def start(self, system: str, name: str, app: str) -> str:
        """By a double click on Windows if the ending is right; elsewhere as other scripts."""
        return start_on_windows(name, *_ENDINGS) if system == WINDOWS else super().start(system, name, app)

    def notes(self, system: str, name: str) -> list[str]:
        """Add what the script does on its first start, and what can stop it.

        What Smart App Control blocks is from Microsoft's pages "Smart App Control has blocked an app with a dangerous
        file extension" and "Smart App Control Frequently Asked Questions". It was not tested.
        """
        notes = super().notes(system, name)
        if system == WINDOWS:
            first = r"the first start stores the program in %LOCALAPPDATA%\mkexe\run"
            blocked = "Smart App Control blocks downloaded .cmd files and allows no exception: there, use --layout pair"
            return ["the name must keep its ending .cmd", *notes, blocked, first]
        return [f"{notes[0]}; other programs can start it then too"] if system == LINUX else notes

    def size_limit(self, system: str, size: int) -> str:
        """There is no limit."""
        return "none: Windows starts only the small program inside" if system == WINDOWS else "none"
