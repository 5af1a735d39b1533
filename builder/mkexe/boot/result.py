"""The result of one start."""

from __future__ import annotations

from dataclasses import dataclass

BOOTED, AUDITED, NOT_RUN, FAILED = "booted", "audited", "not run", "failed"


@dataclass(frozen=True)
class BootResult:
    """The result of one start: `verdict` is one of the constants above, `detail` is the answer or the reason."""

    target: str
    how: str
    verdict: str
    detail: str
    seconds: float
