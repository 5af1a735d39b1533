"""The steps of dist-recipes/github-release.yml, for tests that look at their scripts or run them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from conftest import ROOT

RECIPE = ROOT / "dist-recipes" / "github-release.yml"
# what GitHub's `shell: bash` is (GitHub's "Workflow syntax", "Supported shells")
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")


@dataclass(frozen=True)
class Step:
    """A step with a script."""

    job: str
    name: str
    shell: str
    script: str


def read_recipe() -> dict[str, Any]:
    recipe = yaml.safe_load(RECIPE.read_text("utf-8"))
    assert isinstance(recipe, dict)
    return recipe


def read_steps() -> Iterator[Step]:
    recipe = read_recipe()
    for job, row in recipe["jobs"].items():
        shell = row.get("defaults", recipe["defaults"])["run"]["shell"]
        for step in row["steps"]:
            if "run" in step:
                yield Step(job, step["name"], shell, step["run"])


def find_step(job: str, name: str) -> Step:
    [found] = [step for step in read_steps() if (step.job, step.name) == (job, name)]
    return found


def run_step(step: Step, folder: Path, tools: Path, **variables: str) -> None:
    """Run it in `folder` as GitHub's runner does; programs in `tools` come before those of this machine."""
    assert step.shell == "bash"
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), **variables}
    done = subprocess.run(
        [*BASH, step.script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, f"{step.job}, {step.name}:\n{done.stdout}{done.stderr}"


def write_tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
