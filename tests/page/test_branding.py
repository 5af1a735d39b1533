"""What mkexe.toml and the page's flags make of a built file, and the check of its default options."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY_MODEL, Finished, Mkexe
from mkexe.artifact.reader import open_artifact
from mkexe.page.icon import to_png
from support.pictures import one_pixel_png
from support.small_models import write_small_model

ICON = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h8v8z"/></svg>'
# drawn once; with a query of its own: browsers keep files for good, and all built files share an address
DRAWN = to_png(ICON.encode(), "leaf.svg")
ICON_ADDRESS = f"favicon.png?v={hashlib.sha256(DRAWN).hexdigest()[:12]}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model, and mkexe.toml beside it."""
    path = tmp_path / "project"
    path.mkdir()
    write_small_model(path / "small.gguf")
    (path / "mkexe.toml").write_text(
        '[build]\noutput = "garden"\ntargets = ["linux-x86_64"]\nname = "garden"\n'
        '[page]\ntitle = "Garden"\nicon = "leaf.svg"\nquestions = ["When?"]\nsystem_prompt = "@prompt.txt"\n'
        "[page.settings]\ntemperature = 0.3\n"
    )
    (path / "leaf.svg").write_text(ICON)
    (path / "prompt.txt").write_text("Be brief.\n")
    return path


def build_in(mkexe: Mkexe, cwd: Path, *arguments: str) -> Finished:
    command = [sys.executable, "-m", "mkexe", "build", *arguments]
    done = subprocess.run(command, env=mkexe.environment, cwd=cwd, capture_output=True, text=True)
    return Finished(done.returncode, done.stdout, done.stderr)


def settings_of(artifact: Path) -> dict[str, Any]:
    with zipfile.ZipFile(artifact) as archive:
        settings: dict[str, Any] = json.loads(archive.read("page/build.json"))
    return settings


def test_without_settings_the_page_gets_three_names(mkexe: Mkexe, tmp_path: Path) -> None:
    model = write_small_model(tmp_path / "small.gguf")
    mkexe("build", model, "-o", tmp_path / "out", "--target", "linux-x86_64")
    assert settings_of(tmp_path / "out") == {"title": "small", "system_prompt": "", "model_name": "small"}


def test_the_file_in_the_current_folder_is_read_and_that_is_said(mkexe: Mkexe, folder: Path) -> None:
    done = build_in(mkexe, folder, "small.gguf")
    assert done.status == 0, done.stderr
    assert f"settings from {folder / 'mkexe.toml'}" in done.stderr
    artifact = folder / "garden"
    assert settings_of(artifact) == {
        "title": "Garden", "system_prompt": "Be brief.", "model_name": "small", "questions": ["When?"],
        "settings": {"temperature": {"value": 0.3, "locked": False}}, "icon": ICON_ADDRESS,
    }  # fmt: skip
    manifest = open_artifact(artifact).manifest
    assert (manifest.name, manifest.page) == ("garden", {"title": "Garden", "system_prompt": "Be brief."})
    mkexe("extract", artifact, "-C", folder / "taken")
    taken = [path for path in (folder / "taken/page").iterdir() if path.name.startswith("favicon")]
    assert [(path.name, path.read_bytes()) for path in taken] == [("favicon.png", DRAWN)]


def test_flags_win_and_paths_of_the_file_are_relative_to_it(mkexe: Mkexe, folder: Path, tmp_path: Path) -> None:
    done = build_in(
        mkexe, tmp_path, str(folder / "small.gguf"), "--config", "project/mkexe.toml", "-o", "mine",
        "--title", "Mine", "--question", "A?", "--question", "B?", "--accent", "#AABBCC", "--greeting", "Hello",
        "--footer", "F", "--about", "A", "--no-links", "--language", "ar", "--setting", "top_k=3",
        "--lock", "temperature",
    )  # fmt: skip
    assert done.status == 0, done.stderr
    assert settings_of(tmp_path / "mine") == {
        "title": "Mine", "system_prompt": "Be brief.", "model_name": "small", "accent": "#aabbcc", "greeting": "Hello",
        "questions": ["A?", "B?"], "footer": "F", "about": "A", "links": False, "language": "ar",
        "settings": {"temperature": {"value": 0.3, "locked": True}, "top_k": {"value": 3, "locked": False}},
        "icon": ICON_ADDRESS,
    }  # fmt: skip


def test_a_png_replaces_the_page_s_icon_and_index_shows_it(mkexe: Mkexe, tmp_path: Path) -> None:
    (tmp_path / "icon.png").write_bytes(one_pixel_png())
    model = write_small_model(tmp_path / "small.gguf")
    mkexe("build", model, "-o", tmp_path / "out", "--target", "linux-x86_64", "--icon", tmp_path / "icon.png")
    assert settings_of(tmp_path / "out")["icon"] == f"favicon.png?v={hashlib.sha256(one_pixel_png()).hexdigest()[:12]}"
    with zipfile.ZipFile(tmp_path / "out") as archive:
        index = archive.read("page/index.html").decode()
        assert archive.read("page/favicon.png") == one_pixel_png()
        assert [name for name in archive.namelist() if "favicon" in name] == ["page/favicon.png"]
    assert 'href="favicon.png?v=' in index
    assert 'type="image/png"' in index
    assert "favicon.svg" not in index


def test_a_wrong_key_is_refused_before_anything_is_written(mkexe: Mkexe, folder: Path) -> None:
    (folder / "mkexe.toml").write_text('[page]\ntitel = "x"\n')
    done = build_in(mkexe, folder, "small.gguf")
    assert done.status == 2
    assert "mkexe.toml, line 2, page.titel: no such key" in done.stderr
    assert "hint: did you mean title?" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["leaf.svg", "mkexe.toml", "prompt.txt", "small.gguf"]


def test_default_options_that_could_not_be_checked_are_said(mkexe: Mkexe, tmp_path: Path) -> None:
    model = write_small_model(tmp_path / "small.gguf")
    done = mkexe("build", model, "-o", tmp_path / "out", "--target", "linux-x86_64", "--arg", "--anything 1")
    assert "mkexe did not check the default options" in done.stderr


@pytest.mark.usefixtures("runtimes")
@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("--no-such-option", "llama.cpp's server has no option --no-such-option", "hint: "),
        ("--ctxsize 8", "llama.cpp's server has no option --ctxsize", "did you mean --ctx-size?"),
        ("--portabel", "llama.cpp's server has no option --portabel", "did you mean --portable?"),
        ("--ctx-size=8", "has no option --ctx-size=8", "write it with a space: --ctx-size 8"),
        ("--ctx-size many", '--ctx-size: expected 0, or 32 to 2147483647, found "many".', "--help-server"),
        ("-t 0", '-t: expected -1, or 1 to 512, found "0".', "--help-server"),
        ("--exit-when-idle soon", "expected a number of minutes above 0", "--help-server"),
        ("8192", "llama.cpp's server has no option 8192", "options begin with a dash"),
        ("--version", "default options: --version prints something and ends", "leave it out"),
    ],
)
def test_wrong_default_options_are_refused(
    real_mkexe: Mkexe, tmp_path: Path, written: str, message: str, hint: str
) -> None:
    out = tmp_path / "out"
    failed = real_mkexe("build", TINY_MODEL, "-o", out, "--target", "host", "--arg", written, status=2)
    assert message in failed.stderr
    assert hint in failed.stderr
    assert not out.exists()


@pytest.mark.usefixtures("runtimes")
def test_right_default_options_are_taken_and_a_missing_file_is_only_said(real_mkexe: Mkexe, tmp_path: Path) -> None:
    arguments = ("--arg", "-c 256 --temp 0.3 --portable --api-key-file /nowhere/key")
    done = real_mkexe("build", TINY_MODEL, "-o", tmp_path / "out", "--target", "host", *arguments)
    assert "need a file that is not here; it must be where the built file runs: /nowhere/key" in done.stderr
    done = real_mkexe("build", TINY_MODEL, "-o", tmp_path / "out", "--target", "host", *arguments[:1], "-c 256")
    assert "mkexe did not" not in done.stderr
    assert "file that is not here" not in done.stderr
