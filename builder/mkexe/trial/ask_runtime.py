"""Start this machine's runtime with a question that it answers by what it prints and by its exit status."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mkexe.base import process
from mkexe.runtimes.runtime import Runtime


def ask_runtime(
    runtime: Runtime, words: list[str | Path], lines: list[str], timeout_s: float, **variables: str
) -> None:
    """Run `runtime` with these arguments; `lines` gets what it prints, and `variables` are in its environment.

    It has a home of its own, because a start leaves locks and logs. Raises OSError where it cannot be started, and
    ProcessFailed where it fails or takes longer.
    """
    with tempfile.TemporaryDirectory(prefix="mkexe-trial-") as home:
        environment = process.base_environment(HOME=home, LOCALAPPDATA=home, GGML_NO_BACKTRACE="1", **variables)
        process.run([runtime.path, *words], log_path=Path(home) / "log", env=environment, cwd=Path(home),
                    timeout_s=timeout_s, on_line=lines.append)  # fmt: skip
