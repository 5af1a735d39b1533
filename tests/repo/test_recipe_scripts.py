"""The scripts of the release recipe's Linux jobs, run as GitHub's runner does; its other jobs need other systems."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from mkexe.boot.every_way import find_starters
from mkexe.boot.result import AUDITED, BOOTED
from mkexe.runtimes import targets
from support.asking import FRANCE, PARIS
from support.needs import need
from support.recipe_steps import find_step, run_step, write_tool

HERE = "linux-x86_64"


def test_what_the_recipe_builds_starts_by_its_own_steps(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    need("jq", "zsh", "mksh", "busybox", "dash")
    (tmp_path / "tools").mkdir()
    write_tool(tmp_path / "tools", "mkexe", f'exec "{sys.executable}" -m mkexe "$@"')
    variables = real_mkexe.environment | {
        "NAME": "tiny", "MODEL": str(TINY_MODEL), "QUESTION": FRANCE, "ANSWER": PARIS,
        "TARGET": HERE, "PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}",
    }  # fmt: skip
    for name in ("Get the model", "Build", "Audit"):
        run_step(find_step("build", name), tmp_path, tmp_path / "tools", **variables)
    audited = json.loads((tmp_path / "report/audited.json").read_text())
    assert [row["verdict"] for row in audited] == [AUDITED] * 2
    shutil.rmtree(tmp_path / "report")
    for name in ("Boot", "Start it without Python"):
        run_step(find_step("linux", name), tmp_path, tmp_path / "tools", **variables)
    for file, ways in (("tiny.exe", 6), ("tiny.cmd", 6), (f"tiny-{HERE}", 1)):
        rows = json.loads((tmp_path / f"report/{file}.json").read_text())
        assert [(row["target"], row["verdict"], row["detail"]) for row in rows] == [(HERE, BOOTED, PARIS)] * ways


def test_a_wrong_answer_fails_the_job(real_mkexe: Mkexe, artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    for name in ("tiny.exe", "tiny.cmd", f"tiny-{HERE}"):
        shutil.copy(artifact, tmp_path / "dist" / name)
    variables = {"NAME": "tiny", "QUESTION": FRANCE, "ANSWER": "Lyon.", "TARGET": HERE}
    with pytest.raises(AssertionError, match="Start it without Python"):
        run_step(find_step("linux", "Start it without Python"), tmp_path, tmp_path, **variables)


def test_boot_knows_what_this_machine_is(real_mkexe: Mkexe, artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Mac its own program would be started, and on an Arm machine the other one emulated."""
    from mkexe.artifact.reader import open_artifact

    opened = open_artifact(artifact)
    monkeypatch.setattr(targets, "host_target", lambda: "macos-aarch64")
    ways = [starter.how for starter in find_starters(opened, "macos-aarch64", "Darwin")]
    assert ways == ["sh (this machine)", "bash (this machine)", "dash (this machine)", "zsh (this machine)"]
    monkeypatch.setattr(targets, "host_target", lambda: "linux-aarch64")
    assert [starter.how for starter in find_starters(opened, "linux-x86_64", "Linux")] == [
        "qemu-x86_64-static (emulated)"
    ]
    assert len(find_starters(opened, "linux-aarch64", "Linux")) == 6
