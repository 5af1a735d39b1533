"""Where a program for a target comes from, and that none is taken which breaks a rule of its target."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkexe.errors import AuditError
from mkexe.runtimes import build_tree, obtain, store, targets
from mkexe.runtimes.runtime import Runtime
from support.executables import Elf
from support.listener import Listener

TARGET = targets.all_targets()["linux-x86_64"]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
    """What the compiler makes where the cache holds nothing."""
    runtime = Runtime(TARGET.name, tmp_path / "runtime/program", None, "", 1, {})
    runtime.path.parent.mkdir()
    monkeypatch.setattr(store, "find_runtime", lambda _: None)
    monkeypatch.setattr(build_tree, "compile_runtime", lambda *_: runtime)
    return runtime


def test_a_good_program_is_taken(compiled: Runtime) -> None:
    compiled.path.write_bytes(Elf().build())
    listener = Listener()
    assert obtain.get_runtime(TARGET, listener) is compiled
    assert [work.title for work in listener.works] == ["compiling linux-x86_64"]


def test_a_program_that_breaks_rules_is_discarded_and_every_finding_is_named(compiled: Runtime) -> None:
    compiled.path.write_bytes(Elf(machine=183, stack=None).build())
    with pytest.raises(AuditError, match="linux-x86_64: ") as caught:
        obtain.get_runtime(TARGET, Listener())
    assert "machine: expected" in caught.value.message
    assert "stack" in caught.value.message
    assert caught.value.hint
    assert not compiled.path.parent.exists()
