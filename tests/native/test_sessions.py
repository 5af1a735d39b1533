"""Two servers in one process, one after the other: what a session owns ends with it (runtime/server/session.h)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from mkexe.base.reporter import UNWATCHED
from mkexe.runtimes import build_tree, targets
from support.running import environment_of


def test_one_process_serves_twice(artifact: Path, runtimes: dict[str, Path], tmp_path: Path) -> None:
    target = targets.all_targets()[targets.host_target()]
    assert target.name in runtimes
    doctest = Path("/usr/include/doctest")
    program = build_tree.build_tests(target, "mkexe-two-sessions", doctest, UNWATCHED)
    done = subprocess.run(
        [program, artifact], env=environment_of(tmp_path), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    for found, prefix in ((first, "/first/"), (second, "/second/")):
        assert found["status"] == 0, done.stderr
        assert found["address"].endswith(prefix)
        assert [name for name in found["events"] if name != "loading"] == ["listening", "ready", "stopping"]
    assert first["answer"] == second["answer"] != ""
    assert first["token"] != second["token"] != ""
    assert done.stderr.count("Ready.\n") == 2
