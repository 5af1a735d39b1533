"""The house rules that a program can check: import direction, exit codes, pins, linters, words that must not appear."""

from __future__ import annotations

import ast
import graphlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from conftest import ROOT
from mkexe import errors

PACKAGE = ROOT / "builder" / "mkexe"
LINTED = ("builder", "tests", "benchmarks", "native", "dist-recipes")

# What a package may import stands in a later row; packages of one row never import each other.
ROWS = [
    ["cli", "studio"],
    ["commands"],
    ["boot", "config", "trial"],
    ["layouts", "preview"],
    ["artifact"],
    ["sources"],
    ["runtimes", "page", "models"],
    ["binfmt"],
    ["base"],
    ["errors"],
]
# the package's own two modules: where the command begins, and the version
ROOT_MODULES = {"__main__": "cli", "__init__": "errors"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def row_of(package: str) -> int:
    for number, packages in enumerate(ROWS):
        if package in packages:
            return number
    raise AssertionError(f"{package} stands in no row: add it to ROWS")


def package_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else ROOT_MODULES.get(relative.stem, relative.stem)


def modules_imported_by(path: Path) -> set[str]:
    """Modules of mkexe below the package's name, such as base.cache, that a module imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            package, _, module = (node.module or "").partition(".")
            if package == "mkexe":
                found |= {f"{module}.{alias.name}".strip(".") for alias in node.names}
        elif isinstance(node, ast.Import):
            assert not any(alias.name.partition(".")[0] == "mkexe" for alias in node.names), f"{path}: import mkexe"
    return {module for name in found if (module := module_of(name))}


def module_of(name: str) -> str:
    """The module that an imported name means or lies in; empty for what lies in the package itself."""
    while name and not (PACKAGE / f"{name.replace('.', '/')}.py").is_file():
        if (PACKAGE / name.replace(".", "/") / "__init__.py").is_file():
            return f"{name}.__init__"
        name = name.rpartition(".")[0]
    return name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    package = package_of(path)
    for module in modules_imported_by(path):
        imported = module.partition(".")[0]
        imported = ROOT_MODULES.get(imported, imported)
        assert imported == package or row_of(package) < row_of(imported), f"{package} imports {module}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    imports = {".".join(path.relative_to(PACKAGE).with_suffix("").parts): modules_imported_by(path) for path in MODULES}
    tuple(graphlib.TopologicalSorter(imports).static_order())  # raises CycleError, which names them


def test_only_one_module_starts_processes_and_only_the_command_line_prints() -> None:
    for path in MODULES:
        text = path.read_text("utf-8")
        assert not re.search(r"\bsubprocess\b(?!\.h)", text) or path == PACKAGE / "base/process.py", path
        assert not re.search(r"^\s*print\(", text, re.MULTILINE), path
        assert not re.search(r"^\s*(from|import) rich\b", text, re.MULTILINE) or package_of(path) == "cli", path


def test_reading_a_model_needs_no_numpy() -> None:
    """Numpy takes a good part of a second to import."""
    asked = "import sys, mkexe.models.gguf.check, mkexe.models.gguf.kv_cache; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", asked], cwd=ROOT / "builder", check=True)


def test_exit_codes_are_unique_and_documented() -> None:
    classes = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.MkexeError) and kind is not errors.MkexeError
    ]
    codes = [kind.exit_code for kind in classes]
    assert len(set(codes)) == len(codes)
    table = (ROOT / "docs/errors.md").read_text()
    for kind in classes:
        assert f"| {kind.exit_code} | `{kind.__name__}`" in table
    header = (ROOT / "runtime/base/exit-status.h").read_text()
    for name, code in re.findall(r"exit_(\w+)\s+= (\d+)", header):
        assert re.search(rf"^\| {code} \|", table, re.MULTILINE), name


def test_every_pin_has_one_version_everywhere() -> None:
    pins = tomllib.loads((ROOT / "native/pins.toml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"ziglang=={pins['zig']['version']}" in project["optional-dependencies"]["compile"]
    assert re.fullmatch("[0-9a-f]{64}", pins["llama"]["sha256"])
    version = re.search(r'__version__ = "(.*)"', (PACKAGE / "__init__.py").read_text())
    assert version
    assert version[1] == project["version"]


def test_every_dependency_has_a_reason() -> None:
    reasons = (ROOT / "docs/dependencies.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in {item for group in groups for item in group}:
        assert re.split(r"[=<>\[ ]", requirement)[0] in reasons, requirement


@pytest.mark.parametrize("command", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]], ids=" ".join)
def test_linters_find_nothing(command: list[str]) -> None:
    run_linter(*command, *LINTED)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_builder_uses_what_every_system_has(platform: str) -> None:
    """Such as no os.getuid on Windows, unless the code asks where it is. Each platform has a cache of its own."""
    run_linter("mypy", "--platform", platform, "--cache-dir", f".mypy_cache/{platform}", "builder", "dist-recipes")


def run_linter(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_python_file_is_linted_and_typed() -> None:
    files = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {name.partition("/")[0] for name in files.split()} == set(LINTED)
    assert set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]) == set(LINTED)


def private_names(path: Path) -> list[str]:
    """Where a file takes a private name of mkexe: by import, as an attribute, or to replace it."""
    tree = ast.parse(path.read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [alias for node in imports if (node.module or "").partition(".")[0] == "mkexe" for alias in node.names]
    found = [alias.name for alias in ours if is_private(alias.name)]
    modules = {alias.asname or alias.name for alias in ours}
    whole = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules |= {alias.asname or "mkexe" for alias in whole if alias.name.partition(".")[0] == "mkexe"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node).partition(".")[0] in modules:
            found.append(ast.unparse(node))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".setattr") and len(node.args) > 1:
            replaced = [item.value for item in node.args[:2] if isinstance(item, ast.Constant)]
            found += [name for name in replaced if isinstance(name, str) and is_private(name.rpartition(".")[2])]
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_tests_go_through_public_names() -> None:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    assert {path.name: names for path in files if (names := private_names(path))} == {}


def test_no_test_measures_time() -> None:
    """A clock measures the machine and its neighbours: work is counted instead (tests/support/work.py)."""
    for path in (ROOT / "tests").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert names.isdisjoint({"perf_counter", "perf_counter_ns", "process_time", "process_time_ns"}), path
