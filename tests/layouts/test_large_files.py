"""Layout script where Windows refuses to start a program: the weights of the tiny model behind a hole of gibibytes.

Writer, head, both readers and the mapping must all reach them. The files are sparse; what Windows' side does is run by
Wine's cmd.exe, with the program put where the batch file puts it: Wine has neither PowerShell nor tar.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from conftest import Mkexe
from mkexe.artifact import placement, writer
from mkexe.artifact.contents import Contents
from mkexe.artifact.placement import place_contents
from mkexe.artifact.reader import open_artifact
from mkexe.base.reporter import UNWATCHED
from mkexe.layouts.names import SCRIPT
from mkexe.layouts.opening import open_package
from mkexe.layouts.parts import read_parts
from mkexe.layouts.registry import LAYOUTS
from mkexe.page.branding import Branding
from support.asking import ASK, PARIS
from support.needs import need
from support.running import run_to_end
from support.wine import WinePrefix

GIB = 1 << 30
# what may stand in a path on Windows and means something to cmd.exe. No %, which Wine's cmd.exe expands a second time.
STRANGE_NAME = "sp ace ü !x! 'q' (1) & ^"


def write_with_hole(source: Path, out: Path, hole: int, folder: Path) -> None:
    """The artifact in layout script, its weights and all that comes behind them `hole` bytes later."""
    manifest = open_artifact(source).manifest
    held = tuple(record.target for record in manifest.runtimes)
    held_parts = read_parts(open_package(source, folder), held, folder, programs=False)
    contents = Contents(
        name=manifest.name, shape=LAYOUTS[SCRIPT].shape(()), models=held_parts.models, runtimes=held_parts.runtimes,
        packs=held_parts.packs, files=held_parts.files, page=Branding(manifest.page["title"]), default_args=(),
        created=placement.parse_time(manifest.created), has_sbom=False,
    )  # fmt: skip
    placed = place_contents(contents)
    moved = dataclasses.replace(
        placed,
        parts={name: offset + hole for name, offset in placed.parts.items()},
        files={name: offset + hole for name, offset in placed.files.items()},
        end=placed.end + hole,
    )
    with out.open("w+b") as file:
        writer.write_artifact(contents, moved, file, UNWATCHED)
    out.chmod(0o755)


@pytest.fixture(scope="module", params=[5, 40], ids=["5 GiB", "40 GiB"])
def large(request: pytest.FixtureRequest, artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact with a hole of so many GiB, in a folder with a strange name."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "parts").mkdir()
    (folder / STRANGE_NAME).mkdir()
    out = folder / STRANGE_NAME / "tiny.cmd"
    write_with_hole(artifact, out, request.param * GIB, folder / "parts")
    assert out.stat().st_size > request.param * GIB
    return out


def test_the_kernel_starts_it_and_it_answers(large: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(large.parent)}
    done = subprocess.run([large, *ASK], env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, PARIS + "\n"), done.stderr
    assert "Apache License" in run_to_end([str(large), "licenses"]).stdout  # they lie behind the weights


def test_both_readers_find_it_good(real_mkexe: Mkexe, large: Path) -> None:
    assert "tiny" in real_mkexe("inspect", large).stdout
    assert run_to_end([str(large), "verify"]).returncode == 0


def test_bsdtar_takes_the_windows_program_out(large: Path, tmp_path: Path) -> None:
    """Windows' tar is bsdtar."""
    need("bsdtar")
    entry = "runtimes/windows-x86_64.exe"
    subprocess.run(["bsdtar", "-xf", large, "-C", tmp_path, entry], check=True, timeout=120)
    with large.open("rb") as file:
        record = next(item.range for item in open_artifact(large).manifest.runtimes if item.range.entry == entry)
        file.seek(record.offset)
        assert (tmp_path / entry).read_bytes() == file.read(record.size)


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "cannot be stored"])
def test_the_batch_file_starts_the_program_with_its_own_path(
    large: Path, wine_prefix: WinePrefix, tmp_path: Path, stored: bool
) -> None:
    """Under Wine: not Windows itself."""
    prefix = wine_prefix.copy(tmp_path / "prefix")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "WINEPREFIX": str(prefix), "WINEDEBUG": "-all",
        "LC_ALL": "C.UTF-8",  # else Wine finds no folder whose name is not ASCII
    }  # fmt: skip
    [user] = [folder for folder in (prefix / "drive_c/users").iterdir() if folder.name != "Public"]
    if stored:
        record = next(item for item in open_artifact(large).manifest.runtimes if item.target == "windows-x86_64")
        program = user / "AppData/Local/mkexe/run" / f"{record.unpacked_sha256[:16]}.exe"
        program.parent.mkdir(parents=True)
        with large.open("rb") as file:
            file.seek(record.range.offset)
            program.write_bytes(file.read(record.range.size))
    done = _wine("cmd", "/c", large.name, *ASK, environment=environment, cwd=large.parent)
    if stored:
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, PARIS), done.stderr
    else:
        assert done.returncode == 13
        assert "AppData\\Local\\mkexe\\run" in done.stderr
        assert "copy this file again if it is cut off" in done.stderr


def _wine(*words: str, environment: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["wine", *words], env=environment, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", timeout=300,
    )  # fmt: skip
