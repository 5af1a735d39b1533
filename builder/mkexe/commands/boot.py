"""Start a built file in every way there is here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mkexe.artifact.reader import open_artifact
from mkexe.boot import boot
from mkexe.runtimes import targets


def boot_file(
    path: Path,
    wanted: list[str],
    question: boot.Question,
    timeout_s: float,
    report: Callable[[boot.BootResult], None],
) -> list[boot.BootResult]:
    """Start an artifact in every way there is here, and audit what cannot be started."""
    from mkexe.runtimes import audit  # LIEF comes with it: slow to import

    def audit_image(target: str, image: bytes) -> tuple[tuple[str, ...], str]:
        found = audit.audit_runtime(target, image)
        facts = found.facts
        libraries = " ".join(str(name) for name in facts.get("libraries", ()))  # type: ignore[attr-defined]
        signature = ", every page of its signature recomputed" if facts.get("signed") else ""
        return found.findings, f"libraries {libraries or 'none'}, minimum {facts.get('minimum_os', 'none')}{signature}"

    artifact = open_artifact(path.absolute())
    return boot.boot_artifact(artifact, targets.choose_targets(wanted), question, timeout_s, audit_image, report)
