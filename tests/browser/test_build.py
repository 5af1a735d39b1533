"""What the build writes: size, sameness, independence of the rest of the world."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from mkexe.errors import PageError
from mkexe.page.bundle import FIRST_LOAD, LAZY, LICENSES, POLICY, SERVICE_WORKER, STRINGS, build_page, read_page

from .conftest import TEMPLATES

pytestmark = pytest.mark.browser

# as gzip; docs/page.md
FIRST_LOAD_LIMIT_BYTES = 200_000


def test_first_load_is_small(built_page: Path) -> None:
    sizes = {name: len(gzip.compress((built_page / name).read_bytes(), 9)) for name in FIRST_LOAD}
    assert sum(sizes.values()) <= FIRST_LOAD_LIMIT_BYTES, sizes


def test_build_is_reproducible_and_leaves_the_sources_alone(built_page: Path, tmp_path: Path) -> None:
    before = sorted(path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*"))
    written = build_page(tmp_path / "elsewhere" / "page", TEMPLATES, tmp_path / "log")
    output = tmp_path / "elsewhere" / "page"
    assert {name: output / name for name in read_page(output)} == {
        path.relative_to(output).as_posix(): path for path in written
    }
    assert read_page(output) == read_page(built_page)
    assert sorted(path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*")) == before
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["page"], "the scratch folder stayed"


def test_licences_of_every_bundled_package_are_there(built_page: Path) -> None:
    text = (built_page / LICENSES).read_text("utf-8")
    dependencies = json.loads((TEMPLATES / "webui" / "package.json").read_text("utf-8"))["dependencies"]
    for name, version in dependencies.items():
        if name != "esbuild":  # builds the page and is no part of it
            assert re.search(rf"^{re.escape(name)} {re.escape(version)} \(", text, re.MULTILINE), name
    assert "esbuild" not in text


def test_page_holds_no_path_of_the_machine_that_built_it(built_page: Path) -> None:
    for name, data in read_page(built_page).items():
        assert b"node_modules" not in data, name
        assert f"{Path.home()}{os.sep}".encode() not in data, name


def test_every_file_but_the_first_load_changes_its_address_with_its_content(built_page: Path) -> None:
    names = read_page(built_page).keys() - {*FIRST_LOAD, SERVICE_WORKER, LICENSES, POLICY}
    assert len(names) > 5
    for name in names:
        assert re.fullmatch(rf"{LAZY}/[\w-]+-[0-9A-Za-z]{{8}}\.(bin|js|woff2)|{STRINGS}/\w+\.json", name), name


def test_first_load_needs_no_further_file(built_page: Path) -> None:
    for name in ("early.js", "app.js"):
        text = (built_page / name).read_text("utf-8")
        assert not re.search(r"\b(import|from)\s*[\"']\./", text), name


def test_broken_source_ends_in_an_explained_failure(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES / "webui", tmp_path / "webui")
    (tmp_path / "webui/src/shell/app.ts").write_text("import nothing from './absent';\nnothing(;\n", "utf-8")
    with pytest.raises(PageError) as caught:
        build_page(tmp_path / "page", tmp_path, tmp_path / "page.log")
    assert "src/shell/app.ts" in caught.value.detail
    assert "page.log" in caught.value.hint
    assert not (tmp_path / "page" / "index.html").exists()
