"""Audit a macOS program if there is no Mac to start it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mkexe.artifact.reader import Artifact, unpack_runtime
from mkexe.boot.result import AUDITED, FAILED, BootResult
from mkexe.boot.starter import find_record

if TYPE_CHECKING:
    from mkexe.runtimes.audit import AuditReport


def audit_program(artifact: Artifact, target: str) -> BootResult:
    """Check the load commands, libraries and signature of the program for a target."""
    from mkexe.runtimes.audit import audit_runtime  # LIEF comes with it: slow to import

    record = find_record(artifact, target)
    with artifact.path.open("rb") as file:
        image = b"".join(unpack_runtime(file, artifact, record))
    report = audit_runtime(target, image)
    verdict = FAILED if report.findings else AUDITED
    detail = "; ".join(report.findings) or _facts_of(report)
    return BootResult(target, "load commands, libraries, signature", verdict, detail, 0.0)


def _facts_of(report: AuditReport) -> str:
    facts = report.facts
    libraries = " ".join(str(name) for name in facts.get("libraries", ()))  # type: ignore[attr-defined]
    signature = ", every page of its signature checked" if facts.get("signed") else ""
    return f"libraries {libraries or 'none'}, minimum {facts.get('minimum_os', 'none')}{signature}"
