"""Fixtures: the `mkexe` command as a user starts it, made-up runtimes for tests that need no compiler, real ones else.

Markers are added from the fixtures a test uses: `compile`, `boot`, `browser`, `slow` (pyproject.toml explains them).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mkexe import compile as compile_stage
from mkexe import page, resources, targets

ROOT = Path(__file__).resolve().parent.parent
TINY_MODEL = ROOT / "tests" / "models" / "tiny.gguf"
MARKERS_OF_FIXTURES = {"runtimes": "compile", "artifact": "boot", "browser": "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in MARKERS_OF_FIXTURES.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Mkexe:
    """The `mkexe` command with a cache of its own; `environment` is all that it sees."""

    cache: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str | Path, status: int | None = 0, **environment: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "mkexe", *map(str, arguments)],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        if status is not None:
            assert done.returncode == status, done.stderr
        return Finished(done.returncode, done.stdout, done.stderr)


def scrubbed_environment(home: Path, **extra: str) -> dict[str, str]:
    """What a program needs of the environment, and `extra`."""
    base = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": str(ROOT / "builder"),
        "MKEXE_CACHE": str(home / "cache"),
        "NO_COLOR": "1",
    }
    return base | extra


@pytest.fixture
def mkexe(tmp_path: Path) -> Mkexe:
    """`mkexe` with made-up runtimes for every Unix target and a made-up page: fast, and no compiler is needed.

    The runtime for linux-x86_64 is a shell script that prints MKEXE_ARTIFACT and its arguments.
    """
    home = tmp_path / "home"
    home.mkdir()
    command = Mkexe(home / "cache", scrubbed_environment(home))
    for target in targets.all_targets().values():
        if target.system != "Windows":
            install_fake_runtime(command.cache, target.name, fake_executable(target.name))
    install_fake_page(command.cache)
    return command


def fake_executable(target: str) -> bytes:
    """A `runtime` of some size that tells how it was started."""
    script = f'#!/bin/sh\necho "{target} $MKEXE_ARTIFACT" "$@"\nexit 7\n'
    return script.encode() + b"\n#" + np.random.default_rng(1).bytes(20_000).replace(b"\n", b" ")


def install_fake_runtime(cache: Path, target: str, image: bytes) -> None:
    """Put `image` into the cache as if it had been compiled from the present sources."""
    row = targets.all_targets()[target]
    key = compile_stage.runtime_key(row)
    folder = cache / "runtimes" / f"{target}-{key}"
    folder.mkdir(parents=True)
    (folder / f"mkexe-runtime{row.suffix}").write_bytes(image)
    (folder / "mkexe-runtime.gz").write_bytes(gzip.compress(image, 9, mtime=0))
    (folder / "licenses.txt").write_text("licences of the runtime\n")
    facts = {
        "target": target,
        "key": key,
        "file": f"mkexe-runtime{row.suffix}",
        "size": len(image),
        "sha256": hashlib.sha256(image).hexdigest(),
        "seconds": 1,
        "build": {"key": key, "llama_cpp": "made up"},
    }
    (folder / "runtime.json").write_text(json.dumps(facts))


def install_fake_page(cache: Path) -> None:
    """Put a page of two files into the cache as if it had been built."""
    folder = cache / "page" / page.page_key(resources.source_root() / "templates")
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><html></html>")
    (folder / "app.js").write_text("// nothing")
