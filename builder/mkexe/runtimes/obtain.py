"""Get the runtime for a target, and find the target of this machine."""

from __future__ import annotations

from mkexe.base.reporter import Reporter
from mkexe.errors import AuditError, UsageError
from mkexe.runtimes import build_tree, targets
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes.runtime import Runtime
from mkexe.runtimes.targets import Target


def get_runtime(target: Target, reporter: Reporter) -> Runtime:
    """The runtime for a target: bundled, cached, or compiled and audited now, with a progress bar."""
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


def host_runtime() -> Runtime | None:
    """This machine's runtime, if it is compiled or bundled."""
    name = host_name()
    return runtime_store.find_runtime(targets.all_targets()[name]) if name else None


def host_name() -> str:
    """The target of this machine; empty if mkexe has no target for it."""
    try:
        return targets.host_target()
    except UsageError:
        return ""
