"""Fixtures: the `mkexe` command as a user starts it, made-up runtimes for tests that need no compiler, real ones else.

Markers are added from the fixtures a test uses: `compile`, `boot`, `browser`, `slow` (pyproject.toml explains them).
What takes long to make is made once per run, however many workers there are (made_once_per_run.py). groups.py says
which tests one worker runs after each other.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mkexe.base import cache, process, resources
from mkexe.page import bundle
from mkexe.page.icon import ICON_FILE
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes import targets
from support.groups import make_scheduler, put_in_order
from support.made_once_per_run import folder_of_the_run, made_once
from support.needs import need
from support.small_models import write_small_model
from support.wine import WinePrefix

ROOT = Path(__file__).resolve().parent.parent
TINY_MODEL = ROOT / "tests" / "data" / "tiny" / "tiny.gguf"
MARKERS_OF_FIXTURES = {"runtimes": "compile", "artifact": "boot", "built_page": "browser"}
COMPILING_LIMIT_S = 6600  # five runtimes, while other tests run
EXPENSIVE = ("compile", "boot", "browser", "slow")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # where the tests run in the background, and every program that they start would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the expensive tests too: " + ", ".join(EXPENSIVE))
    parser.addoption("--soak", action="store_true", help="run the soak tests alone: many starts, long fuzzing, load")
    parser.addoption("--targets", help="compile and bundle these alone, with commas between; tests of others then fail")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in MARKERS_OF_FIXTURES.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)
        reason = why_skipped(config, item)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
    if config.getoption("--soak"):
        others = [item for item in items if not item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.get_closest_marker("soak")]
    put_in_order(items)


def why_skipped(config: pytest.Config, item: pytest.Item) -> str:
    """The reason why a test is not in the tier that was asked for; empty where it is."""
    if config.getoption("--soak") or config.getoption("-m"):
        return ""
    if item.get_closest_marker("soak"):
        return "long: needs --soak"
    expensive = any(item.get_closest_marker(marker) for marker in EXPENSIVE)
    return "expensive: needs --full" if expensive and not config.getoption("--full") else ""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return make_scheduler(config, log) if config.getoption("dist") == "loadgroup" else None


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

    def __call__(
        self, *arguments: str | Path, status: int | None = 0, environment: dict[str, str] | None = None
    ) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "mkexe", *map(str, arguments)],
            env=self.environment | (environment or {}),
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


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that nothing can run, of a few kilobytes."""
    return write_small_model(tmp_path / "small.gguf")


# what native/unpacker does, for tests that need no compiler
FAKE_UNPACKER = f"""#!{sys.executable}
import lzma, sys
path, (offset, size, skip, take) = sys.argv[1], map(int, sys.argv[2:])
with open(path, "rb") as file:
    file.seek(offset)
    sys.stdout.buffer.write(lzma.decompress(file.read(size))[skip : skip + take])
"""


def fake_executable(target: str) -> bytes:
    """A `runtime` of some size that tells how it was started."""
    script = f'#!/bin/sh\necho "{target} $MKEXE_ARTIFACT" "$@"\nexit 7\n'
    return script.encode() + b"\n#" + np.random.default_rng(1).bytes(20_000).replace(b"\n", b" ")


def install_fake_runtime(cache: Path, target: str, image: bytes) -> None:
    """Put `image` into the cache as if it had been compiled from the present sources."""
    row = targets.all_targets()[target]
    key = runtime_store.runtime_key(row)
    folder = cache / "runtimes" / f"{target}-{key}"
    folder.mkdir(parents=True)
    (folder / f"mkexe-runtime{row.suffix}").write_bytes(image)
    if row.system != "Windows":
        (folder / "unpack.gz").write_bytes(gzip.compress(FAKE_UNPACKER.encode(), 9, mtime=0))
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
    """Put a page of four files into the cache as if it had been built."""
    folder = cache / "page" / bundle.page_key(resources.source_root() / "templates")
    folder.mkdir(parents=True)
    icon = '<link rel="icon" href="favicon.png?v=0123" type="image/png">'
    (folder / "index.html").write_text(f"<!doctype html><html><head>{icon}</head></html>")
    (folder / "app.js").write_text("// nothing")
    Image.new("RGBA", (8, 8), "#0f766e").save(folder / ICON_FILE)
    (folder / bundle.LICENSES).write_text(f"{'=' * 80}\nmarked 18.2.1 (MIT)\n{'=' * 80}\n\nits licence\n")


@pytest.fixture(scope="session")
def real_mkexe(tmp_path_factory: pytest.TempPathFactory) -> Mkexe:
    """`mkexe` with the user's own cache, so that what is compiled stays."""
    return Mkexe(
        cache.root(),
        process.base_environment(
            PYTHONPATH=str(ROOT / "builder"),
            MKEXE_CACHE=str(cache.root()),
            NO_COLOR="1",
            TMPDIR=str(tmp_path_factory.mktemp("temporary")),
            **{name: os.environ[name] for name in ("CI",) if name in os.environ},
        ),
    )


@pytest.fixture(scope="session")
def runtimes(
    real_mkexe: Mkexe, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """All five runtimes by target, compiled if the cache does not hold them."""
    wanted = pytestconfig.getoption("--targets")
    chosen = [f"--target={name}" for name in wanted.split(",")] if wanted else ["--all"]

    def compile_them(folder: Path) -> None:
        command = [sys.executable, "-m", "mkexe", "runtime", "build", *chosen]
        subprocess.run(command, env=real_mkexe.environment, check=True, timeout=COMPILING_LIMIT_S)
        (folder / "list.json").write_text(real_mkexe("runtime", "list", "--json").stdout)

    folder = made_once(folder_of_the_run(tmp_path_factory) / "runtimes", compile_them)
    listed: dict[str, str | None] = json.loads((folder / "list.json").read_text())
    return {target: Path(path) for target, path in listed.items() if path}


@pytest.fixture(scope="session")
def artifact(real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as one file for all five targets, in a folder of this worker's that serves as home."""

    def build(folder: Path) -> None:
        real_mkexe("build", TINY_MODEL, "-o", folder / "tiny.exe", "--name", "tiny")

    built = made_once(folder_of_the_run(tmp_path_factory) / "built", build)
    return Path(shutil.copy(built / "tiny.exe", tmp_path_factory.mktemp("artifact")))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For files whose subject is not unpacking: every start finds the program that an earlier one has unpacked."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MKEXE_RUNTIME_DIR", str(tmp_path_factory.getbasetemp() / "unpacked"))
        yield


@pytest.fixture(scope="session")
def wine_prefix(tmp_path_factory: pytest.TempPathFactory) -> WinePrefix:
    """A prefix of Wine's to copy; making one takes much longer."""
    need("wine")
    return WinePrefix(made_once(folder_of_the_run(tmp_path_factory) / "wine", WinePrefix.make) / "prefix")
