"""The documentation names files that exist, and docs/architecture.md shows the folders and the rules of the code."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "benchmarks/README.md"]
# a path inside the repository: from one of its top folders, as plain text or as code
TOPS = "builder|runtime|native|templates|tests|benchmarks|docs|dist-recipes"
PATH = re.compile(rf"(?<![\w./-])((?:{TOPS})/[\w./*-]*[\w*])")
PLACEHOLDER = re.compile(r"[A-Z]{3,}\b(?!\.md)")  # such as benchmarks/results/DATE.raw.jsonl


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_in_the_documentation_exists(page: Path) -> None:
    named = {path.rstrip(".") for path in PATH.findall(page.read_text("utf-8")) if not PLACEHOLDER.search(path)}
    assert [path for path in sorted(named) if not list(ROOT.glob(path))] == []


def section(title: str) -> str:
    """A section of docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def in_table(title: str) -> set[str]:
    return set(re.findall(r"^\| `([\w-]+)` \|", section(title), re.MULTILINE))


def in_drawing(title: str) -> list[set[str]]:
    """The rows of the import rule, each without an order."""
    drawing = re.search(r"```text\n(.*?)```", section(title), re.DOTALL)
    assert drawing
    return [set(row.split()) for row in drawing[1].splitlines()]


def rows_of(test: str) -> list[set[str]]:
    """The constant ROWS of the test that checks an import rule."""
    tree = ast.parse((ROOT / test).read_text("utf-8"))
    found = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROWS"
    ]
    return [set(row) for row in ast.literal_eval(found[0])]


def folders_in(path: str) -> set[str]:
    """The folders that hold files of the repository."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT / path, capture_output=True, text=True, check=True)
    return {name.partition("/")[0] for name in done.stdout.splitlines() if "/" in name}


def test_the_architecture_page_lists_the_packages_of_the_builder() -> None:
    packages = folders_in("builder/mkexe") | {"errors"}
    assert in_table("The builder") == packages
    rows = [{name for name in row if name in packages} for row in rows_of("tests/repo/test_architecture.py")]
    assert in_drawing("The builder") == [row for row in rows if row]


def test_the_architecture_page_lists_the_folders_of_the_runtime() -> None:
    assert in_table("The runtime") == folders_in("runtime")
    assert in_drawing("The runtime") == rows_of("tests/native/test_runtime_folders.py")


def test_the_architecture_page_lists_the_folders_of_the_page() -> None:
    assert in_table("The page") == folders_in("templates/webui/src")


def test_the_architecture_page_lists_the_other_folders() -> None:
    others = {name for name in folders_in(".") if not name.startswith(".")} - {"builder", "runtime"}
    assert in_table("Other folders") == others


def test_every_environment_variable_of_ours_is_documented() -> None:
    """The table in docs/starting.md names each variable that the code reads or sets, and no other."""
    code = [*ROOT.glob("builder/mkexe/**/*.py"), *ROOT.glob("runtime/**/*.cpp"), *ROOT.glob("runtime/**/*.h")]
    quoted = {name for path in code for name in re.findall(r'"(MKEXE_[A-Z_]+)"', path.read_text("utf-8"))}
    heads = {name for path in ROOT.glob("templates/launcher/*") for name in re.findall(r"MKEXE_\w+", path.read_text())}
    page = (ROOT / "docs/starting.md").read_text("utf-8")
    table = page.partition("\n## Environment variables\n")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(documented) == sorted({*quoted, *heads, "NOTIFY_SOCKET"})
