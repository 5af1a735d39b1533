"""Test a model and its default options with this machine's runtime before anything is written."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mkexe.artifact import placement, writer
from mkexe.artifact.contents import Contents
from mkexe.base.reporter import UNWATCHED, Reporter
from mkexe.layouts.names import SCRIPT
from mkexe.layouts.registry import LAYOUTS
from mkexe.models.model_set import PROJECTOR_ROLE, TEXT_ROLE, Model, ModelFile, ModelSet
from mkexe.page.branding import Branding
from mkexe.runtimes.obtain import get_runtime
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.store import host_runtime
from mkexe.runtimes.targets import Target, host_name
from mkexe.trial import default_options, model_check

if TYPE_CHECKING:
    from mkexe.models.gguf.check import ModelFiles


@dataclass(frozen=True)
class Trial:
    """The tests with this machine's runtime. They do not depend on the targets of the file."""

    checked: ModelFiles
    models: ModelSet
    default_args: tuple[str, ...]


def tried_runtimes(chosen: tuple[Target, ...], trial: Trial, reporter: Reporter) -> tuple[tuple[Target, Runtime], ...]:
    """The runtimes of `chosen`; tests the model before it compiles for other systems, which takes minutes."""
    tried = try_model(trial, reporter)
    if not tried:
        for target in chosen:
            if target.name == host_name():
                get_runtime(target, reporter)
        tried = try_model(trial, reporter)
    if not tried:
        say_untried(trial.default_args, reporter)
    return tuple((target, get_runtime(target, reporter)) for target in chosen)


def say_untried(default_args: tuple[str, ...], reporter: Reporter) -> None:
    """Report that nothing was tested, and why."""
    name = host_name()
    why = (
        "the runtime for this machine is not compiled (mkexe runtime build)"
        if name
        else "no runtime runs on this machine"
    )
    if default_args:
        reporter.say(f"mkexe did not check the default options: {why}")
    reporter.say(f"mkexe did not test the model: {why}")


def try_model(trial: Trial, reporter: Reporter) -> bool:
    """Check the default options and the model with this machine's runtime; raises an error if it cannot use them.

    Returns False if there is no such runtime.
    """
    runtime = host_runtime()
    if runtime is None:
        return False
    if trial.default_args:
        _check_options(trial.default_args, runtime, reporter)
    projector = trial.models.find(PROJECTOR_ROLE)
    question = model_check.Question(
        model=trial.checked.parts[0],
        projector=None if projector is None else projector.files[0].path,
        context_length=trial.checked.header.context_length,
        size_bytes=trial.checked.size_bytes,
        default_args=trial.default_args,
    )
    unchecked = model_check.check_model(question, runtime)
    if unchecked:
        reporter.say(unchecked)
    return True


def _check_options(arguments: tuple[str, ...], runtime: Runtime, reporter: Reporter) -> None:
    with tempfile.TemporaryDirectory(prefix="mkexe-options-") as name:
        artifact = Path(name) / "artifact"
        _write_empty_artifact(artifact)
        unchecked = default_options.check_options(arguments, runtime, artifact)
    if unchecked:
        reporter.say(unchecked)


def _write_empty_artifact(path: Path) -> None:
    """An artifact without programs and weights: a runtime needs one to check options."""
    weights = path.with_suffix(".gguf")
    weights.write_bytes(b"GGUF")
    file = ModelFile(weights, "models/empty.gguf", weights.stat().st_size)
    models = ModelSet((Model(TEXT_ROLE, "empty", "none", "", (file,)),))
    shape = LAYOUTS[SCRIPT].shape(())
    contents = Contents("empty", shape, models, (), (), {}, Branding("empty"), (), 0, has_sbom=False)
    with path.open("w+b") as output:
        writer.write_artifact(contents, placement.place_contents(contents), output, UNWATCHED)
