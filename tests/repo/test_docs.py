"""The documentation names files that exist."""

from __future__ import annotations

import re
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
