"""The tests of tests: every file of them is collected, and what several workers share is made once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from conftest import ROOT
from support.groups import FIRST, TOGETHER, group_of
from support.made_once_per_run import folder_of_the_run, made_once

FILES = {str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py")}


def pytest_says(*words: str) -> str:
    """What a pytest of its own says."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def collect(*words: str) -> str:
    """How many tests it would run, by file."""
    return pytest_says("--collect-only", "-qq", *words)


def test_every_file_of_tests_is_collected() -> None:
    collected = {line.rpartition(": ")[0] for line in collect().splitlines() if ".py: " in line}
    assert collected == FILES


def test_the_soak_tier_is_collected_alone() -> None:
    [line] = [line for line in collect("--soak", "tests/native/test_unpacker.py").splitlines() if ".py: " in line]
    assert line == "tests/native/test_unpacker.py: 1"


def test_files_that_must_not_run_side_by_side_are_there() -> None:
    names = [name for files in TOGETHER.values() for name in files]
    assert len(names) == len(set(names))
    assert set(names) <= {Path(file).name for file in FILES}
    assert set(FIRST) <= {group_of(file) for file in FILES}


def test_one_worker_runs_all_tests_of_a_group() -> None:
    files = ("tests/layouts/test_tar_records.py", "tests/models/test_gguf_cache.py")
    said = pytest_says("-v", "-n", "2", "--dist", "loadgroup", *files)
    ran = set(re.findall(r"^\[(gw\d)\] \[ *\d+%\] \w+ (tests/\S+?)::", said, re.MULTILINE))
    assert sorted(file for _, file in ran) == sorted(files), said
    assert {worker for worker, _ in ran} == {"gw0", "gw1"}


def test_what_is_made_once_is_made_by_the_first_and_waited_for_by_the_others(tmp_path: Path) -> None:
    made: list[Path] = []
    both = threading.Barrier(4)

    def ask(_: int) -> str:
        both.wait(60)
        return (made_once(tmp_path / "thing", make) / "content").read_text()

    def make(folder: Path) -> None:
        made.append(folder)
        with pytest.raises(Timeout):  # whoever asks meanwhile waits
            FileLock(folder.with_name("thing.lock")).acquire(timeout=0)
        (folder / "content").write_text("whole")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["whole"] * 4
    assert made == [tmp_path / "thing"]


def test_what_could_not_be_made_is_not_tried_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        made_once(tmp_path / "thing", fail)
    with pytest.raises(RuntimeError, match=r"(?s)thing could not be made by another worker.*no room"):
        made_once(tmp_path / "thing", lambda _: None)


def test_workers_share_a_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert folder_of_the_run(tmp_path_factory) == base.parent
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    assert folder_of_the_run(tmp_path_factory) == base
