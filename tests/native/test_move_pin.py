"""native/move_pin.py: the lists of what llama.cpp can follow from the pinned source; a move says what it changes."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import move_pin
import pytest

from conftest import ROOT
from mkexe.base import cache
from mkexe.runtimes import pins

SERVER = """
    ctx_http.get ("/health", ex_wrapper(routes.get_health));
    ctx_http.post("/launch-missiles",  ex_wrapper(routes.post_launch));
    ctx_http.del ("/slots/:id", ex_wrapper(routes.del_slots));
"""
ARGUMENTS = """
    add_opt(common_arg(
        {"-h", "--help"},
        "print usage and exit", [](common_params & params) { params.usage = true; }
    ));
    add_opt(common_arg(
        {"--ui"},
        {"--no-ui"},
        "the page", [](common_params & params, bool value) {}
    ).set_examples({LLAMA_EXAMPLE_SERVER}).set_env("LLAMA_ARG_UI"));
"""
PATCH = """Why: a test. Drop when: never.

--- a/src/file.c
+++ b/src/file.c
@@ -1,2 +1,2 @@
 first
-second
+changed
"""


def test_the_repository_says_what_the_pinned_source_holds() -> None:
    """Architectures, routes, options, names of kernels, and every patch applies. Without a network."""
    if not (cache.root() / "downloads" / pins.llama_pin().file).is_file():
        pytest.skip("llama.cpp's source was not fetched yet: mkexe runtime build")
    done = run_move_pin()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything is as the repository says" in done.stdout


def run_move_pin(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "native/move_pin.py", *words], cwd=ROOT, capture_output=True, text=True, timeout=600,
        env={"PYTHONPATH": "builder", "PATH": "/usr/bin:/bin", "MKEXE_CACHE": str(cache.root()), "PIP_NO_INDEX": "1"},
    )  # fmt: skip


def test_both_lists_are_of_the_pinned_commit() -> None:
    for path in (move_pin.ARCHITECTURES, move_pin.SURFACE):
        assert json.loads(path.read_text())["llama_cpp_commit"].startswith(pins.llama_pin().commit)


def test_a_checkout_of_another_commit_is_compared_without_a_network(tmp_path: Path) -> None:
    """The pinned source, unpacked, with a route more: it is read only, and nothing is fetched."""
    pin = pins.llama_pin()
    archive = cache.root() / "downloads" / pin.file
    if not archive.is_file():
        pytest.skip("llama.cpp's source was not fetched yet: mkexe runtime build")
    commit = move_pin.unpack(archive, pin, tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("c" * 40 + "\n")
    server = tmp_path / "tools/server/server.cpp"
    server.write_text(server.read_text() + SERVER)
    done = run_move_pin("--source", str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "upstream.json: routes: new: POST /launch-missiles" in done.stdout.splitlines()
    assert f"upstream.json: llama_cpp_commit: {commit} -> {'c' * 40}" in done.stdout.splitlines()
    assert "no longer applies" not in done.stdout


def test_mistakes_get_a_sentence(tmp_path: Path) -> None:
    for words in (["--source", str(tmp_path / "nowhere")], ["0.0.0"], ["--source", str(tmp_path), "--write"]):
        done = run_move_pin(*words)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert "move_pin" in done.stderr


def write_source(tree: Path) -> Path:
    for name, text in (("tools/server/server.cpp", SERVER), ("common/arg.cpp", ARGUMENTS), ("src/file.c", "a\n")):
        (tree / name).parent.mkdir(parents=True)
        (tree / name).write_text(text)
    return tree


def test_routes_and_options_are_read_from_the_source(tmp_path: Path) -> None:
    found = move_pin.surface(write_source(tmp_path), "c" * 40)
    assert found["routes"] == ["DELETE /slots/:id", "GET /health", "POST /launch-missiles"]
    assert found["options"] == ["--help", "--no-ui", "--ui", "-h"]
    assert found["environment"] == ["LLAMA_ARG_UI"]
    assert "ggml_vec_dot_f32" in str(found["kernel_names_not_in_source"])


def test_a_source_that_changed_its_shape_is_not_taken_for_one_without_routes(tmp_path: Path) -> None:
    write_source(tmp_path)
    (tmp_path / "tools/server/server.cpp").write_text("// moved\n")
    with pytest.raises(SystemExit, match="no routes"):
        move_pin.surface(tmp_path, "c" * 40)


def test_what_is_new_and_gone_is_said() -> None:
    before = {"routes": ["GET /a", "GET /b"], "llama_cpp_commit": "1"}
    after = {"routes": ["GET /b", "POST /c"], "llama_cpp_commit": "2"}
    assert move_pin.compared("x.json", before, after) == [
        "x.json: llama_cpp_commit: 1 -> 2", "x.json: routes: new: POST /c", "x.json: routes: gone: GET /a",
    ]  # fmt: skip
    assert move_pin.compared("x.json", after, after) == []


def test_every_patch_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patches, tree = tmp_path / "patches", tmp_path / "tree"
    patches.mkdir()
    for name, line in (("a", "second"), ("b", "other"), ("c", "changed")):
        (patches / f"{name}.patch").write_text(PATCH.replace("second", line).replace("+changed", f"+{name}"))
    (tree / "src").mkdir(parents=True)
    (tree / "src/file.c").write_text("first\nsecond\n")
    monkeypatch.setattr(move_pin, "PATCHES", patches)
    assert list(move_pin.failing_patches(tree)) == ["b.patch: src/file.c", "c.patch: src/file.c"]
    assert (tree / "src/file.c").read_text() == "first\na\n"


def test_a_move_writes_pin_and_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    present = move_pin.PINS.read_text()
    for name in ("PINS", "SURFACE", "ARCHITECTURES"):
        monkeypatch.setattr(move_pin, name, tmp_path / name)
    move_pin.PINS.write_text(present)
    pin = dataclasses.replace(
        pins.llama_pin(), version="9.9", file="f-9.9.tar.gz", sha256="0" * 64, folder="f-9.9/v", commit="abc"
    )
    move_pin.write(move_pin.Report(pin, move_pin.Lists({"a": 1}, {"b": 2}), (), ()))
    written = tomllib.loads(move_pin.PINS.read_text())
    assert written["llama"] == dataclasses.asdict(pin)
    assert written["zig"] == tomllib.loads(present)["zig"]
    assert present.count("\n") == move_pin.PINS.read_text().count("\n")
    assert json.loads(move_pin.SURFACE.read_text()) == {"b": 2}
