"""Layout app: a macOS bundle in a ZIP, as far as that can be seen without macOS; its programs are made up here."""

from __future__ import annotations

import datetime
import io
import json
import plistlib
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conftest import Mkexe, install_fake_page, install_fake_runtime, scrubbed_environment
from mkexe.artifact.reader import open_artifact
from support.executables import CPU_ARM64, CPU_X86_64, Macho
from support.random_projector import write_random_projector
from support.small_models import EMBEDDING_LENGTH, write_small_model

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
CPUS = {"macos-x86_64": CPU_X86_64, "macos-aarch64": CPU_ARM64}
CONTENTS = "Garden.app/Contents"
# what Finder's Get Info shows of it, and what LaunchServices needs (Information Property List Key Reference)
PLIST_KEYS = {"CFBundleExecutable", "CFBundleIdentifier", "CFBundleIconFile", "LSMinimumSystemVersion"}


@pytest.fixture
def mac_mkexe(tmp_path: Path) -> Mkexe:
    """`mkexe` with programs for macOS that have a Mach-O's structure."""
    (tmp_path / "home").mkdir()
    command = Mkexe(tmp_path / "home/cache", scrubbed_environment(tmp_path / "home"))
    for target, cpu in CPUS.items():
        install_fake_runtime(command.cache, target, Macho(cpu=cpu).build())
    install_fake_page(command.cache)
    return command


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "Garden.gguf")


def build_app(mkexe: Mkexe, model: Path, folder: Path, *words: str | Path) -> zipfile.ZipFile:
    out = folder / "Garden.app.zip"
    mkexe("build", model, "--layout", "app", "--name", "Garden", "-o", out, *words, environment=EPOCH)
    return zipfile.ZipFile(out)


def test_the_bundle_holds_what_can_be_signed_and_nothing_else(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """Technical Note TN2206: code in MacOS, everything else in Resources, nothing beside Contents."""
    with build_app(mac_mkexe, model, tmp_path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "Garden.app/", f"{CONTENTS}/", f"{CONTENTS}/MacOS/", f"{CONTENTS}/Resources/",
            f"{CONTENTS}/Info.plist", f"{CONTENTS}/MacOS/Garden", f"{CONTENTS}/Resources/Garden.icns",
            f"{CONTENTS}/Resources/Garden.gguf", f"{CONTENTS}/Resources/Garden.mkexe",
        ]  # fmt: skip
        modes = {info.filename.rpartition("/")[2]: info.external_attr >> 16 for info in archive.infolist()}
        assert modes["Garden"] == 0o100755
        assert modes["Info.plist"] == modes["Garden.gguf"] == 0o100644
        assert {info.create_system for info in archive.infolist()} == {3}  # Unix: else the run bit is not looked at


def test_the_plist_names_what_is_there(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    with build_app(mac_mkexe, model, tmp_path, "--title", "Gärtner & Co") as archive:
        plist = plistlib.loads(archive.read(f"{CONTENTS}/Info.plist"))
        assert plist.keys() >= PLIST_KEYS
        assert f"{CONTENTS}/MacOS/{plist['CFBundleExecutable']}" in archive.namelist()
        assert f"{CONTENTS}/Resources/{plist['CFBundleIconFile']}" in archive.namelist()
    assert (plist["CFBundleDisplayName"], plist["LSMinimumSystemVersion"]) == ("Gärtner & Co", "11.0")
    assert re.fullmatch(r"[A-Za-z0-9.-]+", plist["CFBundleIdentifier"])
    built = datetime.datetime.fromtimestamp(1700000000, datetime.UTC)
    assert plist["CFBundleShortVersionString"] == f"{built.year}.{built.month}.{built.day}"


def test_what_is_said_to_be_clicked_is_what_is_inside(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """The app has the model's name, or that of --name; -o names the ZIP alone."""
    out = tmp_path / "other.app.zip"
    for words, name in (((), "Garden"), (("--name", "Orchard"), "Orchard")):
        found = json.loads(mac_mkexe("build", model, "--layout", "app", "-o", out, "--json", *words).stdout)
        assert found["start"] == f"macOS: unpack other.app.zip, then double click {name}.app"
        with zipfile.ZipFile(out) as archive:
            assert {entry.partition("/")[0] for entry in archive.namelist()} == {f"{name}.app"}


def test_both_processors_are_in_one_program_each_as_it_was(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """macOS' <mach-o/fat.h>: a big-endian table, slices at multiples of the page."""
    with build_app(mac_mkexe, model, tmp_path) as archive:
        program = archive.read(f"{CONTENTS}/MacOS/Garden")
    magic, count = struct.unpack_from(">II", program)
    assert (magic, count) == (0xCAFEBABE, 2)
    found = {}
    for index in range(count):
        cpu, _, offset, size, shift = struct.unpack_from(">iIIII", program, 8 + 20 * index)
        assert offset % (1 << shift) == 0
        assert shift == 14
        found[cpu] = program[offset : offset + size]
    assert found == {cpu: Macho(cpu=cpu).build() for cpu in CPUS.values()}


def test_one_processor_needs_no_table(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    with build_app(mac_mkexe, model, tmp_path, "--target", "macos-aarch64") as archive:
        assert archive.read(f"{CONTENTS}/MacOS/Garden") == Macho(cpu=CPU_ARM64).build()


@pytest.mark.parametrize("icon", ["svg", "png"])
def test_the_icon_has_all_sizes_and_keeps_its_proportions(
    mac_mkexe: Mkexe, model: Path, tmp_path: Path, icon: str
) -> None:
    wide = tmp_path / f"wide.{icon}"
    if icon == "svg":
        drawing = '<path d="M0 0h2v1H0z" fill="#f00"/>'
        wide.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1">{drawing}</svg>')
    else:
        Image.new("RGBA", (200, 100), (255, 0, 0, 255)).save(wide)
    with build_app(mac_mkexe, model, tmp_path, "--icon", wide) as archive:
        stored = io.BytesIO(archive.read(f"{CONTENTS}/Resources/Garden.icns"))
    with Image.open(stored) as image:
        assert image.format == "ICNS"
        sizes = {(width, scale) for width, _, scale in image.info["sizes"]}
        drawn = image.convert("RGBA")
    assert sizes == {(16, 2), (32, 2)} | {(width, scale) for width in (128, 256, 512) for scale in (1, 2)}
    assert drawn.size == (1024, 1024)
    assert drawn.getpixel((512, 512)) == (255, 0, 0, 255)
    for clear in ((512, 100), (512, 900)):
        assert drawn.getpixel(clear) == (0, 0, 0, 0)


def built_before_one_png_was_shipped(mkexe: Mkexe, model: Path, folder: Path, svg: str) -> Path:
    """An artifact whose icon is page/favicon.svg."""
    (page,) = (mkexe.cache / "page").iterdir()
    (page / "favicon.png").unlink()
    (page / "favicon.svg").write_text(svg)
    mkexe("build", model, *SCRIPT, "-o", folder / "older", environment=EPOCH)
    return folder / "older"


def test_the_svg_of_an_older_artifact_is_drawn(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z" fill="#f00"/></svg>'
    older = built_before_one_png_was_shipped(mac_mkexe, model, tmp_path, svg)
    mac_mkexe("convert", older, "--layout", "app", "-o", tmp_path / "new.app.zip")
    with zipfile.ZipFile(tmp_path / "new.app.zip") as archive:
        stored = io.BytesIO(archive.read(f"{CONTENTS}/Resources/Garden.icns"))
        (tmp_path / "Garden.mkexe").write_bytes(archive.read(f"{CONTENTS}/Resources/Garden.mkexe"))
        (tmp_path / "Garden.gguf").write_bytes(archive.read(f"{CONTENTS}/Resources/Garden.gguf"))
    with Image.open(stored) as image:
        assert image.convert("RGBA").getpixel((768, 256)) == (255, 0, 0, 255)
    taken = mac_mkexe("extract", tmp_path / "Garden.mkexe", "page/favicon.svg", "-C", tmp_path / "taken")
    assert Path(taken.stdout.strip()).read_text() == svg


def test_an_svg_of_an_older_artifact_reads_no_file(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (8, 8)).save(secret)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><image width="8" height="8" href="{secret}"/></svg>'
    older = built_before_one_png_was_shipped(mac_mkexe, model, tmp_path, svg)
    failed = mac_mkexe("convert", older, "--layout", "app", "-o", tmp_path / "new.app.zip", status=4)
    assert "favicon.svg, line 1: the external reference href" in failed.stderr.replace(".gz", "")
    assert not (tmp_path / "new.app.zip").exists()


def test_the_artifact_inside_is_good_and_names_the_weights(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    with build_app(mac_mkexe, model, tmp_path) as archive:
        archive.extractall(tmp_path / "unpacked")
    resources = tmp_path / "unpacked" / CONTENTS / "Resources"
    assert (resources / "Garden.gguf").read_bytes() == model.read_bytes()
    assert "good" in mac_mkexe("verify", resources / "Garden.mkexe").stdout
    manifest = open_artifact(resources / "Garden.mkexe").manifest
    assert (manifest.layout, manifest.runtimes, manifest.required_features) == ("app", (), ("files-beside",))
    bill = mac_mkexe("extract", resources / "Garden.mkexe", "sbom.cdx.json", "-C", tmp_path / "bill")
    assert "macos-aarch64" in Path(bill.stdout.strip()).read_text()


def test_the_zip_itself_is_no_artifact_and_says_where_it_is(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    build_app(mac_mkexe, model, tmp_path).close()
    failed = mac_mkexe("verify", tmp_path / "Garden.app.zip", status=4)
    assert "NAME.app/Contents/Resources/NAME.mkexe" in failed.stderr


def test_the_same_inputs_give_the_same_bytes(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    build_app(mac_mkexe, model, tmp_path).close()
    first = (tmp_path / "Garden.app.zip").read_bytes()
    build_app(mac_mkexe, model, tmp_path).close()
    assert (tmp_path / "Garden.app.zip").read_bytes() == first


SCRIPT = ("--layout", "script", "--name", "Garden")


def assert_becomes_a_script(mkexe: Mkexe, source: Path, model: Path, folder: Path) -> None:
    """`source` converted is byte for byte what a build of the same moment writes."""
    mkexe("build", model, *SCRIPT, "-o", folder / "built", environment=EPOCH)
    done = mkexe("convert", source, "--layout", "script", "-o", folder / "converted")
    assert "has no program for macos-x86_64, macos-aarch64; mkexe adds its own" in done.stderr
    assert (folder / "converted").read_bytes() == (folder / "built").read_bytes()


def test_it_becomes_another_layout(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """The ZIP as it was written."""
    build_app(mac_mkexe, model, tmp_path).close()
    assert_becomes_a_script(mac_mkexe, tmp_path / "Garden.app.zip", model, tmp_path)


@pytest.mark.parametrize("part", ["Garden.app", f"{CONTENTS}/Resources/Garden.mkexe"])
def test_unpacked_it_becomes_another_layout(mac_mkexe: Mkexe, model: Path, tmp_path: Path, part: str) -> None:
    with build_app(mac_mkexe, model, tmp_path) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert_becomes_a_script(mac_mkexe, tmp_path / "unpacked" / part, model, tmp_path)


def test_with_a_projector_it_becomes_a_pair(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    projector = tmp_path / "projector.gguf"
    write_random_projector(projector, EMBEDDING_LENGTH)
    build_app(mac_mkexe, model, tmp_path, "--mmproj", projector).close()
    mac_mkexe("convert", tmp_path / "Garden.app.zip", "--layout", "pair", "-o", tmp_path / "out")
    assert (tmp_path / "out.gguf").read_bytes() == model.read_bytes()
    assert (tmp_path / "out.mmproj.gguf").read_bytes() == projector.read_bytes()
    assert "good" in mac_mkexe("verify", tmp_path / "out").stdout


def repacked(source: Path, out: Path, *, packed: bool = False, without: str = "", damaged: bool = False) -> Path:
    """The app's ZIP as another program writes it: compressed, without a file, or with damaged weights."""
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(out, "w", method) as other:
        other.writestr("__MACOSX/Garden.app/Contents/Resources/._Garden.mkexe", b"")
        for name in archive.namelist():
            data = archive.read(name)
            if name.endswith(".gguf") and damaged:
                data = data[:-1] + bytes([data[-1] ^ 1])
            if not without or not name.endswith(without):
                other.writestr(name, data)
    return out


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"packed": True}, ("Garden.gguf is compressed in it", "give the path of NAME.app")),
        ({"without": ".gguf"}, ("Garden.gguf is not in it",)),
        ({"without": ".mkexe"}, ("is a ZIP without an app that mkexe made",)),
        ({"damaged": True}, ("Garden.gguf at offset", "expected SHA-256")),
    ],
    ids=["compressed", "no weights", "no artifact", "damaged"],
)
def test_a_zip_that_others_made_or_that_is_damaged_is_explained(
    mac_mkexe: Mkexe, model: Path, tmp_path: Path, how: dict[str, Any], said: tuple[str, ...]
) -> None:
    build_app(mac_mkexe, model, tmp_path).close()
    other = repacked(tmp_path / "Garden.app.zip", tmp_path / "other.zip", **how)
    failed = mac_mkexe("convert", other, "--layout", "script", "-o", tmp_path / "out", status=4)
    assert f"error: {other}: " in failed.stderr
    for part in said:
        assert part in failed.stderr
    assert not (tmp_path / "out").exists()


def test_repacked_without_compression_it_is_still_read(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    build_app(mac_mkexe, model, tmp_path).close()
    other = repacked(tmp_path / "Garden.app.zip", tmp_path / "other.zip")
    assert_becomes_a_script(mac_mkexe, other, model, tmp_path)


def test_a_folder_that_is_no_app_is_explained(mac_mkexe: Mkexe, tmp_path: Path) -> None:
    failed = mac_mkexe("convert", tmp_path, "--layout", "script", status=4)
    assert "expected one .mkexe in Contents/Resources, found 0" in failed.stderr


def test_the_programs_of_other_systems_are_added(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    """Whatever is converted: this mkexe's own, which is said; those inside stay."""
    one = ("--target", "macos-aarch64", "-o", tmp_path / "one")
    mac_mkexe("build", model, *SCRIPT, *one, environment=EPOCH)
    mac_mkexe("build", model, *SCRIPT, "-o", tmp_path / "both", environment=EPOCH)
    more = ("--target", "macos-aarch64,macos-x86_64", "-o", tmp_path / "more")
    done = mac_mkexe("convert", tmp_path / "one", "--layout", "script", *more)
    assert "has no program for macos-x86_64; mkexe adds its own" in done.stderr
    assert (tmp_path / "more").read_bytes() == (tmp_path / "both").read_bytes()


@pytest.mark.slow
def test_weights_of_more_than_4_gib_are_stored(mac_mkexe: Mkexe, tmp_path: Path) -> None:
    huge = write_small_model(tmp_path / "huge.gguf", large_bytes=4_400_000_000)
    with build_app(mac_mkexe, huge, tmp_path) as archive:
        assert archive.getinfo(f"{CONTENTS}/Resources/Garden.gguf").file_size == huge.stat().st_size


def test_other_systems_are_refused(mac_mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    words = ("--layout", "app", "--target", "macos-aarch64,linux-x86_64", "-o", tmp_path / "out.zip")
    failed = mac_mkexe("build", model, *words, status=2)
    assert "layout app is only for macOS, and the targets are linux-x86_64, macos-aarch64" in failed.stderr
    assert not (tmp_path / "out.zip").exists()
