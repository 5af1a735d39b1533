"""The unit tests of runtime/ in tests/cpp, on the objects that this machine's runtime is linked from; their format."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, scrubbed_environment
from mkexe.base import resources
from mkexe.base.reporter import UNWATCHED
from mkexe.runtimes import build_tree, targets
from mkexe.runtimes import store as runtime_store
from support.needs import missing

SOURCES = sorted((ROOT / "tests" / "cpp").rglob("test-*.cpp"))
CLANG_FORMAT = 14  # Debian 12's version; others break some lines elsewhere


@pytest.fixture(scope="session")
def doctest() -> Path:
    """The folder of doctest.h where Debian's package puts it."""
    folder = Path("/usr/include/doctest")
    if not (folder / "doctest.h").is_file():
        missing("doctest-dev")
    return folder


def test_the_runtime_s_unit_tests_pass(doctest: Path, runtimes: dict[str, Path], tmp_path: Path) -> None:
    native = targets.host_target()
    assert native in runtimes
    program = build_tree.build_tests(targets.all_targets()[native], "mkexe-tests", doctest, UNWATCHED)
    done = subprocess.run(
        [program, "--no-colors"], env=scrubbed_environment(tmp_path), capture_output=True, text=True, timeout=300
    )
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    if "not compared" in report:  # kernels/test-gemm.cpp on a processor without AVX2
        assert not os.environ.get("CI"), f"the processor of CI must have AVX2:\n{report}"
        pytest.skip("all passed but what needs a processor with AVX2")
    written = sum(source.read_text("utf-8").count("TEST_CASE(") for source in SOURCES)
    assert re.search(rf"test cases: *{written} \| *{written} passed \| *0 failed \| *0 skipped", report), report


def test_the_unit_tests_are_not_in_the_runtime_s_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("CMakeLists.txt", "runtime", "native", "tests/cpp"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copyfile
        (tmp_path / part).parent.mkdir(exist_ok=True)
        copy(ROOT / part, tmp_path / part)
    monkeypatch.setattr(resources, "source_root", lambda: tmp_path)
    target = targets.all_targets()["linux-x86_64"]
    key = runtime_store.runtime_key(target)
    (tmp_path / "tests/cpp/main.cpp").write_text("// another")
    assert runtime_store.runtime_key(target) == key
    (tmp_path / "runtime/main.cpp").write_text("// another")
    assert runtime_store.runtime_key(target) != key


def clang_format_version() -> str:
    if shutil.which("clang-format") is None:
        return "none"
    return subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def test_clang_format_finds_nothing() -> None:
    found = clang_format_version()
    if f"version {CLANG_FORMAT}." not in found:
        missing(f"clang-format {CLANG_FORMAT}")
    files = [*ROOT.glob("runtime/**/*.cpp"), *ROOT.glob("runtime/**/*.h"), *ROOT.glob("tests/cpp/**/*.[ch]*")]
    files += [*ROOT.glob("native/**/*.c"), *ROOT.glob("native/cpu/gemm*")]
    assert len(files) > len(SOURCES) > 0
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *sorted(files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
