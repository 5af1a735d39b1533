"""Move the pin of llama.cpp, or report what a move would change.

    python native/move_pin.py            # the present pin: do the lists in the repository still match it?
    python native/move_pin.py VERSION    # report what llama-cpp-python VERSION would change; write nothing
    python native/move_pin.py VERSION --write
    python native/move_pin.py --source FOLDER  # report what a checkout of llama.cpp would change, before any release

It needs `pip install '.[compile]'`. It fetches a version with pip if the cache does not have it. docs/contributing.md
says what to do with the report. The lists come from upstream's source without our patches:

    pins.toml                              version, file, SHA-256, folder, commit
    builder/mkexe/data/architectures.json  what llama.cpp can load (list_architectures.py)
    native/upstream.json                   the server's routes, options and environment variables, and the
                                           names of native/cpu/renamed*.txt that occur nowhere in its kernels

It ends with 1 if something differs and it wrote nothing, so that nobody overlooks it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import patch_ng
from list_architectures import checked_out_commit, collect, write_list

from mkexe.base import cache
from mkexe.errors import MkexeError
from mkexe.runtimes import pins
from mkexe.runtimes import source as runtime_source

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "native/pins.toml"
ARCHITECTURES = ROOT / "builder/mkexe/data/architectures.json"
SURFACE = ROOT / "native/upstream.json"
PATCHES = ROOT / "native/patches"
RENAMED = ("native/cpu/renamed.txt", "native/cpu/renamed-ops.txt")
# the parts of the source that are read and patched; unpacking all of it would take minutes
PARTS = ("src", "common", "include", "ggml", "tools", "vendor/cpp-httplib")
SUBMODULE_HEAD = ".git/modules/vendor/llama.cpp/HEAD"
ROUTE = re.compile(r'\bctx_http\.(get|post|del)\s*\(\s*"([^"]+)"')
OPTION = re.compile(r"add_opt\(common_arg\(\s*\{([^{}]*)\}\s*,\s*(?:\{([^{}]*)\})?")
ENVIRONMENT = re.compile(r'\.set_env\("(\w+)"\)')
COMMIT_DIGITS = 9
OWN = "mkexe_"  # names that our patches add


@dataclass(frozen=True)
class Lists:
    """The content of the two files in which the repository describes a source."""

    architectures: dict[str, object]
    surface: dict[str, object]


@dataclass(frozen=True)
class Report:
    """The changes of a move, as lines. `failing` are patches that no longer apply, each with the file."""

    pin: pins.SourcePin
    lists: Lists
    lines: tuple[str, ...]
    failing: tuple[str, ...]


def report(version: str | None) -> Report:
    """Compare the pinned source, or another version, with the files of the repository. Raises FetchError."""
    present = pins.llama_pin()
    pin = present if version in (None, present.version) else pin_of(str(version))
    archive = runtime_source.fetch_source(pin, cache.root() / "logs" / "move_pin.log")
    with tempfile.TemporaryDirectory(prefix="mkexe-pin-") as name:
        tree = Path(name)
        return compare(tree, unpack(archive, pin, tree), pin)


def report_source(source: Path) -> Report:
    """The same for a checkout of llama.cpp, which has no pin of a release. The checkout is only read."""
    commit = checked_out_commit(source)
    with tempfile.TemporaryDirectory(prefix="mkexe-pin-") as name:
        tree = Path(name)
        for part in PARTS:
            shutil.copytree(source / part, tree / part)
        return compare(tree, commit, pins.llama_pin())


def compare(tree: Path, commit: str, pin: pins.SourcePin) -> Report:
    """Compare a source with the files of the repository. Changes `tree`."""
    present = pins.llama_pin()
    pin = dataclasses.replace(pin, commit=commit[:COMMIT_DIGITS])
    lists = Lists(collect(tree, commit), surface(tree, commit))
    failing = tuple(failing_patches(tree))
    lines = [f"patch {name}: no longer applies" for name in failing]
    lines += compared("pins.toml", dataclasses.asdict(present), dataclasses.asdict(pin))
    for path, found in ((ARCHITECTURES, lists.architectures), (SURFACE, lists.surface)):
        before = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        lines += compared(path.name, before, found)
    return Report(pin, lists, tuple(lines), failing)


def pin_of(version: str) -> pins.SourcePin:
    """The pin of another version: fetches its file if the cache does not have it, and hashes it."""
    before = pins.llama_pin()
    changed = {
        name: getattr(before, name).replace(before.version, version) for name in ("file", "folder")
    }  # fmt: skip
    pin = dataclasses.replace(before, version=version, commit="", **changed)
    file = cache.root() / "downloads" / pin.file
    if not file.is_file():
        runtime_source.download(pin, file.parent, cache.root() / "logs" / "move_pin.log")
    return dataclasses.replace(pin, sha256=cache.hash_file(file))


def unpack(archive: Path, pin: pins.SourcePin, folder: Path) -> str:
    """Unpack the needed parts of the source. Returns upstream's commit from the source distribution's own .git."""
    prefix = f"{pin.folder}/"
    top = pin.folder.partition("/")[0]
    commit = ""
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix(prefix)
            if member.name == f"{top}/{SUBMODULE_HEAD}" and (file := tar.extractfile(member)):
                commit = file.read().decode().strip()
            elif name != member.name and name.startswith(tuple(f"{part}/" for part in PARTS)):
                member.name = name
                tar.extract(member, folder, filter="data")
    if not re.fullmatch("[0-9a-f]{40}", commit):
        sys.exit(f"move_pin: {archive} does not say in {SUBMODULE_HEAD} which commit of llama.cpp it holds")
    return commit


def surface(tree: Path, commit: str) -> dict[str, object]:
    """The server's routes, options and variables, and the names of its kernels that do not occur in the source."""
    server = (tree / "tools/server/server.cpp").read_text("utf-8")
    options = (tree / "common/arg.cpp").read_text("utf-8")
    routes = {f"{method.upper().replace('DEL', 'DELETE')} {path}" for method, path in ROUTE.findall(server)}
    names = {name for groups in OPTION.findall(options) for name in re.findall(r'"(-[^"]+)"', "".join(groups))}
    found: dict[str, object] = {
        "generated_by": "native/move_pin.py",
        "llama_cpp_commit": commit,
        "routes": sorted(routes),
        "options": sorted(names),
        "environment": sorted(set(ENVIRONMENT.findall(options))),
        "kernel_names_not_in_source": sorted(absent_names(tree)),
    }
    if not routes or not names:
        sys.exit("move_pin: found no routes in tools/server/server.cpp or no options in common/arg.cpp: they changed")
    return found


def absent_names(tree: Path) -> set[str]:
    """Names with a variant's suffix that occur in no file of the kernels: renamed upstream, or made by a macro."""
    kernels = [path for path in (tree / "ggml/src/ggml-cpu").rglob("*") if path.suffix in (".c", ".cpp", ".h")]
    words = {word for path in kernels for word in re.findall(r"\w+", path.read_text("utf-8"))}
    lists = [(ROOT / name).read_text("utf-8").splitlines() for name in RENAMED]
    return {name for lines in lists for name in lines if not name.startswith(("#", OWN))} - words


def failing_patches(tree: Path) -> Iterator[str]:
    """The patches that do not apply to the result of those before them, each with the file. Changes `tree`."""
    for path in sorted(PATCHES.glob("*.patch")):
        patches = patch_ng.fromfile(str(path))
        if not patches:
            yield path.name
            continue
        for item in list(patches.items):
            patches.items = [item]  # one file at a time, so that one failure does not hide the others
            if not patches.apply(strip=1, root=str(tree)):
                yield f"{path.name}: {item.source.decode().removeprefix('a/')}"


def compared(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The differences between two records, one line each; for lists, the new and the removed items."""
    lines = []
    for key in sorted(set(before) | set(after)):
        old, new = before.get(key), after.get(key)
        if isinstance(old, list) and isinstance(new, list):
            lines += [f"{name}: {key}: new: {item}" for item in new if item not in old]
            lines += [f"{name}: {key}: gone: {item}" for item in old if item not in new]
        elif old != new:
            lines.append(f"{name}: {key}: {old} -> {new}")
    return lines


def write(found: Report) -> None:
    """Write the pin and the lists."""
    text = PINS.read_text("utf-8")
    head, table, rest = text.partition("[llama]\n")
    for key in ("version", "file", "sha256", "folder", "commit"):
        rest = re.sub(rf'^{key} = ".*"$', f'{key} = "{getattr(found.pin, key)}"', rest, count=1, flags=re.MULTILINE)
    PINS.write_text(head + table + rest, "utf-8")
    for path, content in ((ARCHITECTURES, found.lists.architectures), (SURFACE, found.lists.surface)):
        write_list(path, content)


def main() -> None:
    """Report, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", help="of llama-cpp-python (default: the present pin's)")
    parser.add_argument("--write", action="store_true", help="write the pin and the lists")
    parser.add_argument("--source", type=Path, metavar="FOLDER", help="a checkout of llama.cpp in place of a version")
    options = parser.parse_args()
    if options.source and (options.version or options.write):
        parser.error("--source compares a checkout alone: no VERSION, no --write")
    try:
        found = report_source(options.source) if options.source else report(options.version)
    except MkexeError as error:
        sys.exit(f"move_pin: {error.message}; {error.hint}")
    except OSError as error:
        sys.exit(f"move_pin: {error.filename}: {error.strerror}")
    what = str(options.source or f"llama-cpp-python {found.pin.version}")
    print("\n".join(found.lines) or f"{what}: everything is as the repository says")
    if options.write:
        write(found)
        print("written; docs/contributing.md says what comes next")
    elif found.lines:
        sys.exit(1)


if __name__ == "__main__":
    main()
