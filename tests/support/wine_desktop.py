"""A desktop that nobody sees, with Wine on it: programs in console windows of their own, as after a double click."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from PIL import ImageGrab

from support.wine import WinePrefix

TOOLS = ("wine", "Xvfb", "openbox", "xdotool")
LIMIT_S = 120.0  # for whatever is waited for; far more than it takes
_BETWEEN_LOOKS_S = 0.05

# Wine's console tells what it shows where it is asked to: every write as a line, its text as a C string (wine/debug.h)
_SHOWS_TEXT = "-all,trace+console,fixme+console"
_KILLS = ":default_ctrl_handler Terminating process"
_OPENS = ":write_console"
_FAILS = "ShellExecuteEx failed"  # programs/start: once in some hundred times, with "Internal error." as the reason
_TRIES = 3
_WRITE = re.compile(r':write_console L"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{4})|(.))")
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def until(condition: Callable[[], object], what: Callable[[], str]) -> None:
    """Return when the condition is met; `what` describes, for the failure, what was found instead."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(_BETWEEN_LOOKS_S)  # between two looks, not for synchronisation


class Desktop:
    """Context manager: an X server, a window manager and a copy of a prefix of Wine's, all in `folder`."""

    def __init__(self, folder: Path, prefix: WinePrefix) -> None:
        self.folder = folder
        self.prefix = prefix.copy(folder / "prefix")
        self._stack = contextlib.ExitStack()
        self._environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8",
            "WINEPREFIX": str(self.prefix), "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # else a new prefix asks whether to download these
        }  # fmt: skip

    def __enter__(self) -> Desktop:
        with contextlib.ExitStack() as stack:
            stack.callback(self._call, "wineserver", "-k", check=False)
            self._environment["DISPLAY"] = stack.enter_context(self._x_server())
            stack.enter_context(self._process(["openbox"]))
            until(lambda: self._call("xdotool", "get_num_desktops", check=False) != "", lambda: "no window manager")
            self._call("wine", "cmd", "/c", "ver")  # begins a session on this screen
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextlib.contextmanager
    def _x_server(self) -> Iterator[str]:
        """An X server on a display that is free, by its name."""
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
        with open(reading) as number, self._process(command, (writing,)):
            os.close(writing)
            display = number.readline().strip()  # once it listens
            assert display, "Xvfb did not start"
            yield f":{display}"

    @contextlib.contextmanager
    def _process(self, command: list[str], descriptors: tuple[int, ...] = ()) -> Iterator[None]:
        log = (self.folder / f"{command[0]}.log").open("w")
        process = subprocess.Popen(
            command, env=self._environment, stdout=log, stderr=log, pass_fds=descriptors, start_new_session=True
        )
        log.close()
        try:
            yield
        finally:
            process.terminate()
            process.wait(LIMIT_S)

    def _call(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            words, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, timeout=LIMIT_S, check=check,
        )  # fmt: skip
        return done.stdout.strip()

    @property
    def user_folder(self) -> Path:
        """%LOCALAPPDATA%."""
        [user] = [folder for folder in (self.prefix / "drive_c/users").iterdir() if folder.name != "Public"]
        return user / "AppData/Local"

    def open(self, name: str, *words: str) -> Console:
        """Start a program, a Unix path or one of Wine's own, in a window of its own."""
        return Console(self, name, self._environment | {"WINEDEBUG": _SHOWS_TEXT}, words)

    def log_off(self) -> None:
        """Tell every program that the session ends, as Windows does."""
        self._call("wine", "wineboot", "--end-session", check=False)

    def run_program(self, name: Path, *words: str) -> None:
        """Run a Windows program to its end, which must be a good one."""
        self._call("wine", str(name), *words)

    def wait_for_a_program(self) -> None:
        """Return when another program of Wine's, which was started now, has run to its end."""
        self._call("wine", "cmd", "/c", "ver")

    def active_window(self) -> str:
        """The title of the window that takes what is typed."""
        return self._call("xdotool", "getactivewindow", "getwindowname", check=False)

    def press(self, *keys: str) -> None:
        """Press keys by their names in X, such as `ctrl+c`."""
        self._call("xdotool", "key", *keys)

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        self._call("xdotool", "type", line)
        self.press("Return")

    def photograph(self, path: Path) -> Path:
        """Write the screen as a PNG."""
        ImageGrab.grab(xdisplay=self._environment["DISPLAY"]).save(path)
        return path


class Console:
    """Context manager: a program in a console window of its own; ended with all of Wine if it did not end itself."""

    def __init__(self, desktop: Desktop, program: str, environment: dict[str, str], words: tuple[str, ...]) -> None:
        self._desktop = desktop
        self._command = ["wine", "start", "/wait", "/unix", program, *words]
        self._title = program.rpartition("/")[2]
        self._environment = environment
        self._trace = desktop.folder / "console.log"
        self._seen = 0

    def __enter__(self) -> Console:
        for _ in range(_TRIES):
            self._process = self._start()
            until(lambda: _OPENS in self._log or not self.is_open(), lambda: f"nothing was written:\n{self._log}")
            if _OPENS in self._log or _FAILS not in self._log:
                return self
        raise AssertionError(f"Wine did not start it {_TRIES} times:\n{self._log}")

    def _start(self) -> subprocess.Popen[bytes]:
        with self._trace.open("w") as trace:
            return subprocess.Popen(
                self._command, env=self._environment, cwd=self._desktop.folder, stdin=subprocess.DEVNULL,
                stdout=trace, stderr=trace,
            )  # fmt: skip

    @property
    def _log(self) -> str:
        return self._trace.read_text(errors="replace")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_open():
            self._desktop._call("wineserver", "-k", check=False)
            self._process.wait(LIMIT_S)

    @property
    def text(self) -> str:
        """All that was ever written into the window, without its colours."""
        written = _ESCAPE.sub(_unescape, "".join(_WRITE.findall(self._log)))
        return _COLOUR.sub("", written).replace("\r", "")

    @property
    def was_killed(self) -> bool:
        """Whether Wine ended the program because no handler of its own took a console event."""
        return _KILLS in self._log

    def is_open(self) -> bool:
        """Whether the program runs."""
        return self._process.poll() is None

    def expect(self, sentence: str) -> None:
        """Return when this was written after what was expected before."""

        def found() -> bool:
            running = self.is_open()
            at = self.text.find(sentence, self._seen)
            assert at >= 0 or running, f"it ended without {sentence!r}:\n{self.text or self._log}"
            self._seen = at + len(sentence) if at >= 0 else self._seen
            return at >= 0

        until(found, lambda: f"expected {sentence!r}, {self._report()}")

    def focus(self) -> Console:
        """Return when what is typed goes into this window."""

        def focused() -> bool:
            assert self.is_open(), f"it ended before a key was pressed:\n{self.text}"
            return self._desktop.active_window().endswith(self._title)

        until(focused, lambda: f"no window, {self._report()}")
        return self

    def press(self, *keys: str) -> None:
        """Press keys in this window."""
        self.focus()
        self._desktop.press(*keys)

    def type(self, line: str) -> None:
        """Type a line into this window."""
        self.focus()
        self._desktop.type(line)

    def wait(self) -> int:
        """The program's exit status, and Wine's part of it only: the lower 8 bits."""
        until(lambda: not self.is_open(), lambda: f"it does not end, {self._report()}")
        return self._process.returncode

    def _report(self) -> str:
        picture = self._desktop.photograph(self._desktop.folder / "screen.png")
        return f"found (the screen: {picture}):\n{self.text}"


def _unescape(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else _LETTERS.get(escape[2], escape[2])
