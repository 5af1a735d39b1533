"""Control groups around one program: what a system or a container allows it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# runs a command that may mount what it likes, seen by nobody else
UNSHARE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")


@contextmanager
def group_of_version_1(controller: str) -> Iterator[Path]:
    """The folder of a group of its own of this controller; without such groups the test is skipped."""
    tree = Path("/sys/fs/cgroup") / controller
    if not os.access(tree / "cgroup.procs", os.W_OK):
        pytest.skip("no control groups of version 1 here, or not for this user")
    group = tree / f"mkexe-test-{os.getpid()}"
    group.mkdir()
    try:
        yield group
    finally:
        group.rmdir()
