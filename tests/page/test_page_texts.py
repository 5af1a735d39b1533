"""The page's texts in all languages, the table of its settings, and the page of the docs that comes from it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "templates" / "webui" / "src" / "prefs"
TABLE: list[dict[str, Any]] = json.loads((SOURCES / "settings-table.json").read_text("utf-8"))
LANGUAGES: list[str] = next(row["choices"] for row in TABLE if row["name"] == "language")
# the names of methods are the same everywhere
SAME_EVERYWHERE = {"setting_top_p", "setting_top_k", "setting_min_p", "speed"}
SAME_EVERYWHERE |= {"size_bytes", "size_kilobytes", "size_megabytes", "size_gigabytes"}


def texts(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((SOURCES / "strings" / f"{language}.json").read_text("utf-8"))
    return found


def placeholders(text: str) -> Counter[str]:
    return Counter(re.findall(r"\{\w+\}", text))


def test_every_language_that_can_be_chosen_has_its_file_and_no_other_has() -> None:
    assert sorted(path.stem for path in (SOURCES / "strings").glob("*.json")) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_keys_in_the_same_order_and_the_same_placeholders(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert list(other) == list(english)
    assert {key: placeholders(text) for key, text in other.items()} == {
        key: placeholders(text) for key, text in english.items()
    }
    assert [key for key, text in other.items() if not text.strip()] == []


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_sentences_are_translated(language: str) -> None:
    english = texts("en")
    same = {key for key, text in texts(language).items() if text == english[key] and " " in text} - SAME_EVERYWHERE
    assert same <= {"code_label"}, "these texts are English"


def test_texts_of_the_skeleton_can_be_told_apart_by_their_english() -> None:
    """static-texts.ts finds the key of a text by the text: two keys of one text must not be translated apart."""
    skeleton = (ROOT / "templates" / "webui" / "index.html.j2").read_text("utf-8")
    used = set(re.findall(r"strings\.(\w+)", skeleton))
    english = texts("en")
    for key in used:
        twins = [name for name, text in english.items() if text == english[key]]
        for language in LANGUAGES:
            assert len({texts(language)[name] for name in twins}) == 1, (language, twins)


def test_every_setting_and_choice_has_its_texts() -> None:
    english = texts("en")
    expected = {f"setting_{row['name']}{end}" for row in TABLE for end in ("", "_help")}
    chosen = [row for row in TABLE if row["type"] == "choice" and row["name"] != "language"]
    expected |= {f"setting_{row['name']}_{choice}" for row in chosen for choice in row["choices"]}
    assert expected <= set(english)
    names = re.findall(r'^  \| "(\w+)"', (SOURCES / "settings.ts").read_text("utf-8"), re.MULTILINE)
    assert names == [row["name"] for row in TABLE]


def documented_row(row: dict[str, Any]) -> str:
    english = texts("en")
    name, default = row["name"], row["default"]
    values = {"boolean": "true, false", "text": "text"}.get(row["type"])
    if row["type"] == "choice":
        values = ", ".join(row["choices"])
    elif values is None:
        values = f"{row['min']} to {row['max']}" + (", whole" if row["type"] == "integer" else "")
    shown = "" if default in (None, "") else json.dumps(default)
    request = f"`{row['request']}`" if row["request"] else ""
    label, text = english[f"setting_{name}"], english[f"setting_{name}_help"]
    return f"| `{name}` | {values} | {shown} | {request} | {label}. {text} |"


@pytest.mark.parametrize("group", ["plain", "advanced"])
def test_docs_say_what_the_table_says(group: str) -> None:
    section = (
        (ROOT / "docs" / "settings.md").read_text("utf-8").split(f"## {group.capitalize()}\n")[1].split("\n## ")[0]
    )
    expected = [documented_row(row) for row in TABLE if row["group"] == group]
    documented = [line for line in section.splitlines() if line.startswith("| `")]
    assert documented == expected, "put these rows into docs/settings.md:\n" + "\n".join(expected)
