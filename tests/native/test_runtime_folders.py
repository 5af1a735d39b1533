"""The plan of runtime/: which folder may include which, and where headers of llama.cpp and cpp-httplib may stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import ROOT

RUNTIME = ROOT / "runtime"

# A folder includes only what stands in a later row; folders of one row never include each other.
ROWS = [
    ["main.cpp"],
    ["commands"],
    ["server"],
    ["api", "app"],
    ["lifecycle"],
    ["upstream"],
    ["artifact", "backends"],
    ["platform"],
    ["base"],
]
WITH_UPSTREAM = {"upstream", "backends", "api", "server"}
# what is no header of llama.cpp or cpp-httplib: the vendored libraries that every folder may use
VENDORED = {"nlohmann/json.hpp", "hash/sha256/sha256.h"}

CRASH = "a signal handler may ask for no memory and knows no object"
TERMINAL = "a signal handler puts the terminal back"

SOURCES = sorted(path for path in RUNTIME.rglob("*") if path.suffix in (".cpp", ".h"))
SYSTEM_HEADERS = re.compile(r"[a-z0-9_]+|(sys|arpa|netinet|mach|mach-o)/[a-z_]+\.h|[a-z0-9_]+\.h")


def folder_of(name: str) -> str:
    return name.partition("/")[0]


def row_of(folder: str) -> int:
    return next(number for number, row in enumerate(ROWS) if folder in row)


def included_in(path: Path) -> list[str]:
    """The headers that a file includes: quoted ones, and those in angle brackets that are no system's."""
    found = re.findall(r'^ *# *include (?:"([^"]+)"|<([^>]+)>)', path.read_text("utf-8"), re.MULTILINE)
    return [quoted or angled for quoted, angled in found if quoted or not SYSTEM_HEADERS.fullmatch(angled)]


def is_ours(name: str) -> bool:
    return (RUNTIME / name).is_file()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(RUNTIME)))
def test_includes_point_downwards(path: Path) -> None:
    folder = folder_of(path.relative_to(RUNTIME).as_posix())
    for name in included_in(path):
        if is_ours(name) and folder_of(name) != folder:
            assert row_of(folder) < row_of(folder_of(name)), f"{folder} includes {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(RUNTIME)))
def test_headers_of_upstream_stand_behind_the_seams(path: Path) -> None:
    foreign = {name for name in included_in(path) if not is_ours(name)} - VENDORED
    assert not foreign or folder_of(path.relative_to(RUNTIME).as_posix()) in WITH_UPSTREAM, foreign


def test_every_folder_stands_in_a_row() -> None:
    folders = {folder_of(path.relative_to(RUNTIME).as_posix()) for path in SOURCES}
    assert folders == {folder for row in ROWS for folder in row}


# State of the process outside any object: a name, and why no object can own it. What a server needs is in its session
# (runtime/server/session.h).
STATE = {
    "active": "where upstream finds the session; signal handlers and the log's thread read it",
    "watching": "where the handler of Ctrl-C finds the terminal's model",
    "interrupt_handler": "what the system's handler calls",
    "cancelled": "whether the process is still to be ended",
    "console_code_page": "the console's, put back when the process ends",
    "server_process": "what SIGTERM is handed on to by the process of a macOS bundle",
    "objc": "the functions of the Objective-C runtime", "handlers": "what AppKit's calls without a context do",
    "active_traits": "the kernels that ggml asked for once",
    "current_request": "the request of this thread, which httplib does not say",
    "scope": "the client that this thread works for", "since": "steps of this thread",
    "work": "what this thread's template has used", "bytes": "what all grammars that live take; ends with them",
    "nobody": "changes nothing, and is not changed",
    "program_name": CRASH, "log_path": CRASH, "shown_log_path": CRASH, "files": CRASH, "file_count": CRASH,
    "speaking": CRASH, "speaker": CRASH, "limits": CRASH, "status_at_end": CRASH, "crashed": CRASH, "reported": CRASH,
    "reporter": CRASH, "code_at_end": CRASH, "address_at_end": CRASH, "stack": CRASH, "has_problem": CRASH,
    "problem_mutex": CRASH, "problem": CRASH,
    "initial_state": TERMINAL, "has_colour": TERMINAL, "is_kept": TERMINAL,
}  # fmt: skip
# a declaration without parentheses, but for those of a pointer to a function
NAME = r"(?:[^(){;=]*[ *&](\w+)(?:\[\w*\])?|[\w ]+\(\*(\w+)\)\(\))"
MUTABLE = re.compile(rf"^ *static (?!const\b|constexpr\b){NAME} *(?:=.*|\{{.*\}})?;")


def test_state_has_an_owner() -> None:
    lines = [line for path in SOURCES for line in path.read_text("utf-8").splitlines()]
    found = {match[1] or match[2] for line in lines if (match := MUTABLE.match(line))}
    assert found == set(STATE)
