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
# what patched files of llama.cpp include, and its own name for the page's files
SEAMS = {"upstream-hooks.h": "upstream", "template-work.h": "upstream", "ui": "upstream", "work-limits.h": "base"}

SOURCES = sorted(path for path in RUNTIME.rglob("*") if path.suffix in (".cpp", ".h"))
SYSTEM_HEADERS = re.compile(r"[a-z0-9_]+|(sys|arpa|netinet|mach|mach-o)/[a-z_]+\.h|[a-z0-9_]+\.h")


def folder_of(name: str) -> str:
    top = name.partition("/")[0]
    return SEAMS.get(top, top)


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
