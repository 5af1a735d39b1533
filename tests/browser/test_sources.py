"""The page's TypeScript without a browser: its types, and what its pure modules do (modules/*.test.ts, run by Node)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mkexe.base import process
from mkexe.page.bundle import find_node, run_npm

from .conftest import TEMPLATES

pytestmark = pytest.mark.browser

MODULE_TESTS = Path(__file__).parent / "modules"
ESBUILD_OPTIONS = ("--bundle", "--platform=node", "--format=esm", "--outdir=bundled", "--log-level=warning")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the page's sources with its npm packages, and the tests of its modules in `tests`."""
    folder = tmp_path_factory.mktemp("page") / "webui"
    shutil.copytree(TEMPLATES / "webui", folder)
    shutil.copytree(MODULE_TESTS, folder / "tests")
    run_npm(find_node(), ("ci", "--ignore-scripts", "--no-audit", "--no-fund"), folder, folder.parent / "log")
    return folder


def test_typescript_has_no_type_errors(sources: Path) -> None:
    run_npm(find_node(), ("run", "check"), sources, sources.parent / "log")
    run_npm(find_node(), ("run", "check", "--", "-p", "tests"), sources, sources.parent / "log")


def test_pure_modules_do_what_their_tests_say(sources: Path) -> None:
    tests = sorted(str(path.relative_to(sources)) for path in (sources / "tests").glob("*.test.ts"))
    assert len(tests) > 10
    log, node = sources.parent / "log", find_node()
    run_npm(node, ("exec", "--", "esbuild", *tests, *ESBUILD_OPTIONS), sources, log)
    bundles = sorted((sources / "bundled").glob("*.test.js"))
    assert len(bundles) == len(tests)
    process.run([node.executable, "--test", *bundles], log_path=log, cwd=sources)
