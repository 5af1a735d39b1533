"""Get the runtime for a target."""

from __future__ import annotations

from mkexe.base.reporter import Reporter
from mkexe.errors import AuditError
from mkexe.runtimes import build_tree
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target


def get_runtime(target: Target, reporter: Reporter) -> Runtime:
    """Return the runtime for a target: bundled, from the cache, or compiled and audited now with a progress bar."""
    found = runtime_store.find_runtime(target)
    if found is not None:
        return found
    from mkexe.runtimes import audit  # LIEF comes with it: slow to import

    with reporter.steps_progress(f"compiling {target.name}") as progress:
        runtime = build_tree.compile_runtime(target, progress)
    report = audit.audit_runtime(target.name, runtime.path.read_bytes())
    if report.findings:
        runtime_store.discard_runtime(runtime)
        raise AuditError(f"{target.name}: " + "; ".join(report.findings), "this is a defect of mkexe: please report it")
    return runtime
