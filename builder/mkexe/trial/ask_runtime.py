"""Start this machine's runtime with a question. The answer is its output and its exit status."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mkexe.base import process
from mkexe.runtimes.runtime import Runtime


def ask_runtime(
    runtime: Runtime, words: list[str | Path], lines: list[str], timeout_s: float, **variables: str
) -> None:
    """Run `runtime` with these arguments. `lines` gets its output; `variables` are added to its environment.

    It gets a temporary home folder, because a start leaves locks and logs. Raises OSError if it cannot be started, and
    ProcessFailed if it fails or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="mkexe-trial-") as home:
        environment = process.base_environment(HOME=home, LOCALAPPDATA=home, GGML_NO_BACKTRACE="1", **variables)
        process.run([runtime.path, *words], log_path=Path(home) / "log", env=environment, cwd=Path(home),
                    timeout_s=timeout_s, on_line=lines.append)  # fmt: skip
