"""Get the programs for a target."""

from __future__ import annotations

from pathlib import Path

from mkexe.base import atomic_files
from mkexe.base.reporter import Reporter
from mkexe.commands.page_folder import page_folder
from mkexe.errors import AuditError
from mkexe.runtimes import build as runtime_build
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes.records import Runtime, Target


def get_runtime(target: Target, reporter: Reporter) -> Runtime:
    """The runtime for a target: bundled, cached, or compiled and audited now, with a progress bar."""
    found = runtime_store.find_runtime(target)
    if found is not None:
        return found
    from mkexe.runtimes import audit  # LIEF comes with it: slow to import

    with reporter.steps_progress(f"compiling {target.name}") as progress:
        runtime = runtime_build.compile_runtime(target, progress)
    report = audit.audit_runtime(target.name, runtime.path.read_bytes())
    if report.findings:
        runtime_store.discard_runtime(runtime)
        raise AuditError(f"{target.name}: " + "; ".join(report.findings), "this is a defect of mkexe: please report it")
    return runtime


def copy_for_bundling(runtime: Runtime, folder: Path, reporter: Reporter) -> None:
    """Copy a runtime to `folder`/runtimes/TARGET and the page to `folder`/page, as a wheel contains them."""
    atomic_files.copy_folder(runtime.path.parent, folder / "runtimes" / runtime.target)
    atomic_files.copy_folder(page_folder(reporter), folder / "page")
