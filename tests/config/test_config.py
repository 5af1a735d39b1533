"""mkexe.toml and the flags that stand for it: what they give, and what is refused with which words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT
from mkexe import cli
from mkexe.config.checked_options import build_settings, named_files, page_settings
from mkexe.config.presets import setting_entries
from mkexe.config.settings_table import all_settings
from mkexe.config.toml_file import read_config
from mkexe.errors import UsageError
from mkexe.page.branding import Preset

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{}</svg>'
DOCUMENT = (ROOT / "docs/configuration.md").read_text("utf-8")


def write(folder: Path, text: str) -> Path:
    path = folder / "mkexe.toml"
    path.write_text(text, "utf-8")
    return path


def refused(folder: Path, text: str) -> UsageError:
    path = write(folder, text)
    with pytest.raises(UsageError) as caught:
        read_all(path)
    return caught.value


def read_all(path: Path) -> None:
    entries = read_config(path)
    build_settings(entries)
    page_settings(entries)


def test_the_documented_example_is_read(tmp_path: Path) -> None:
    example = re.search(r"<!-- example -->\n```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example
    (tmp_path / "leaf.svg").write_text(SVG.format('<path d="M0 0h8v8z"/>'))
    (tmp_path / "about.md").write_text("# Who we are\n")
    (tmp_path / "prompt.txt").write_text("Be brief.\n")
    entries = read_config(write(tmp_path, example[1]))
    built = build_settings(entries)
    assert built.output == tmp_path / "garden.exe"
    assert (built.targets, built.name) == (("all",), "garden")
    assert built.default_args == ("--ctx-size", "8192", "--parallel", "1")
    page = page_settings(entries)
    assert (page.title, page.accent, page.links, page.language) == ("Garden helper", "#166534", False, "de")
    assert (page.about, page.system_prompt) == ("# Who we are", "Be brief.")
    assert page.questions == ("When do I sow tomatoes?", "What grows in the shade?")
    assert page.icon is not None
    assert page.icon.startswith(b"\x89PNG")
    assert page.settings == {
        "temperature": Preset(0.3, False),
        "max_tokens": Preset(1024, True),
        "system_prompt": Preset("Be brief.", True),
    }
    assert named_files(entries) == [tmp_path / name for name in ("leaf.svg", "about.md", "prompt.txt")]


@pytest.mark.parametrize("table", ["build", "page"])
def test_the_document_has_every_key_that_is_known(tmp_path: Path, table: str) -> None:
    section = DOCUMENT.partition(f"\n## [{table}]\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| `-", section, re.MULTILINE)
    known = refused(tmp_path, f"[{table}]\nzzzz = 1").hint.removeprefix("known are ").split(", ")
    assert rows == [key for key in known if key != "settings"]
    for key in rows:
        assert f"{table}.{key}: expected" in refused(tmp_path, f"[{table}]\n{key} = 1979-05-27").message


def test_the_document_lists_the_settings_as_the_table_has_them() -> None:
    listed = DOCUMENT.partition("<!-- settings -->")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", listed, re.MULTILINE)
    assert rows == [(name, setting.expected) for name, setting in all_settings().items()]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('[page]\ntitel = "x"', "line 2, page.titel: no such key", "did you mean title?"),
        ("[pages]", "line 1, pages: no such table", "did you mean page?"),
        ('title = "x"', "line 1, title: this key belongs to a table", "write it below [page]"),
        ('titel = "x"', "line 1, titel: no such table", "known are build, page"),
        ('[build]\ntargets = ["mars"]', "line 2, build.targets: unknown target 'mars'", "known are linux-x86_64"),
        ('[build]\ntargets = ["linux-x86"]', "build.targets: unknown target 'linux-x86'", "did you mean linux-x86_64?"),
        ('page = "x"', "line 1, page: expected a table, found 'x'", "write [page]"),
        ("[page]\ntitle = 3", "line 2, page.title: expected text, found 3", "quotes"),
        ('[page]\n\ntitle = "a\\u0007b"', "line 3, page.title: found the control character", "remove it from the text"),
        (f'[page]\ntitle = "{"x" * 101}"', "expected at most 100 characters, found 101", "shorten"),
        ('[page]\naccent = "teal"', "page.accent: expected a colour as #rrggbb, found 'teal'", "#008080"),
        ('[page]\naccent = "#abc"', "found '#abc'", "six hexadecimal digits"),
        ('[page]\nquestions = "x"', "page.questions: expected a list of texts", "["),
        ("[page]\nquestions = [1]", "page.questions: expected text, found 1", "quotes"),
        (f"[page]\nquestions = {['q'] * 9}", "expected at most 8 questions, found 9", "remove some"),
        ('[page]\nlinks = "no"', "page.links: expected true or false, found 'no'", "false, without quotes"),
        ('[page]\nlanguage = "dee"', "page.language: expected one of en, de", "did you mean de?"),
        ('[page]\nabout = "@nowhere.md"', "nowhere.md: does not exist", "UTF-8 text file"),
        ('[page]\nicon = "nowhere.svg"', "nowhere.svg: does not exist", "SVG or PNG"),
        ("[page.settings]\ntemperatur = 1", "page.settings.temperatur: the page has no", "did you mean temperature?"),
        ("[page.settings]\ntemperature = 3", "line 2, page.settings.temperature: expected a number from 0 to 2", "c"),
        ("[page.settings]\ntemperature = nan", "expected a number from 0 to 2, found nan", "lists the"),
        ("[page.settings]\ntemperature = true", "expected a number from 0 to 2, found True", "lists the"),
        ("[page.settings]\nmax_tokens = 16.5", "expected a whole number from 16 to 32768, found 16.5", "lists the"),
        ('[page.settings]\ntheme = "blue"', "expected one of light, dark, found 'blue'", "lists the"),
        ("[page.settings]\nthinking = 1", "expected true or false, found 1", "lists the"),
        ("[page.settings]\ntop_p = { valu = 1 }", "page.settings.top_p: no such key: 'valu'", "did you mean value?"),
        ("[page.settings]\ntop_p = { value = 1, locked = 1 }", "locked: expected true or false, found 1", "out quotes"),
        ("[page.settings]\ntop_p = { locked = true }", "there is no value to lock", "--setting top_p="),
        (
            '[page]\nsystem_prompt = "a"\n[page.settings]\nsystem_prompt = "b"',
            "the same value is in [page], as page.system_prompt",
            "keep one",
        ),
        ('[build]\nargs = ["\'"]', "line 2, build.args: No closing quotation", "shell"),
        ("[build]\noutput = true", "build.output: expected text, found True", "quotes"),
        ('[page]\ntitle = "a\n', "the line ends too early (at line 2, column ", "docs/configuration.md"),
        ("[page", "not TOML in UTF-8", "docs/configuration.md"),
    ],
)
def test_mistakes_name_file_line_key_and_advice(tmp_path: Path, text: str, message: str, hint: str) -> None:
    error = refused(tmp_path, text)
    assert error.message.startswith(str(tmp_path))
    assert message in error.message
    assert hint in error.hint


def test_locking_takes_the_file_s_value_or_the_default(tmp_path: Path) -> None:
    below = read_config(write(tmp_path, "[page.settings]\ntemperature = 0.3\ntop_k = 40\n"))
    entries = below | setting_entries(["top_k=20"], ["temperature", "top_k", "thinking"], below)
    assert page_settings(entries).settings == {
        "temperature": Preset(0.3, True), "top_k": Preset(20, True), "thinking": Preset(True, True),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("assignment", "value"),
    [("temperature=0.5", 0.5), ("seed=-1", -1), ("thinking=false", False), ("theme=dark", "dark"), ("top_k=7", 7)],
)
def test_a_setting_on_the_command_line_gets_its_type(assignment: str, value: object) -> None:
    presets = page_settings(setting_entries([assignment], [], {})).settings
    assert presets == {assignment.partition("=")[0]: Preset(value, False)}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("temperature", "expected NAME=VALUE"),
        ("temprature=1", "the page has no setting 'temprature'"),
        ("temperature=warm", "expected a number from 0 to 2, found 'warm'"),
        ("thinking=yes", "expected true or false, found 'yes'"),
        ("seed=1.5", "expected a whole number"),
        ("temperature=9", "expected a number from 0 to 2, found 9"),
    ],
)
def test_a_wrong_setting_on_the_command_line_is_refused(assignment: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        setting_entries([assignment], [], {})


def test_a_refused_icon_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "bad.svg").write_text(SVG.format('\n<image href="/etc/passwd"/>'))
    message = refused(tmp_path, '[page]\nicon = "bad.svg"').message
    assert "mkexe.toml, line 2, page.icon: " in message
    assert "bad.svg, line 2: the external reference href" in message


@pytest.mark.parametrize("value", ["[" * 20_000 + "]" * 20_000, "9" * 5000])
def test_toml_that_cannot_be_read_is_no_defect(tmp_path: Path, value: str) -> None:
    assert "this is not TOML in UTF-8: " in refused(tmp_path, f"[build]\nname = {value}\n").message


def test_a_file_that_is_not_utf_8_is_refused_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"Gr\xfc\xdfe")
    with pytest.raises(UsageError, match="TOML in UTF-8: expected UTF-8, found the byte 0xfc at offset 2"):
        read_config(tmp_path / "latin")
    message = refused(tmp_path, '[page]\nabout = "@latin"\n').message
    assert message.endswith("latin: expected UTF-8, found the byte 0xfc at offset 2")


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.write_bytes(b"x" * (2 << 20))])
def test_a_named_file_is_an_ordinary_one_and_not_endless(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """A pipe would be waited for; a device may have no end."""
    make(tmp_path / "named")
    with pytest.raises(UsageError) as caught:
        read_config(tmp_path / "named")
    assert "named: " in caught.value.message
    for key in ("about", "system_prompt"):
        assert "named: " in refused(tmp_path, f'[page]\n{key} = "@named"\n').message
    assert "named: " in refused(tmp_path, '[page]\nicon = "named"\n').message


def test_a_setting_s_text_steers_no_terminal(tmp_path: Path) -> None:
    said = refused(tmp_path, '[page.settings]\nsystem_prompt = "a\\u001b[2J"\n').message
    assert "without control characters" in said
    with pytest.raises(UsageError):
        setting_entries(["system_prompt=\udcff"], [], {})


@pytest.mark.parametrize("kind", ["dangling link", "folder", "pipe"])
@pytest.mark.parametrize("named", [False, True])
def test_mkexe_toml_that_is_no_file_is_refused_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str, named: bool
) -> None:
    make: dict[str, Callable[[Path], object]] = {
        "dangling link": lambda path: path.symlink_to("nowhere"), "folder": Path.mkdir, "pipe": os.mkfifo,
    }  # fmt: skip
    make[kind](tmp_path / "mkexe.toml")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["build", "m.gguf", *(["--config", "mkexe.toml"] if named else [])]) == 2
    says = {"dangling link": "does not exist", "folder": "is a folder", "pipe": "is not an ordinary file"}
    assert f"error: mkexe.toml: {says[kind]}" in capsys.readouterr().err


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    """Windows' Notepad writes one where "UTF-8 with BOM" is chosen."""
    (tmp_path / "about.md").write_text("\ufeff# Wir\n", "utf-8")
    page = page_settings(read_config(write(tmp_path, '\ufeff[page]\ntitle = "Gärtner"\nabout = "@about.md"')))
    assert (page.title, page.about) == ("Gärtner", "# Wir")
