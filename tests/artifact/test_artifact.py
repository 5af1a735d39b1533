"""The artifact's format, through `mkexe build`, `inspect`, `verify` and `extract` and through other ZIP programs."""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import struct
import subprocess
import zipfile
from pathlib import Path

import jsonschema
import pytest

from conftest import ROOT, Mkexe
from mkexe.artifact import manifest, superblock
from mkexe.artifact.executable import plain_page
from mkexe.artifact.reader import open_artifact, verify_artifact
from mkexe.errors import ArtifactError
from support.needs import need

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}


@pytest.fixture
def built(mkexe: Mkexe, model: Path, tmp_path: Path) -> Path:
    out = tmp_path / "out"
    mkexe("build", model, "-o", out, "--title", "Käse", "--arg", "-c 128", environment=EPOCH)
    return out


def test_manifest_follows_its_schema(built: Path) -> None:
    schema = json.loads((ROOT / "docs" / "manifest.schema.json").read_text())
    jsonschema.validate(json.loads(open_artifact(built).manifest_text), schema)


def test_same_inputs_give_the_same_bytes(mkexe: Mkexe, model: Path, built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    mkexe("build", model, "-o", again, "--title", "Käse", "--arg", "-c 128", environment=EPOCH)
    assert again.read_bytes() == built.read_bytes()


def test_python_zipfile_reads_every_entry(built: Path, model: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        assert archive.testzip() is None
        assert archive.read("models/small.gguf") == model.read_bytes()
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        assert {info.date_time for info in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}


@pytest.mark.parametrize("command", [["unzip", "-t"], ["7z", "t"], ["bsdtar", "-tf"]])
def test_other_zip_programs_read_it(built: Path, command: list[str]) -> None:
    need(command[0])
    done = subprocess.run([*command, built], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "manifest.json" in done.stdout or command[0] == "7z"


def test_alignment_and_order(built: Path) -> None:
    manifest = open_artifact(built).manifest
    weights = manifest.weights()
    assert all(part.offset % 65536 == 0 for part in weights)
    assert all(record.range.offset % 4096 == 0 for record in manifest.runtimes)
    assert max(record.range.offset for record in manifest.runtimes) < min(part.offset for part in weights)
    assert max(pack.offset for pack in manifest.packs) < min(part.offset for part in weights)
    assert max(part.offset for part in weights) < min(item.offset for item in manifest.files)


def test_runtimes_of_a_processor_are_packed_together(built: Path) -> None:
    manifest = open_artifact(built).manifest
    packs = {record.target: record.pack.entry for record in manifest.runtimes if record.pack}
    assert packs == {
        "linux-x86_64": "runtimes/x86_64.xz",
        "macos-x86_64": "runtimes/x86_64.xz",
        "linux-aarch64": "runtimes/aarch64.xz",
        "macos-aarch64": "runtimes/aarch64.xz",
    }


def test_format_page_states_the_numbers_of_the_code() -> None:
    text = (ROOT / "docs" / "FORMAT.md").read_text()
    magic = re.search(r"magic: `([0-9a-f ]+)`", text)
    assert magic
    assert bytes.fromhex(magic[1]) == superblock.MAGIC
    assert f"at most {superblock.MANIFEST_SIZE_MAXIMUM}" in text
    rows = [tuple(map(int, row)) for row in re.findall(r"^\| (\d+) \| (\d+) \|", text, re.MULTILINE)]
    assert [offset for offset, _ in rows] == [0, 8, 10, 12, 16, 24, 32, 64, 72, 80, 112]
    assert rows[-1][0] + rows[-1][1] == superblock.SUPERBLOCK_SIZE
    header = "".join((ROOT / "runtime/artifact" / name).read_text() for name in ("superblock.h", "superblock.cpp"))
    for name, number in re.findall(r"at_(\w+)\s+= (\d+),", header):
        assert (int(number), name) in [(row[0], name) for row in rows], f"at_{name} in runtime/artifact/superblock.cpp"


def test_format_page_states_the_limits_of_both_readers() -> None:
    text = " ".join((ROOT / "docs" / "FORMAT.md").read_text().split())
    header = (ROOT / "runtime/artifact/manifest-limits.h").read_text()
    found = re.findall(r"(\w+_maximum) += (?:uint64_t\()?(\d+)\)?(?: << (\d+))?;", header)
    assert {name: int(number) << int(bits or 0) for name, number, bits in found} == {
        "runtimes_maximum": manifest.RUNTIMES_MAXIMUM,
        "program_size_maximum": manifest.PROGRAM_SIZE_MAXIMUM,
        "small_files_maximum": manifest.SMALL_FILES_MAXIMUM,
        "name_size_maximum": manifest.NAME_SIZE_MAXIMUM,
    }
    assert f"At most {manifest.RUNTIMES_MAXIMUM} runtimes" in text
    assert text.count(f"has at most {manifest.PROGRAM_SIZE_MAXIMUM >> 20} MiB") == 1
    assert f"`files` have at most {manifest.SMALL_FILES_MAXIMUM >> 20} MiB together" in text
    assert f"of at most {manifest.NAME_SIZE_MAXIMUM} bytes" in text


def test_sha256_of_the_closing_table_is_the_file_s(mkexe: Mkexe, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = json.loads(mkexe("build", model, "-o", out, "--json", "--sha256").stdout)
    assert told["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert told["size"] == out.stat().st_size
    assert told["overhead"] == told["size"] - model.stat().st_size


def test_verify_passes_a_good_file_with_a_signature_appended(mkexe: Mkexe, built: Path) -> None:
    assert "good" in mkexe("verify", built).stdout
    with built.open("ab") as file:
        file.write(b"s")
    assert "; 1 byte follows it (" in mkexe("verify", built).stdout
    with built.open("ab") as file:
        file.write(b"signature" * 100)
    assert "; 901 bytes follow it (" in mkexe("verify", built).stdout


def test_verify_tells_a_pipeline_in_json(mkexe: Mkexe, built: Path) -> None:
    good = json.loads(mkexe("verify", built, "--json").stdout)
    assert (good["path"], good["good"], good["findings"], good["appended"]) == (str(built), True, [], 0)
    assert good["size"] == built.stat().st_size
    assert good["entries"] > 3
    data = bytearray(built.read_bytes())
    data[len(data) // 2] ^= 1
    built.write_bytes(data)
    done = mkexe("verify", built, "--json", status=4)
    damaged = json.loads(done.stdout)
    assert damaged["good"] is False
    assert "expected SHA-256" in damaged["findings"][0]
    assert "is damaged" in done.stderr


def test_extract_lists_the_entries_that_it_can_write(mkexe: Mkexe, built: Path, tmp_path: Path) -> None:
    names = mkexe("extract", built, "--list", "-C", tmp_path / "none").stdout.splitlines()
    assert not (tmp_path / "none").exists()
    mkexe("extract", built, "-C", tmp_path / "x")
    assert sorted(names) == sorted(
        path.relative_to(tmp_path / "x").as_posix() for path in (tmp_path / "x").rglob("*") if path.is_file()
    )
    assert mkexe("extract", built, "-l", "manifest.json").stdout == "manifest.json\n"
    assert "has no entry 'nope'" in mkexe("extract", built, "-l", "nope", status=2).stderr


def test_extract_gives_back_what_went_in(mkexe: Mkexe, built: Path, model: Path, tmp_path: Path) -> None:
    mkexe("extract", built, "-C", tmp_path / "x")
    assert (tmp_path / "x/models/small.gguf").read_bytes() == model.read_bytes()
    runtime = tmp_path / "x/runtimes/linux-x86_64"
    assert runtime.stat().st_mode & 0o111
    assert b"linux-x86_64" in runtime.read_bytes()


def test_extract_refuses_an_unknown_entry(mkexe: Mkexe, built: Path) -> None:
    refused = mkexe("extract", built, "nope", status=2).stderr
    assert "has no entry 'nope'\nhint: mkexe extract --list lists the entries\n" in refused
    assert "hint: did you mean models/small.gguf?" in mkexe("extract", built, "small.gguf", status=2).stderr


def test_unknown_members_are_skipped_and_unknown_required_features_refused(built: Path) -> None:
    from mkexe.artifact.manifest import decode_manifest
    from mkexe.errors import ArtifactError

    artifact = open_artifact(built)
    document = json.loads(artifact.manifest_text)
    document["later"] = {"unknown": [1]}
    document["optional_features"] = ["sparkles"]
    assert decode_manifest(json.dumps(document).encode(), artifact.block).name == "small"
    document["required_features"] = ["warp"]
    with pytest.raises(ArtifactError, match="needs the feature 'warp'"):
        decode_manifest(json.dumps(document).encode(), artifact.block)


def test_the_quantization_may_be_missing_as_in_older_artifacts(built: Path) -> None:
    artifact = open_artifact(built)
    assert artifact.manifest.model.quantization == "F32"
    document = json.loads(artifact.manifest_text)
    del document["models"][0]["quantization"]
    assert manifest.decode_manifest(json.dumps(document).encode(), artifact.block).model.quantization == ""
    document["models"][0]["quantization"] = 4
    with pytest.raises(ArtifactError, match='"quantization" must be a string, found 4'):
        manifest.decode_manifest(json.dumps(document).encode(), artifact.block)


def test_a_runtime_must_lie_in_a_pack_that_is_there(built: Path) -> None:
    from mkexe.artifact.manifest import decode_manifest
    from mkexe.errors import ArtifactError

    artifact = open_artifact(built)
    document = json.loads(artifact.manifest_text)
    document["runtimes"][0]["pack"]["entry"] = "models/small.gguf"
    with pytest.raises(ArtifactError, match="lies in 'models/small"):
        decode_manifest(json.dumps(document).encode(), artifact.block)
    document["runtimes"][0]["pack"] = {"entry": "runtimes/x86_64.xz", "skip": -1}
    with pytest.raises(ArtifactError, match='"skip" must be a whole number'):
        decode_manifest(json.dumps(document).encode(), artifact.block)


def test_a_pack_that_does_not_hold_what_it_should_is_found(built: Path) -> None:
    """Hashes that fit, as a hostile writer would make them; the stream itself is cut off, no stream, or another one."""
    artifact = open_artifact(built)
    place = artifact.manifest.packs[0]
    good = built.read_bytes()[place.offset : place.offset + place.size]
    for stream in (good[:-40] + bytes(40), b"not xz" * 100, lzma.compress(b"another program", lzma.FORMAT_XZ)):
        stored = stream[: place.size].ljust(place.size, b"\0")
        data = bytearray(built.read_bytes())
        data[place.offset : place.offset + place.size] = stored
        built.write_bytes(data)
        findings = verify_artifact(artifact)
        assert any("the program for linux-x86_64" in finding for finding in findings), findings


def superblock_of(data: bytes | bytearray) -> int:
    return data.index(superblock.MAGIC)


def resealed(data: bytearray, at: int, packed: bytes) -> bytes:
    """A superblock field changed, with a checksum that fits: what a hostile writer would make."""
    start = superblock_of(data)
    data[start + at : start + at + len(packed)] = packed
    data[start + 112 : start + 128] = hashlib.sha256(data[start : start + 112]).digest()[:16]
    return bytes(data)


@pytest.mark.parametrize(
    ("at", "packed", "message"),
    [
        (8, struct.pack("<H", 2), "the format version at offset {8} is 2, this program reads version 1"),
        (12, struct.pack("<I", 4), "the required features at offset {12} hold 4"),
        (16, struct.pack("<Q", 1 << 40), "the manifest at offset 1099511627776"),
        (16, struct.pack("<Q", 0), "the manifest at offset 0 .* must lie between the head"),
        (24, struct.pack("<Q", 1 << 30), "the manifest's size at offset {24} is 1073741824, expected at most 16777216"),
        (32, bytes(32), "the manifest at offset .* is damaged: expected 0000"),
        (64, struct.pack("<Q", 1 << 62), "must lie between the head"),
        (72, struct.pack("<Q", 1 << 62), "the file is cut off: expected 4611686018427387904 bytes, found "),
        (80, bytes(32), r"the head \(offset 0 to 4096\) is damaged: expected 0000"),
    ],
)  # fmt: skip
def test_superblock_fields_are_checked(mkexe: Mkexe, built: Path, at: int, packed: bytes, message: str) -> None:
    data = bytearray(built.read_bytes())
    start = superblock_of(data)
    message = re.sub(r"\{(\d+)\}", lambda found: str(start + int(found[1])), message)
    built.write_bytes(resealed(data, at, packed))
    assert re.search(message, mkexe("inspect", built, status=4).stderr)


def test_damage_anywhere_is_found(mkexe: Mkexe, built: Path) -> None:
    """One flipped bit at 200 places spread over the whole file, from the first byte to the last."""
    data = built.read_bytes()
    survivors = []
    for turn in range(200):
        at = turn * (len(data) - 1) // 199
        damaged = bytearray(data)
        damaged[at] ^= 1 << turn % 8
        if not _is_refused(built, damaged):
            survivors.append(at)
    assert survivors == []


@pytest.mark.parametrize("keep", [0, 1, 100, 4095, 4096, 5000, -1, -22])
def test_truncation_is_found(mkexe: Mkexe, built: Path, keep: int) -> None:
    data = built.read_bytes()
    built.write_bytes(data[:keep])
    failed = mkexe("verify", built, status=4).stderr
    assert str(built) in failed
    assert "hint:" in failed
    assert "Traceback" not in failed


def _is_refused(path: Path, data: bytes | bytearray) -> bool:
    """Whether opening or verifying says so; any other exception fails the test."""
    from mkexe.artifact.reader import verify_artifact
    from mkexe.errors import ArtifactError

    path.write_bytes(data)
    try:
        return bool(verify_artifact(open_artifact(path)))
    except ArtifactError as error:
        return str(path) in error.message and bool(error.hint)


@pytest.mark.parametrize("head", [b"#!/bin/sh\n", b"MZ" + b"\xff" * 100, b"MZ" + bytes(100)])
def test_a_head_that_is_no_executable_is_refused_where_one_is_promised(head: bytes) -> None:
    with pytest.raises(ArtifactError, match="the head is not an executable"):
        plain_page(head.ljust(4096, b"\0"), 1024)
