"""dist-recipes: what a person copies is what the templates give, GitHub and mkexe understand it, and it is careful.

The workflow itself cannot be run here; tests/repo/test_recipe_scripts.py runs the scripts of its Linux jobs.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from conftest import ROOT
from mkexe import cli
from mkexe.cli.parser import Command
from mkexe.layouts import names
from mkexe.runtimes import targets
from support.needs import need
from support.powershell import syntax_errors
from support.recipe_steps import RECIPE, Step, find_step, read_recipe, read_steps, run_step, write_tool

TEMPLATES = ROOT / "templates" / "recipes"
STEPS = list(read_steps())


def test_the_recipes_are_what_the_templates_give(tmp_path: Path) -> None:
    subprocess.run([sys.executable, RECIPE.with_name("render.py"), tmp_path], check=True)
    rendered = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert rendered.keys() == {path.stem for path in TEMPLATES.glob("*.j2")}
    present = {path.name: path.read_text("utf-8") for path in RECIPE.parent.glob("*.yml")}
    assert present == rendered, "write them again: python dist-recipes/render.py"


def test_it_has_the_form_of_a_workflow() -> None:
    words = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(RECIPE)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_auditor_of_workflows_finds_nothing() -> None:
    """Expressions that a person's words could turn into scripts, rights that are too wide, actions without a commit."""
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run([zizmor, "--offline", "--no-progress", RECIPE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step.shell == "bash"], ids=lambda step: f"{step.job}: {step.name}"
)
def test_its_scripts_pass_shellcheck(step: Step) -> None:
    need("shellcheck")
    text = "set -eo pipefail\n" + step.script
    done = subprocess.run(["shellcheck", "-s", "bash", "-"], input=text, capture_output=True, text=True)
    assert done.stdout == ""


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step.shell == "pwsh"], ids=lambda step: f"{step.job}: {step.name}"
)
def test_its_scripts_for_powershell_can_be_parsed(step: Step) -> None:
    assert syntax_errors(step.script) == []
    assert syntax_errors(step.script + "\nif ($true) {") != []


def test_every_target_has_a_machine_of_its_own() -> None:
    jobs = read_recipe()["jobs"].values()
    rows = [row for job in jobs if "strategy" in job for row in job["strategy"]["matrix"]["include"]]
    assert sorted(rows, key=lambda row: str(row["target"])) == [
        {"target": name, "runner": target.runner} for name, target in sorted(targets.all_targets().items())
    ]


def test_nothing_is_released_that_was_not_started_everywhere() -> None:
    jobs = read_recipe()["jobs"]
    assert set(jobs["draft"]["needs"]) == set(jobs) - {"draft"}
    assert not any("continue-on-error" in row for job in jobs.values() for row in (job, *job["steps"]))


@pytest.mark.parametrize(
    "step",
    [step for step in STEPS if re.search(r"^\s*mkexe ", step.script, re.MULTILINE)],
    ids=lambda step: f"{step.job}: {step.name}",
)
def test_mkexe_accepts_every_command_in_it(step: Step, tmp_path: Path) -> None:
    """The script runs with an `mkexe` that only writes down its arguments."""
    commands = recorded_commands(step, tmp_path)
    assert len(commands) >= len(re.findall(r"\bmkexe (?!build )", step.script))
    for words in commands:
        options = parse(words)
        check_names(options)


def test_every_layout_and_target_is_built(tmp_path: Path) -> None:
    commands = recorded_commands(find_step("build", "Build"), tmp_path)
    built = [parse(words) for words in commands if words[0] == "build"]
    assert {options.layout for options in built} == set(names.CHOICES) - {names.AUTO, names.PAIR}
    assert all(options.json and options.sha256 for options in built)
    native = {options.target[0] for options in built if options.layout == names.NATIVE}
    assert native == {name for name, row in targets.all_targets().items() if row.system == targets.LINUX}


def parse(words: list[str]) -> SimpleNamespace:
    """The options that a command gets; it does not run."""
    options: dict[str, Any] = {}
    with mock.patch.object(Command, "invoke", lambda _, context: options.update(context.params)):
        assert cli.main(words) == 0
    return SimpleNamespace(**options)


def recorded_commands(step: Step, folder: Path) -> list[list[str]]:
    tools = folder / "tools"
    tools.mkdir()
    write_tool(tools, "mkexe", f'for word; do printf "%s\\0" "$word"; done >>"{folder}/words"; echo >>"{folder}/words"')
    for name in ("chmod", "jq", "sha256sum", "shasum"):
        write_tool(tools, name, "exit 0")
    work = folder / "work"
    work.mkdir()
    for name in ("dist", "report"):
        if not re.search(rf"^mkdir .*\b{name}\b", step.script, re.MULTILINE):
            (work / name).mkdir()
    target = next(iter(targets.all_targets()))
    run_step(step, work, tools, NAME="tiny", QUESTION="What is it?", ANSWER="It is --good.", TARGET=target)
    return [line.split("\0")[:-1] for line in (folder / "words").read_text().splitlines()]


def check_names(options: SimpleNamespace) -> None:
    """Names that the command line lets pass."""
    named = (getattr(options, "target", None) or []) + (getattr(options, "on", None) or [])
    assert set(named) <= {*targets.all_targets(), "all"}
    assert getattr(options, "layout", names.AUTO) in names.CHOICES


def test_the_cache_s_key_is_found_out(tmp_path: Path) -> None:
    write_tool(tmp_path, "python", f'exec "{sys.executable}" "$@"')
    step = find_step("build", "Find out what the runtimes are made of")
    run_step(step, tmp_path, tmp_path, GITHUB_OUTPUT=str(tmp_path / "output"), PYTHONPATH=str(ROOT / "builder"))
    assert re.fullmatch(r"key=[0-9a-f]{16,}\n", (tmp_path / "output").read_text())


@pytest.mark.parametrize("found", ["git", "a path", "its own name"])
def test_the_model_is_where_it_is_looked_for(tmp_path: Path, found: str) -> None:
    (tmp_path / "some").mkdir()
    for name in ("some/where.gguf", "tiny.gguf"):
        (tmp_path / name).write_text(name)
    write_tool(tmp_path, "curl", 'for word; do last=$word; done; printf "%s" "$last" >"$NAME.gguf"')
    model = {"git": "https://example.org/a.gguf", "a path": "some/where.gguf", "its own name": "tiny.gguf"}[found]
    run_step(find_step("build", "Get the model"), tmp_path, tmp_path, NAME="tiny", MODEL=model)
    assert (tmp_path / "tiny.gguf").read_text() == model
