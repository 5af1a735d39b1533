"""The page's folders: an import goes down, never up or to a neighbour, and never round in a circle."""

from __future__ import annotations

import posixpath
import re
from graphlib import TopologicalSorter

from conftest import ROOT

SOURCES = ROOT / "templates" / "webui" / "src"
# from top to bottom (docs/page.md): a folder imports only from lower rows, and neighbours never from each other
ROWS = (("shell",), ("view",), ("chats", "attach"), ("api", "text"), ("prefs",), ("browser",))
ROW_OF = {folder: row for row, folders in enumerate(ROWS) for folder in folders}
IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"']*)["']""")
IMPORTS = {
    path.relative_to(SOURCES).as_posix(): IMPORT.findall(path.read_text("utf-8")) for path in SOURCES.rglob("*.ts")
}


def target(importer: str, specifier: str) -> str:
    """The file that is imported, below src/."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))
    return next(found for found in (path, f"{path}.ts") if (SOURCES / found).is_file())


def folder_of(path: str) -> str:
    return path.partition("/")[0]


def test_every_file_lies_in_a_folder_of_the_plan() -> None:
    folders = {folder_of(path.relative_to(SOURCES).as_posix()) for path in SOURCES.rglob("*") if path.is_file()}
    assert folders == {*ROW_OF, "styles"}


def test_imports_go_down() -> None:
    assert sum(map(len, IMPORTS.values())) > 200, "the pattern finds no imports"
    upward = [
        f"{importer} imports {imported}"
        for importer, specifiers in IMPORTS.items()
        for imported in (target(importer, specifier) for specifier in specifiers)
        if folder_of(imported) != folder_of(importer) and ROW_OF[folder_of(imported)] <= ROW_OF[folder_of(importer)]
    ]
    assert upward == []


def test_imports_make_no_circle() -> None:
    graph = {importer: {target(importer, one) for one in specifiers} for importer, specifiers in IMPORTS.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


def test_docs_draw_the_same_rows() -> None:
    text = (ROOT / "docs" / "page.md").read_text("utf-8")
    drawn = re.search(r"```text\n(shell.*?)```", text, re.DOTALL)
    assert drawn
    rows = tuple(tuple(re.findall(r"[a-z]+", line.split("  #")[0])) for line in drawn[1].splitlines())
    assert rows == ROWS
