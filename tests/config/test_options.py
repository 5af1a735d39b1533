"""The one table of a builder's options, and what is made from it: flags, keys, documentation, the page's types."""

from __future__ import annotations

import inspect
import re

import pytest

from conftest import ROOT
from mkexe.cli import build
from mkexe.config import options
from mkexe.config.options import Option
from mkexe.config.settings_table import all_settings

DOCUMENT = (ROOT / "docs/configuration.md").read_text("utf-8")
PAGE = ROOT / "templates/webui/src/prefs"


def documented(row: Option) -> str:
    """A row's line in docs/configuration.md."""
    flags = ", ".join(f"`{flag}`" for flag in sorted(row.flags, key=len)) + (", repeatable" if row.kind.is_list else "")
    default = f" Default: {row.default}." if row.default else ""
    return f"| `{row.name}` | {flags} | {row.kind.values} | {row.help}{default} |"


@pytest.mark.parametrize("table", ["build", "page"])
def test_the_documentation_has_the_rows_of_the_table(table: str) -> None:
    section = DOCUMENT.partition(f"\n## [{table}]\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    assert lines == [documented(row) for row in options.ALL if row.table == table]


def test_every_row_is_a_parameter_of_mkexe_build() -> None:
    parameters = inspect.signature(build.run).parameters
    assert [row.parameter for row in options.ALL if row.parameter not in parameters] == []


def test_no_key_and_no_flag_stands_in_the_table_twice() -> None:
    flags = [flag for row in options.ALL for flag in row.flags]
    assert len(options.BY_KEY) == len(options.ALL)
    assert len(set(flags)) == len(flags)


def test_the_page_knows_every_row_that_it_is_given() -> None:
    """`model_name` and `settings` are given to the page too; they are not rows."""
    text = (PAGE / "build-info.ts").read_text("utf-8")
    interface = text.partition("export interface BuildInfo {")[2].partition("\n}")[0]
    members = set(re.findall(r"^  readonly (\w+):", interface, re.MULTILINE))
    assert members - {"model_name", "settings"} == {row.name for row in options.PAGE}
    assert f"const maxQuestions = {options.QUESTIONS_MAXIMUM};" in text


def test_the_page_s_type_of_settings_has_the_names_of_their_table() -> None:
    text = (PAGE / "settings.ts").read_text("utf-8")
    union = text.partition("export type SettingName =")[2].partition(";")[0]
    assert re.findall(r'"(\w+)"', union) == list(all_settings())
