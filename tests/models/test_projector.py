"""`--mmproj`: a projector goes into the file with its model. That it is used: tests/browser/test_media.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from mkexe.artifact.reader import open_artifact
from support.random_projector import write_random_projector
from support.small_models import EMBEDDING_LENGTH

TARGET = ("--target", "linux-x86_64")


@pytest.fixture
def projector(tmp_path: Path) -> Path:
    write_random_projector(tmp_path / "mmproj.gguf", EMBEDDING_LENGTH)
    return tmp_path / "mmproj.gguf"


def test_it_stands_behind_the_model(mkexe: Mkexe, model: Path, projector: Path, tmp_path: Path) -> None:
    built = json.loads(mkexe("build", model, "--mmproj", projector, *TARGET, "-o", tmp_path / "out", "--json").stdout)
    assert built["weights"] == model.stat().st_size + projector.stat().st_size
    assert "good" in mkexe("verify", tmp_path / "out").stdout
    text, seeing = open_artifact(tmp_path / "out").manifest.models
    assert [record.role for record in (text, seeing)] == ["model", "projector"]
    assert (seeing.name, seeing.architecture) == ("random projector", "clip")
    assert "projector: random projector" in mkexe("inspect", tmp_path / "out").stdout
    mkexe("extract", tmp_path / "out", "models/mmproj.gguf", "-C", tmp_path / "taken")
    assert (tmp_path / "taken" / "models" / "mmproj.gguf").read_bytes() == projector.read_bytes()
    mkexe("extract", tmp_path / "out", "sbom.cdx.json", "-C", tmp_path / "taken")
    bill = json.loads((tmp_path / "taken" / "sbom.cdx.json").read_text())
    found = {item["bom-ref"]: item for item in bill["components"]}["projector:random projector"]
    assert [item["name"] for item in found["properties"]] == ["mkexe:architecture", "mkexe:entry"]


def test_the_configuration_names_it_relative_to_itself(
    mkexe: Mkexe, model: Path, projector: Path, tmp_path: Path
) -> None:
    (tmp_path / "mkexe.toml").write_text(f'[build]\nmmproj = "{projector.name}"\n')
    mkexe("build", model, "--config", tmp_path / "mkexe.toml", *TARGET, "-o", tmp_path / "out")
    assert open_artifact(tmp_path / "out").manifest.projector


def test_one_of_the_model_s_own_name_gets_another(mkexe: Mkexe, model: Path, projector: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    same = projector.rename(tmp_path / "other" / model.name)
    mkexe("build", model, "--mmproj", same, *TARGET, "-o", tmp_path / "out")
    entries = [item.entry for item in open_artifact(tmp_path / "out").manifest.weights()]
    assert entries == ["models/small.gguf", "models/mmproj-small.gguf"]


def test_it_goes_through_every_layout_and_back(mkexe: Mkexe, model: Path, projector: Path, tmp_path: Path) -> None:
    mkexe("build", model, "--mmproj", projector, *TARGET, "-o", tmp_path / "out")
    pair = ("--layout", "pair", *TARGET, "--split-size", "71400", "-o", tmp_path / "pair", "--json")
    beside = [Path(path) for path in json.loads(mkexe("convert", tmp_path / "out", *pair).stdout)["beside"]]
    assert beside[-1].name == "pair.mmproj.gguf"
    assert beside[-1].read_bytes() == projector.read_bytes()
    assert "good" in mkexe("verify", tmp_path / "pair").stdout
    mkexe("convert", tmp_path / "pair", "--layout", "script", "-o", tmp_path / "again")
    found = open_artifact(tmp_path / "again").manifest.projector
    assert found is not None
    assert found.parts[0].sha256 == open_artifact(tmp_path / "out").manifest.weights()[-1].sha256
    with beside[-1].open("r+b") as file:
        file.write(b"X")
    assert beside[-1].name in mkexe("verify", tmp_path / "pair", status=4).stdout


@pytest.mark.parametrize(("layout", "target"), [("oci", "linux-x86_64"), ("app", "macos-aarch64")])
def test_layouts_with_a_package_around_them_take_it_too(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path: Path, layout: str, target: str
) -> None:
    assert target in runtimes
    model, projector = tmp_path / "small.gguf", tmp_path / "mmproj.gguf"
    shutil.copy(TINY_MODEL, model)
    write_random_projector(projector, 256)
    real_mkexe(
        "build", model, "--mmproj", projector, "--layout", layout, "--target", target, "-o", tmp_path / "out"
    )  # fmt: skip
    assert projector.read_bytes() in (tmp_path / "out").read_bytes()
    assert b"small.mmproj.gguf" in (tmp_path / "out").read_bytes()


def test_what_is_no_projector_is_refused(mkexe: Mkexe, model: Path, projector: Path, tmp_path: Path) -> None:
    failed = mkexe("build", model, "--mmproj", model, *TARGET, "-o", tmp_path / "out", status=3)
    assert "small.gguf is a text model: expected a projector (mmproj)" in failed.stderr
    failed = mkexe("build", model, "--mmproj", tmp_path / "none.gguf", *TARGET, "-o", tmp_path / "out", status=3)
    assert "none.gguf" in failed.stderr
    failed = mkexe("build", projector, *TARGET, "-o", tmp_path / "out", status=3)
    assert "mkexe build MODEL.gguf --mmproj mmproj.gguf" in failed.stderr
    assert not (tmp_path / "out").exists()


def test_one_that_was_made_for_another_model_is_refused(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    write_random_projector(tmp_path / "mmproj.gguf", 64)
    for words in (("build", model, *TARGET, "-o", tmp_path / "out"), ("advise", model)):
        failed = mkexe(*words, "--mmproj", tmp_path / "mmproj.gguf", status=3)
        assert "mmproj.gguf was made for another model: expected clip.vision.projection_dim to be 32" in failed.stderr
        assert "the embedding length of small.gguf, found 64" in failed.stderr
    assert not (tmp_path / "out").exists()


def test_what_older_files_say_of_their_size_is_not_compared(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """LLaVA's first converter wrote CLIP's own 768 there, whatever the text model."""
    old = tmp_path / "mmproj.gguf"
    write_random_projector(old, 64, general_type=False)
    mkexe("build", model, "--mmproj", old, *TARGET, "-o", tmp_path / "out")


def test_neither_is_written_over(mkexe: Mkexe, model: Path, projector: Path) -> None:
    for path, what in ((model, "model"), (projector, "projector")):
        before = path.read_bytes()
        failed = mkexe("build", model, "--mmproj", projector, *TARGET, "-o", path, status=10)
        assert f"{path}: is the {what} itself" in failed.stderr
        assert path.read_bytes() == before


def test_advice_counts_it(mkexe: Mkexe, model: Path, projector: Path) -> None:
    def memory(*words: str | Path) -> int:
        return int(json.loads(mkexe("advise", model, *words, "--json").stdout)["memory"]["weights"])

    assert memory("--mmproj", projector) == memory() + projector.stat().st_size
