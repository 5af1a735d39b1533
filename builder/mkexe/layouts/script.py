"""Layout script: a script begins the file, and takes the program for its system out."""

from __future__ import annotations

from pathlib import Path

from mkexe.base.reporter import Reporter
from mkexe.errors import UsageError
from mkexe.layouts.layout import ShellLayout, has_windows, start_on_windows
from mkexe.layouts.names import SCRIPT
from mkexe.runtimes.targets import LINUX, WINDOWS, Target

_ENDINGS = (".cmd", ".bat")


class Script(ShellLayout):
    """One file of any size; what Windows starts is the small program inside."""

    name = SCRIPT

    def check_output(self, output: Path, targets: tuple[Target, ...], reporter: Reporter) -> None:
        """Windows starts a script by its ending."""
        if not has_windows(targets):
            return
        if output.suffix.lower() == ".exe":
            raise UsageError(
                f"{output}: Windows starts layout script only under a name that ends in .cmd",
                f"choose -o {output.with_suffix('.cmd').name}, or another --layout",
            )
        if output.suffix.lower() not in _ENDINGS:
            reporter.say(f"on Windows, {output.name} must be given a name that ends in .cmd")

    def file_name(self, name: str, targets: tuple[Target, ...]) -> str:
        """For cmd.exe where it is for Windows too."""
        return f"{name}.cmd" if has_windows(targets) else name

    def in_place(self, targets: tuple[Target, ...]) -> str | None:
        """None: it begins with a script."""
        return None

    def start(self, system: str, name: str, app: str) -> str:
        """By its ending on Windows."""
        return start_on_windows(name, *_ENDINGS) if system == WINDOWS else super().start(system, name, app)

    def notes(self, system: str, name: str) -> list[str]:
        """Also what the script does."""
        notes = super().notes(system, name)
        if system == WINDOWS:
            first = r"the first start puts the program into %LOCALAPPDATA%\mkexe\run"
            return ["the name must keep its ending .cmd", *notes, first]
        return [f"{notes[0]}; other programs can start it then too"] if system == LINUX else notes

    def size_limit(self, system: str, size: int) -> str:
        """None anywhere."""
        return "none: what Windows starts is the small program inside" if system == WINDOWS else "none"
