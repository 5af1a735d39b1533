"""The bill of materials: CycloneDX's own schema, what it names, and the table of what runtimes are linked from."""

from __future__ import annotations

import json
import re
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from conftest import ROOT, Mkexe
from mkexe.artifact import sbom
from mkexe.artifact.reader import open_artifact
from mkexe.page import bundle
from mkexe.runtimes import pins, targets
from mkexe.runtimes import source as runtime_source
from mkexe.runtimes.components import LinkedPart, linked_parts
from support.small_models import write_small_model
from support.split_model import split_gguf

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}


def bill_of(mkexe: Mkexe, model: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    """Build, take the bill of materials out, check it against the schema."""
    mkexe("build", model, "-o", folder / "out", *arguments, environment=EPOCH)
    mkexe("extract", folder / "out", "sbom.cdx.json", "-C", folder)
    text = (folder / "sbom.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document: dict[str, Any] = json.loads(text)
    return document


def by_reference(document: dict[str, Any]) -> dict[str, Any]:
    return {item["bom-ref"]: item for item in document["components"]}


def depends_on(document: dict[str, Any], reference: str) -> set[str]:
    (found,) = [item for item in document["dependencies"] if item["ref"] == reference]
    return set(found.get("dependsOn", ()))


def test_it_names_what_lies_in_the_file(mkexe: Mkexe, tmp_path: Path) -> None:
    model = write_small_model(tmp_path / "small.gguf")
    document = bill_of(mkexe, model, tmp_path)
    found = by_reference(document)
    manifest = open_artifact(tmp_path / "out").manifest
    assert found["model:small"]["type"] == "machine-learning-model"
    assert found["model:small"]["hashes"][0]["content"] == manifest.models[0].parts[0].sha256
    assert found["model:small"]["licenses"] == [{"license": {"id": "CC0-1.0"}}]
    properties = {item["name"]: item["value"] for item in found["model:small"]["properties"]}
    assert properties == {
        "mkexe:architecture": "llama", "mkexe:quantization": "F32", "mkexe:entry": "models/small.gguf",
    }  # fmt: skip
    pin = pins.llama_pin()
    assert found["llama.cpp"]["version"] == pin.commit
    assert found["llama.cpp"]["externalReferences"][0]["hashes"][0]["content"] == pin.sha256
    assert found["zig"]["version"] == pins.zig_version()
    assert found["npm:marked"]["purl"] == "pkg:npm/marked@18.2.1"
    for record in manifest.runtimes:
        runtime = found[f"runtime:{record.target}"]
        assert runtime["hashes"][0]["content"] == record.unpacked_sha256
    assert depends_on(document, "artifact") == {
        "model:small", "page", *(f"runtime:{record.target}" for record in manifest.runtimes),
    }  # fmt: skip
    assert depends_on(document, "page") == {"mkexe", "npm:marked"}


def test_every_component_is_depended_on_by_something(mkexe: Mkexe, tmp_path: Path) -> None:
    document = bill_of(mkexe, write_small_model(tmp_path / "small.gguf"), tmp_path)
    used = {reference for item in document["dependencies"] for reference in item.get("dependsOn", ())}
    assert set(by_reference(document)) == used


def test_a_runtime_names_only_the_libraries_of_its_system(mkexe: Mkexe, tmp_path: Path) -> None:
    model = write_small_model(tmp_path / "small.gguf")
    document = bill_of(mkexe, model, tmp_path)
    assert {"musl", "libunwind", "libc++"} <= depends_on(document, "runtime:linux-x86_64")
    assert depends_on(document, "runtime:macos-aarch64") & {"musl", "libunwind", "mingw-w64"} == set()
    assert "mingw-w64" not in by_reference(document)
    only = bill_of(mkexe, model, tmp_path, "--target", "macos-aarch64")
    assert "musl" not in by_reference(only)


def test_a_split_model_has_a_hash_for_each_file(mkexe: Mkexe, tmp_path: Path) -> None:
    first = split_gguf(write_small_model(tmp_path / "small.gguf"), tmp_path / "parts", parts=2)
    model = by_reference(bill_of(mkexe, first, tmp_path))["model:small"]
    parts = open_artifact(tmp_path / "out").manifest.weights()
    assert [(item["name"], item["hashes"][0]["content"]) for item in model["components"]] == [
        (part.entry, part.sha256) for part in parts
    ]
    assert "hashes" not in model


def test_a_model_with_a_strange_name_and_licence(mkexe: Mkexe, tmp_path: Path) -> None:
    model = write_small_model(tmp_path / "small.gguf", name='Kä"se <1>\n\u202e', license_name="other, see below")
    found = [item for item in bill_of(mkexe, model, tmp_path)["components"] if item["type"].startswith("machine")]
    assert found[0]["licenses"] == [{"license": {"name": "other, see below"}}]


def test_the_serial_number_follows_the_content(mkexe: Mkexe, tmp_path: Path) -> None:
    """Same bytes for same inputs: test_artifact.py. Here: another model is another document."""
    numbers, times = set(), set()
    for seed in (1, 2):
        model = write_small_model(tmp_path / "small.gguf", seed=seed)
        document = bill_of(mkexe, model, tmp_path)
        numbers.add(document["serialNumber"])
        times.add(document["metadata"]["timestamp"])
    assert len(numbers) == 2
    assert times == {"2023-11-14T22:13:20+00:00"}


def test_it_reads_what_the_page_writes_about_its_packages(tmp_path: Path) -> None:
    facts = {"name": "@a/b", "version": "1.2.3-rc.1", "license": "(MIT OR Apache-2.0)"}
    (tmp_path / "package.json").write_text(json.dumps(facts))
    (tmp_path / "LICENSE").write_text("words\n" + "=" * 80 + "\nmore (words)\n")
    text = "This page contains parts.\n\n" + bundle.license_of(tmp_path, ["index.js"])
    found = by_reference(json.loads(sbom.encode_sbom(_small_manifest(), text)))
    assert found["npm:@a/b"]["purl"] == "pkg:npm/%40a/b@1.2.3-rc.1"
    assert found["npm:@a/b"]["licenses"] == [{"expression": "(MIT OR Apache-2.0)"}]
    assert len([reference for reference in found if reference.startswith("npm:")]) == 1


def _small_manifest() -> Any:
    from mkexe.artifact.manifest import Manifest, ModelRecord, Range

    weights = Range("models/x.gguf", 4096, 1, "0" * 64, 0)
    models = (ModelRecord("model", "x", "llama", "", (weights,)),)
    return Manifest("x", "exe", "2023-11-14T22:13:20Z", "mkexe", (), {"title": "x"}, (), (), models, ())


def test_the_table_of_linked_parts_is_for_the_pinned_source_and_compiler() -> None:
    table = tomllib.loads((ROOT / "builder/mkexe/data/components.toml").read_text("utf-8"))
    assert (table["source_sha256"], table["zig"]) == (pins.llama_pin().sha256, pins.zig_version())
    systems = {target.system for target in targets.all_targets().values()}
    for part in linked_parts():
        assert set(part.systems) <= systems, part.name
        assert part.tree in ("llama.cpp", "zig"), part.name


def test_the_licences_of_all_linked_parts_are_ones_that_the_schema_knows() -> None:
    from cyclonedx.spdx import is_expression

    words = [part.license for part in linked_parts() if not is_expression(part.license)]
    assert words == ["public domain (Igor Pavlov)"]


@pytest.fixture(scope="module")
def stated_texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files that components.toml names, by path: from the pinned source distribution and the wheel of zig."""
    import ziglang

    found = {}
    pin = pins.llama_pin()
    wanted = {f"{pin.folder}/{part.file}": part.file for part in linked_parts() if part.tree == "llama.cpp"}
    archive = runtime_source.fetch_source(pin, tmp_path_factory.mktemp("log") / "fetch.log")
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in wanted:
                data = tar.extractfile(member)
                assert data is not None
                found[wanted[member.name]] = data.read().decode()
    for part in linked_parts():
        if part.tree == "zig":
            found[part.file] = (Path(ziglang.__file__).parent / part.file).read_text("utf-8")
    return found


@pytest.mark.compile
@pytest.mark.parametrize("part", linked_parts(), ids=lambda part: part.name)
def test_versions_are_those_that_the_sources_state(part: LinkedPart, stated_texts: dict[str, str]) -> None:
    stated = re.search(part.pattern, stated_texts[part.file])
    assert stated, f"{part.file} does not state the version as it did"
    assert ".".join(stated.groups()) == part.version
