"""The layouts of docs/FORMAT.md, made with the real runtimes: the same model in every shape, started without help."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from mkexe.artifact.reader import open_artifact
from support.asking import ASK, FRANCE, PARIS
from support.needs import need
from support.running import Running
from support.usb_stick import stick

HOST = "linux-x86_64"
LAYOUTS = ("exe", "script", "pair")


@pytest.fixture(scope="module")
def layouts(real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tiny model in all layouts, built; native ones by target."""
    folder = tmp_path_factory.mktemp("layouts")
    found = {}
    epoch = {"SOURCE_DATE_EPOCH": "1700000000"}
    for layout in LAYOUTS:
        found[layout] = folder / f"{layout}{'.cmd' if layout == 'script' else '.exe'}"
        real_mkexe("build", TINY_MODEL, "--layout", layout, "-o", found[layout], "--name", "tiny", environment=epoch)
    for target in ("linux-x86_64", "linux-aarch64", "windows-x86_64"):
        found[target] = folder / (f"{target}.exe" if "windows" in target else target)
        words = ("--layout", "native", "--target", target, "--name", "tiny")
        real_mkexe("build", TINY_MODEL, *words, "-o", found[target], environment=epoch)
    return found


def start(*command: str | Path, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start a file as execve(2) does it, with nothing else in the environment."""
    environment = {"PATH": os.environ["PATH"]} | variables
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_layout_is_found_good(real_mkexe: Mkexe, layouts: dict[str, Path]) -> None:
    for path in layouts.values():
        assert "good" in real_mkexe("verify", path).stdout


def test_every_layout_is_a_zip(layouts: dict[str, Path]) -> None:
    for path in layouts.values():
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert "manifest.json" in archive.namelist()


@pytest.mark.parametrize(("source", "layout"), [("exe", "script"), ("script", "exe")])
def test_what_is_converted_is_what_would_have_been_built(
    real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path, source: str, layout: str
) -> None:
    out = tmp_path / layouts[layout].name
    real_mkexe("convert", layouts[source], "--layout", layout, "-o", out)
    assert sha256(out) == sha256(layouts[layout])


@pytest.mark.parametrize("target", ["linux-x86_64", "linux-aarch64", "windows-x86_64"])
@pytest.mark.parametrize("source", ["exe", "script"])
def test_a_native_file_comes_out_of_any_other(
    real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path, source: str, target: str
) -> None:
    out = tmp_path / layouts[target].name
    real_mkexe("convert", layouts[source], "--layout", "native", "--target", target, "-o", out)
    assert sha256(out) == sha256(layouts[target])


def test_a_pair_comes_apart_and_together_again(real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path) -> None:
    real_mkexe("convert", layouts["exe"], "--layout", "pair", "-o", tmp_path / "pair.exe")
    assert sha256(tmp_path / "pair.exe") == sha256(layouts["pair"])
    assert (tmp_path / "pair.gguf").read_bytes() == TINY_MODEL.read_bytes()
    real_mkexe("convert", tmp_path / "pair.exe", "--layout", "exe", "-o", tmp_path / "one.exe")
    assert "good" in real_mkexe("verify", tmp_path / "one.exe").stdout
    assert open_artifact(tmp_path / "one.exe").manifest.weights()[0].sha256 == sha256(TINY_MODEL)
    assert start("sh", tmp_path / "one.exe", *ASK, HOME=str(tmp_path)).stdout == PARIS + "\n"


def test_a_native_file_becomes_a_script_again(real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path) -> None:
    real_mkexe("convert", layouts[HOST], "--layout", "script", "-o", tmp_path / "script")
    done = start(tmp_path / "script", *ASK, HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")


@pytest.mark.parametrize("layout", ["script", HOST])
def test_the_kernel_starts_it(layouts: dict[str, Path], tmp_path: Path, layout: str) -> None:
    done = start(layouts[layout], *ASK, HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, PARIS + "\n")


@pytest.mark.parametrize("layout", [*LAYOUTS, HOST])
def test_nothing_is_ever_written_beside_it(layouts: dict[str, Path], tmp_path: Path, layout: str) -> None:
    """Nor into the folder it is started from: an answer, a server with a chat, and its end."""
    home, own = tmp_path / "home", tmp_path / "own"
    home.mkdir()
    own.mkdir()
    program = own / layouts[layout].name
    shutil.copy(layouts[layout], program)
    if layout == "pair":
        shutil.copy(layouts[layout].with_suffix(".gguf"), own)
    before = {path.name: path.stat().st_mtime_ns for path in own.iterdir()}
    words = [f"./{program.name}"] if layout == HOST else ["sh", f"./{program.name}"]
    assert start(*words, *ASK, cwd=own, HOME=str(home)).stdout == PARIS + "\n"
    with Running(["-c", 'cd "$0" && exec "$@"', str(own), *words], home) as running:
        chat = {"title": "One", "messages": [{"id": "a", "parent": None, "role": "user", "content": "Hi"}]}
        headers = {"X-Mkexe-Token": running.json("/mkexe/session")["token"], "If-Match": "*"}
        assert running.post("/mkexe/chats/chat-0001", chat, headers)[0] == 200
    assert {path.name: path.stat().st_mtime_ns for path in own.iterdir()} == before


def test_a_native_file_unpacks_nothing(layouts: dict[str, Path], tmp_path: Path) -> None:
    done = start(layouts[HOST], *ASK, HOME=str(tmp_path), TMPDIR=str(tmp_path))
    assert done.stdout == PARIS + "\n"
    assert [path for path in tmp_path.rglob("*") if path.stat().st_size > 1_000_000] == []


def test_a_native_file_runs_where_nothing_else_is(layouts: dict[str, Path], tmp_path: Path) -> None:
    """A read-only root with nothing but the file: no shell, no /tmp, no /proc, no /dev, no home."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(layouts[HOST], root / "model")
    steps = (
        f"mount --bind {root} {root}",
        f"mount -o remount,bind,ro {root}",
        f'exec chroot {root} /model "$@"',
    )
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", " && ".join(steps), "sh", *ASK], env={"PATH": os.environ["PATH"]},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if "permitted" in done.stderr.lower() or "denied" in done.stderr.lower():
        assert not os.environ.get("CI"), done.stderr
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    assert (done.returncode, done.stdout) == (0, PARIS + "\n"), done.stderr


def test_a_native_file_for_another_processor(layouts: dict[str, Path], tmp_path: Path) -> None:
    """Emulated by qemu."""
    need("qemu-aarch64-static")
    done = start("qemu-aarch64-static", layouts["linux-aarch64"], *ASK, HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, PARIS + "\n"), done.stderr


def test_a_stranger_in_the_environment_changes_nothing(layouts: dict[str, Path], tmp_path: Path) -> None:
    """MKEXE_ARTIFACT is for a runtime that was unpacked; one that is the artifact itself does not look at it."""
    done = start(layouts[HOST], *ASK, HOME=str(tmp_path), MKEXE_ARTIFACT="/nowhere")
    assert done.stdout == PARIS + "\n"
    done = start(layouts["script"], *ASK, HOME=str(tmp_path), MKEXE_ARTIFACT="/nowhere")
    assert done.stdout == PARIS + "\n"


def copied_pair(layouts: dict[str, Path], folder: Path) -> Path:
    """The pair in a folder of its own."""
    shutil.copy(layouts["pair"].with_suffix(".gguf"), folder)
    return Path(shutil.copy(layouts["pair"], folder))


def test_a_pair_answers_also_through_a_link(layouts: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "tiny"
    link.symlink_to(copied_pair(layouts, tmp_path / "a b"))
    for file in (tmp_path / "a b" / "pair.exe", link):
        done = start("sh", file, *ASK, HOME=str(tmp_path))
        assert (done.returncode, done.stdout) == (0, PARIS + "\n"), done.stderr


def test_weights_in_pieces_are_joined_where_they_lie(
    real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path
) -> None:
    """Cut for a file system with small files; llama.cpp maps each of them."""
    words = ("--layout", "pair", "--split-size", "700KB", "-o", tmp_path / "tiny.exe", "--json")
    pieces = json.loads(real_mkexe("convert", layouts["exe"], *words).stdout)["beside"]
    assert len(pieces) > 3
    assert max(Path(piece).stat().st_size for piece in pieces) <= 700_000
    assert start("sh", tmp_path / "tiny.exe", *ASK, HOME=str(tmp_path)).stdout == PARIS + "\n"
    with Running([str(tmp_path / "tiny.exe")], tmp_path) as running:
        assert running.ask(FRANCE) == PARIS
        maps = Path(f"/proc/{running.process_named('run/')}/maps").read_text()
    assert [piece for piece in pieces if piece not in maps] == []
    (tmp_path / Path(pieces[1]).name).unlink()
    failed = start("sh", tmp_path / "tiny.exe", *ASK, HOME=str(tmp_path))
    assert failed.returncode == 4
    assert Path(pieces[1]).name in failed.stderr


@pytest.mark.parametrize("change", ["missing", "shorter", "other"])
def test_a_file_beside_that_is_not_the_right_one_is_explained(
    real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path, change: str
) -> None:
    program = copied_pair(layouts, tmp_path)
    weights = tmp_path / "pair.gguf"
    data = bytearray(weights.read_bytes())
    expected = hashlib.sha256(data).hexdigest()
    if change == "missing":
        weights.unlink()
    elif change == "shorter":
        weights.write_bytes(data[:-1])
    else:
        data[200_000] ^= 1
        weights.write_bytes(data)
    done = start("sh", program, *ASK, HOME=str(tmp_path))
    assert done.returncode == 4
    for part in ('"pair.gguf"', expected, str(len(data)), "in one folder"):
        assert part in done.stderr
    assert done.stderr.count("\n") == 3
    assert "pair.gguf" in real_mkexe("verify", program, status=4).stdout
    failed = real_mkexe("convert", program, "--layout", "script", "-o", tmp_path / "out.cmd", status=4)
    assert expected in failed.stderr
    assert not (tmp_path / "out.cmd").exists()


def test_damage_behind_the_begin_of_a_file_beside_is_found(
    real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path
) -> None:
    program = copied_pair(layouts, tmp_path)
    with (tmp_path / "pair.gguf").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    done = start("sh", program, "verify", HOME=str(tmp_path))
    assert done.returncode == 4
    assert "pair.gguf" in done.stdout + done.stderr
    assert "pair.gguf" in real_mkexe("verify", program, status=4).stdout


def test_a_pair_in_place_copies_nothing_and_overwrites_nothing(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    model = Path(shutil.copy(TINY_MODEL, tmp_path / "garden.gguf"))
    before = model.stat()
    built = json.loads(real_mkexe("build", model, "--layout", "pair", "-o", tmp_path / "garden.exe", "--json").stdout)
    assert built["beside"] == [str(model)]
    assert (model.stat().st_ino, model.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    (tmp_path / "lawn.gguf").write_bytes(b"something that somebody needs")
    failed = real_mkexe("build", model, "--layout", "pair", "-o", tmp_path / "lawn.exe", status=10)
    assert "lawn.gguf: exists and has other content" in failed.stderr
    assert (tmp_path / "lawn.gguf").read_bytes() == b"something that somebody needs"
    assert not (tmp_path / "lawn.exe").exists()


def test_a_damaged_file_is_not_converted(real_mkexe: Mkexe, layouts: dict[str, Path], tmp_path: Path) -> None:
    damaged = Path(shutil.copy(layouts["exe"], tmp_path / "damaged.exe"))
    weights = open_artifact(damaged).manifest.weights()[0]
    with damaged.open("r+b") as file:
        file.seek(weights.offset + weights.size // 2)
        file.write(b"damage")
    failed = real_mkexe("convert", damaged, "--layout", "script", "-o", tmp_path / "out.cmd", status=4)
    assert weights.sha256 in failed.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.exe"]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--layout", "native", "--target", "all"), "layout native holds one program", "--target"),
        (("--layout", "native", "--target", "macos-aarch64"), "a signed Mach-O cannot have data", "script"),
        (("--layout", "exe", "--target", "linux-x86_64"), "needs a program for Windows", "--layout script"),
        (("--layout", "scirpt"), "unknown layout 'scirpt'", "script"),
        (("--layout", "script", "-o", "big.exe"), "only if its name ends in .cmd", "big.cmd"),
    ],
)
def test_what_a_layout_cannot_hold_is_refused(
    real_mkexe: Mkexe, layouts: dict[str, Path], words: tuple[str, ...], message: str, hint: str
) -> None:
    for command in (("build", TINY_MODEL), ("convert", layouts["exe"])):
        failed = real_mkexe(*command, *words, status=2)
        error, _, advice = failed.stderr.partition("hint: ")
        assert message in error
        assert hint in advice


def test_a_stick_with_fat_holds_a_pair_in_parts_and_starts_it(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    """FAT by its rules (tests/support/usb_stick.py), for files no larger than what holds the programs."""
    need("fusermount3")
    words = ("--layout", "pair", "--target", "linux-x86_64,windows-x86_64", "--json")
    with stick(tmp_path / "blocks", tmp_path / "stick", 24 << 20) as folder:
        out = folder / "assistant.exe"
        built = json.loads(real_mkexe("build", TINY_MODEL, *words, "--split-size", "1MB", "-o", out).stdout)
        assert len(built["beside"]) == 4
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            ["assistant.exe", *(Path(path).name for path in built["beside"])]
        )
        assert "good" in real_mkexe("verify", out).stdout
        assert start("sh", out, *ASK, HOME=str(tmp_path)).stdout == PARIS + "\n"


def test_what_a_stick_with_fat_cannot_hold_is_explained(
    real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path: Path
) -> None:
    need("fusermount3")
    with stick(tmp_path / "blocks", tmp_path / "stick", 2 << 20) as folder:
        failed = real_mkexe("build", TINY_MODEL, "--target", HOST, "-o", folder / "assistant", status=10)
        assert (
            "assistant: File too large\nhint: this disk cannot hold such a large file (FAT32 allows less than 4 GiB)"
            in failed.stderr
        )
        assert list(folder.iterdir()) == []
