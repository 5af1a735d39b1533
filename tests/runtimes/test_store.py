"""Compiled runtimes are found again under the key of the sources that they were compiled from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mkexe.base import resources
from mkexe.base.reporter import UNWATCHED
from mkexe.runtimes import build_tree, store, targets


def test_sources_that_change_while_they_are_compiled_are_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first compilation reads a file before it is edited. Its result must not stand for the edited file."""
    target = targets.all_targets()["linux-x86_64"]
    sources = tmp_path / "sources"
    for part in ("CMakeLists.txt", "native/patches/one.patch", "runtime/main.cpp"):
        (sources / part).parent.mkdir(parents=True, exist_ok=True)
        (sources / part).write_text("before\n")
    shutil.copy(resources.source_root() / "native/pins.toml", sources / "native")
    edited = sources / "runtime/main.cpp"
    compiled = []

    def compile_and_edit(*_: object) -> Path:
        image = tmp_path / "built" / "mkexe-runtime"
        image.parent.mkdir(exist_ok=True)
        image.write_text(edited.read_text())
        compiled.append(edited.read_text())
        edited.write_text("after\n")
        return image

    monkeypatch.setenv("MKEXE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("mkexe.base.resources.source_root", lambda: sources)
    monkeypatch.setattr("mkexe.base.resources.bundled_runtimes", lambda: tmp_path / "none")
    monkeypatch.setattr(build_tree, "prepare_source", lambda *_: sources)
    monkeypatch.setattr(build_tree, "build_executable", compile_and_edit)
    monkeypatch.setattr(build_tree, "build_unpacker", compile_and_edit)
    monkeypatch.setattr("mkexe.runtimes.components.license_texts", lambda *_: "")
    runtime = build_tree.compile_runtime(target, UNWATCHED)
    assert runtime.path.read_text() == "after\n"
    assert compiled[0] == "before\n"
    assert runtime.build["key"] == store.runtime_key(target)
    assert build_tree.compile_runtime(target, UNWATCHED) == runtime
