"""runtime/platform/dock-macos.cpp, run on GNUstep under a virtual screen: the nearest to AppKit without a Mac.

The messages are the same and so are the functions of the Objective-C runtime; that macOS' own AppKit obeys them alike
is for a Mac to show.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import ROOT, scrubbed_environment
from support.needs import missing, need

SOURCES = (ROOT / "runtime/platform/dock-macos.cpp", ROOT / "tests/cpp/platform/dock/gnustep-app.cpp")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    libraries = sorted(Path("/usr/lib").glob("libgnustep-gui.so.0.*"), key=lambda path: len(path.name))
    if not libraries or shutil.which("Xvfb") is None:
        missing("GNUstep or Xvfb")
    out = tmp_path_factory.mktemp("dock") / "app"
    compile_for_here(out, *SOURCES, f'-DGNUSTEP_GUI="{libraries[0]}"', "-Wl,--wrap=dlopen,--wrap=dlsym")
    return out


def compile_for_here(out: Path, *words: str | Path) -> None:
    """With the system's compiler: GNUstep is made for the system's C library, for which zig has none of its own."""
    need("g++")
    command = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'runtime'}", *words, "-ldl", "-pthread"]
    subprocess.run([*command, "-o", out], check=True, timeout=600)


@contextmanager
def screen() -> Iterator[str]:
    """A display of its own."""
    words = ["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        try:
            yield ":" + server.stdout.readline().strip()
        finally:
            server.terminate()


def drive(program: Path, home: Path, *orders: str, display: str) -> tuple[int, list[str]]:
    """Start the app, give it orders when it runs; its exit status and what it said."""
    environment = scrubbed_environment(home, DISPLAY=display, LC_ALL="C.UTF-8")
    with subprocess.Popen(
        [program], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as app:
        assert app.stdout
        first = app.stdout.readline().strip()
        rest, _ = app.communicate("".join(f"{order}\n" for order in orders), timeout=60)
        return app.returncode, [first, *rest.splitlines()]


def test_a_click_opens_the_page_and_quit_ends_the_app(program: Path, tmp_path: Path) -> None:
    with screen() as display:
        status, said = drive(
            program, tmp_path, "click 0", "title 0", "title 1", "choose 0", "choose 1", "click 0", display=display
        )
    assert said == [
        "running", "open", "dealt with", "done", "Open Gärtner", "done", "Quit Gärtner", "done", "open", "done", "quit",
    ]  # fmt: skip
    assert status == 0


def test_where_there_is_no_appkit_the_app_goes_on_without_a_dock(tmp_path: Path) -> None:
    """On this system Apple's libraries are nowhere."""
    main = tmp_path / "main.cpp"
    main.write_text('#include "platform/dock.h"\nint main() { stay_in_dock("T", { [] {}, [] {} }); return 7; }\n')
    compile_for_here(tmp_path / "app", SOURCES[0], main)
    assert subprocess.run([tmp_path / "app"], env=scrubbed_environment(tmp_path), timeout=60).returncode == 7
