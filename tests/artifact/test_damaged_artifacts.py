"""Damaged and hostile artifacts, apps and images: every command that reads them says what is wrong, in one sentence."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import Mkexe, install_fake_runtime
from mkexe import cli
from mkexe.artifact import reader
from mkexe.artifact.reader import open_artifact
from mkexe.base.reporter import UNWATCHED
from mkexe.boot.every_way import boot_artifact
from mkexe.boot.question import Question
from mkexe.boot.result import NOT_RUN
from mkexe.errors import ArtifactError
from mkexe.layouts.image_writer import ImageFacts, ImageWriter
from mkexe.models.model_set import ModelFile
from mkexe.runtimes import store as runtime_store
from mkexe.runtimes import targets
from support.damaged_artifacts import Case, Good, app_of, make_cases, write_case
from support.listener import Listener
from support.small_models import write_small_model

COUNT = 2000
THROUGH_THE_DOOR = 40
# a megabyte of Linux' ru_maxrss, and what reading a file of 200 KB may take beyond what the process has
MEGABYTE = 1024
MEMORY_MAXIMUM = 400 * MEGABYTE
# what may come to light in a file that was changed: nothing, a model that is none, a wrong artifact; no program inside
FINE = {0, 3, 4}
_RAW = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# a program that says where it listens, and gives every request the same answer
NONSENSE = b"""#!%s
import socket
server = socket.create_server(("127.0.0.1", 0))
print(f'{{"event":"listening","address":"http://127.0.0.1:{server.getsockname()[1]}/","addresses":[]}}')
print('{"event":"ready"}', flush=True)
for _ in range(3):
    client = server.accept()[0]
    client.recv(65536)
    client.sendall(ANSWER)
    client.close()
""" % sys.executable.encode()

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(mkexe: Mkexe, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """A command in this process: its exit status and all that it printed."""
    monkeypatch.setenv("MKEXE_CACHE", str(mkexe.cache))

    def start(*words: str | Path) -> tuple[int, str]:
        status = cli.main([str(word) for word in words])
        said = capfd.readouterr()
        return status, said.out + said.err

    return start


@pytest.fixture
def good(run: Run, tmp_path: Path) -> Good:
    model = write_small_model(tmp_path / "small.gguf")
    for name, layout in (("whole", "script"), ("pair", "pair")):
        assert run("build", model, "-o", tmp_path / name, "--layout", layout)[0] == 0
    whole, pair, weights = ((tmp_path / name).read_bytes() for name in ("whole", "pair", "pair.gguf"))
    with (tmp_path / "image").open("w+b") as image:
        row = targets.all_targets()["linux-x86_64"]
        writer = ImageWriter(ImageFacts("small", 0, {}), image)
        writer.add_weights(["pair.gguf"], (ModelFile(model, "models/small.gguf", len(weights)),), UNWATCHED)
        writer.add_program(row, pair)
        writer.finish()
    made = Good(whole, pair, weights, app_of(pair, weights), (tmp_path / "image").read_bytes())
    for path in ("small.gguf", "whole", "pair", "pair.gguf", "image"):
        (tmp_path / path).unlink()
    return made


def commands_for(case: Case, path: Path, folder: Path, number: int) -> list[tuple[str | Path, ...]]:
    """What reads this kind of file; the expensive ones in turn."""
    convert: list[tuple[str | Path, ...]] = [
        ("convert", path, "--layout", "script", "-o", folder / "out"),
        ("convert", path, "--layout", "script", "--target", "linux-x86_64", "-o", folder / "out"),
        ("convert", path, "--layout", "pair", "--split-size", "2K", "-o", folder / "out"),
        ("convert", path, "--layout", "script"),
    ]
    if case.kind in ("app", "image"):
        return [convert[number % len(convert)]]
    others: list[tuple[str | Path, ...]] = [
        ("extract", path, "-C", folder / "x"),
        ("inspect", path),
        ("inspect", path, "--json"),
        ("boot", path, "--on", "macos-x86_64"),
        ("advise", path),
        *convert,
    ]
    return [("verify", path), others[number // 13 % len(others)]]


def complaint(case: Case, words: tuple[str | Path, ...], status: int, said: str) -> str:
    """What is wrong with how a command ended; empty for nothing."""
    fine = FINE | ({2, 6} if words[0] == "boot" else set())
    what = f"{case.name} {case.kind} {' '.join(map(str, words))}"
    if status not in fine or "Traceback" in said:
        return f"{what}: status {status}: {said[-600:]}"
    if status and ("error: " not in said or len(said) > 20_000):
        return f"{what}: no sentence, or a long one: {len(said)} characters: {said[:300]}"
    if "mkexe-convert-" in said:
        return f"{what}: named a copy that is gone, not what was given: {said[:300]}"
    if found := _RAW.search(said):
        return f"{what}: printed {found[0]!r}"
    return ""


def test_damaged_files_get_sentences(run: Run, good: Good, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, with made-up programs: no traceback, nothing outside of the folder, no memory without bound."""
    work = tmp_path / "work"
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outside = [*sorted(os.listdir(tmp_path)), "work"]
    problems = []
    ends: Counter[tuple[str, int]] = Counter()
    for number, case in enumerate(make_cases(good, COUNT)):
        folder = work / "a" / "b"
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        path = write_case(case, good, folder)
        for words in commands_for(case, path, folder, number):
            status, said = run(*words)
            ends[str(words[0]), status] += 1
            problems.append(complaint(case, words, status, said))
        if os.listdir(work) != ["a"] or os.listdir(work / "a") != ["b"] or Path("/tmp/escaped").exists():
            problems.append(f"{case.name}: wrote outside of its folder")
        monkeypatch.chdir(tmp_path)
        shutil.rmtree(work)
    found = [problem for problem in problems if problem]
    assert not found, f"{len(found)} problems:\n" + "\n".join(found[:10])
    assert sorted([*os.listdir(tmp_path), "work"]) == sorted(outside)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used < MEMORY_MAXIMUM, f"{used // MEGABYTE} MB more, {ends}"
    # the damage came through to who parses it: some files were as good as before, most were not
    for command in ("verify", "inspect", "extract", "convert"):
        assert ends[command, 4] > 50, ends
        assert ends[command, 0] > 5, ends


def test_damaged_files_get_sentences_through_the_door(mkexe: Mkexe, good: Good, tmp_path: Path) -> None:
    cases = list(enumerate(make_cases(good, COUNT)))[:: COUNT // THROUGH_THE_DOOR]

    def ask(numbered: tuple[int, Case]) -> str:
        number, case = numbered
        folder = tmp_path / case.name
        folder.mkdir()
        words = commands_for(case, write_case(case, good, folder), folder, number)[-1]
        done = subprocess.run(
            [sys.executable, "-m", "mkexe", *map(str, words)],
            env=mkexe.environment, cwd=folder, capture_output=True, timeout=600,
        )  # fmt: skip
        return complaint(case, words, done.returncode, (done.stdout + done.stderr).decode())

    with ThreadPoolExecutor(2) as pool:
        assert [problem for problem in pool.map(ask, cases) if problem] == []


@pytest.mark.parametrize("part", ["start", "entry"])
@pytest.mark.parametrize("kind", ["app", "image"])
def test_damage_in_a_package_is_said_of_the_file_that_was_given(
    run: Run, good: Good, tmp_path: Path, kind: str, part: str
) -> None:
    spoiled = {"start": bytes(4096) + good.pair[4096:], "entry": good.pair.replace(b"licences of the", b"-" * 15)}[part]
    assert spoiled != good.pair
    path = tmp_path / kind
    path.write_bytes(app_of(spoiled, good.weights) if kind == "app" else good.image.replace(good.pair, spoiled))
    status, said = run("convert", path, "--layout", "script", "-o", tmp_path / "out")
    assert (status, f"error: {path}: " in said, "mkexe-convert-" in said) == (4, True, False), said


def test_what_is_no_file_is_refused_without_waiting(run: Run, tmp_path: Path) -> None:
    """A pipe that nobody writes to would be read for ever; nobody writes to this one."""
    pipe, folder, link = tmp_path / "pipe", tmp_path / "folder", tmp_path / "link"
    os.mkfifo(pipe)
    folder.mkdir()
    link.symlink_to("pipe")
    for path in (pipe, folder, link, tmp_path / "missing", tmp_path / ("n" * 300)):
        for words in (["inspect"], ["verify"], ["extract"], ["boot"], ["convert", "--layout", "script"]):
            status, said = run(words[0], path, *words[1:])
            assert (status, "Traceback" in said, "error: " in said) == (4, False, True), (path, words, said)


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense", b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{",
               b"HTTP/1.0 200 OK\r\n\r\n[1]", b"HTTP/1.0 99999 x\r\n\r\n", b"HTTP/1.0 401 x\r\n\r\n\xff"]
)  # fmt: skip
def test_a_program_that_answers_nonsense_is_a_failed_start(
    mkexe: Mkexe, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    """Whatever the file's own program says where a server should answer."""
    row = targets.all_targets()["linux-x86_64"]
    shutil.rmtree(mkexe.cache / "runtimes" / f"linux-x86_64-{runtime_store.runtime_key(row)}")
    install_fake_runtime(mkexe.cache, "linux-x86_64", NONSENSE.replace(b"ANSWER", repr(answer).encode()))
    model = write_small_model(tmp_path / "small.gguf")
    assert run("build", model, "-o", tmp_path / "out", "--layout", "script", "--target", "linux-x86_64")[0] == 0
    artifact = open_artifact(tmp_path / "out")
    if targets.host_target() != "linux-x86_64":
        pytest.skip("this machine runs no programs for linux-x86_64")
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "sh" else None)  # one way of starting is enough
    listener = Listener()
    found = boot_artifact(artifact, ["linux-x86_64"], Question("?", None), 60, listener)
    assert listener.results == found
    failed = [result.detail for result in found if result.verdict != NOT_RUN]
    assert len(failed) == 1
    assert "127.0.0.1" in failed[0] or "status" in failed[0], failed


def test_what_nobody_expected_is_a_sentence_with_a_status_of_its_own(
    mkexe: Mkexe, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: Path) -> None:
        raise KeyError("\x1b[2J")

    monkeypatch.setattr(reader, "open_artifact", fail)
    status, said = run("inspect", tmp_path / "x")
    assert (status, "Traceback" in said, "\x1b" in said) == (70, False, False)
    assert "this is a defect of mkexe: KeyError" in said
    kept = mkexe.cache / "logs" / "defect.log"
    assert str(kept) in said
    assert "raise KeyError" in kept.read_text()
    shutil.rmtree(kept.parent)
    kept.parent.write_text("no folder")
    status, said = run("inspect", tmp_path / "x")
    assert (status, "raise KeyError" in said) == (70, True)


def refused_by_the_builder(path: Path) -> str:
    """Why; empty where it opens the file."""
    try:
        open_artifact(path)
    except ArtifactError as error:
        return str(error)
    return ""


def test_the_program_s_own_reader_refuses_what_the_builder_s_refuses(
    good: Good, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    """docs/FORMAT.md, "Who refuses what", the first four rows: one page, two readers, the same files."""
    program = runtimes[targets.host_target()]
    problems, refused = [], 0
    for case in make_cases(good, COUNT // 2):
        if case.kind not in ("whole", "pair"):
            continue
        path = write_case(case, good, tmp_path)
        done = subprocess.run(
            [program, "info"], env={"HOME": str(tmp_path), "MKEXE_ARTIFACT": str(path)}, capture_output=True, timeout=60
        )  # fmt: skip
        said = done.stderr.decode("utf-8", "replace")
        reason = refused_by_the_builder(path)
        refused += bool(reason)
        # the builder bounds nesting by its interpreter's stack
        if done.returncode != (4 if reason else 0) and "levels" not in said:
            problems.append(f"{case.name} {case.kind}: program: {done.returncode} {said[:300]}; builder: {reason}")
        if len(said) > 2000 or _RAW.search(said):
            problems.append(f"{case.name} {case.kind}: a long or unsafe message: {said[:300]!r}")
    assert not problems, "\n".join(problems)
    assert refused > COUNT // 8
