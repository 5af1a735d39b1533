"""The shipped file itself: started, asked, damaged, looked at. The model is tests/data/tiny/tiny.gguf."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from support.asking import FRANCE, PARIS, QUESTIONS
from support.control_groups import UNSHARE, group_of_version_1
from support.running import Running, environment_of, run_to_end

TARGETS = ["linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-x86_64", "macos-aarch64"]


@pytest.fixture(scope="module")
def server(artifact: Path):  # type: ignore[no-untyped-def]
    with Running([str(artifact)], artifact.parent) as running:
        yield running


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_boots_or_is_audited(real_mkexe: Mkexe, artifact: Path, target: str) -> None:
    command: list[str | Path] = ["boot", artifact, "--on", target, "--ask", FRANCE, "--expect", PARIS, "--json"]
    report = json.loads(real_mkexe(*command, status=None).stdout)
    verdicts = {result["how"]: (result["verdict"], result["detail"]) for result in report}
    expected = "audited" if target.startswith("macos") else "booted"
    missing = [how for how, (verdict, _) in verdicts.items() if verdict == "not run"]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{target}: {verdicts[missing[0]][1]}")
    assert {verdict for verdict, _ in verdicts.values()} == {expected}, verdicts


def test_every_question_gets_its_exact_answer(server: Running) -> None:
    assert len(QUESTIONS) >= 100
    wrong = [item for item in QUESTIONS if server.ask(item["question"]) != item["answer"]]
    assert wrong == []


def test_a_word_that_nobody_could_have_stored_comes_back(server: Running) -> None:
    word = "".join(random.sample(string.ascii_lowercase, 6))  # tests/data/tiny/README.md: six different letters
    assert server.ask(f"Repeat after me: {word}") == word


def test_the_openai_client_streams(server: Running) -> None:
    import openai

    client = openai.OpenAI(base_url=server.address + "/v1", api_key="none")
    stream = client.chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": FRANCE}], temperature=0, stream=True
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
    assert "".join(pieces) == PARIS
    assert len([piece for piece in pieces if piece]) > 3
    assert [model.id for model in client.models.list()] == ["tiny"]


def test_weights_are_mapped_from_the_artifact(server: Running, artifact: Path) -> None:
    """No copy: the artifact is mapped shared; no temporary file: nothing else that is large is open or mapped."""
    process = server.process_named("mkexe")
    maps = Path(f"/proc/{process}/maps").read_text().splitlines()
    mapped = [line for line in maps if line.endswith(str(artifact))]
    assert mapped
    assert all(line.split()[1] == "r--s" for line in mapped)
    files = {line.split(maxsplit=5)[5] for line in maps if len(line.split(maxsplit=5)) == 6 and "/" in line}
    files = {name for name in files if not name.startswith(("[", "/usr/share/zoneinfo/", "/etc/"))}
    assert files <= {str(artifact), server.runtime_of(process)}


def test_the_page_comes_from_the_artifact(server: Running) -> None:
    status, headers, body = server.get("/")
    assert status == 200
    assert b"<html" in body
    assert json.loads(server.get("/build.json")[2])["title"] == "mkexe tiny"
    assert "no-cache" in server.get("/build.json")[1]["Cache-Control"]
    assert "no-cache" in headers["Cache-Control"]
    _, headers, body = server.get("/app.js")
    assert (headers["Content-Encoding"], headers["Content-Type"]) == ("gzip", "text/javascript; charset=utf-8")
    assert b"DOMContentLoaded" in gzip.decompress(body)


def test_foreign_origins_get_no_permission(server: Running) -> None:
    assert server.get("/health", {"Origin": "https://example.com"})[1].get("Access-Control-Allow-Origin") is None


def test_version_help_and_info(artifact: Path) -> None:
    assert run_to_end([str(artifact), "--version"]).stdout.startswith("mkexe runtime 0.1.0 (linux-x86_64), llama.cpp ")
    text = run_to_end([str(artifact), "--help"]).stdout
    assert "--help-server" in text
    assert len(text.splitlines()) <= 30
    assert "mkexe tiny" in run_to_end([str(artifact), "info"]).stdout
    manifest = json.loads(run_to_end([str(artifact), "info", "--json"]).stdout)
    assert [record["target"] for record in manifest["runtimes"]] == TARGETS or set(TARGETS) == {
        record["target"] for record in manifest["runtimes"]
    }


def test_doctor_says_what_was_chosen_and_why(artifact: Path) -> None:
    facts = json.loads(run_to_end([str(artifact), "doctor", "--json"]).stdout)
    scores = {level["name"]: level["score"] for level in facts["kernels"]["levels"]}
    assert scores[facts["kernels"]["chosen"]] == max(scores.values()) > 0
    assert 1 <= facts["threads"]["default"] <= facts["processor"]["cores"] <= facts["processor"]["logical"]
    assert 0 < facts["memory"]["free_bytes"] < facts["memory"]["total_bytes"]
    text = run_to_end([str(artifact), "doctor"]).stdout
    chosen = facts["kernels"]["chosen"]
    assert re.search(rf"^kernels +{chosen}: the highest score on this processor$", text, re.MULTILINE)
    assert re.search(r"^threads +[0-9]+: one per physical core$", text, re.MULTILINE)


def test_threads_follow_the_processors_that_it_may_use(artifact: Path) -> None:
    command = ["taskset", "-c", "0", "sh", str(artifact), "doctor", "--json"]
    done = subprocess.run(command, env=environment_of(artifact.parent), capture_output=True, text=True, timeout=120)
    facts = json.loads(done.stdout)
    assert (facts["processor"]["logical"], facts["threads"]["default"]) == (1, 1)


def test_a_control_group_limits_threads_and_memory(artifact: Path) -> None:
    """Version 2, as a container sees it: its own group is the root of the tree."""
    script = """
        mount -t tmpfs none /sys/fs/cgroup && cd /sys/fs/cgroup && echo 50000 100000 >cpu.max &&
        echo 1000000000 >memory.max && echo 400000000 >memory.current && exec sh "$0" doctor --json
    """
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", script, str(artifact)], env=environment_of(artifact.parent), capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    facts = json.loads(done.stdout)
    assert facts["threads"]["default"] == 1
    assert (facts["memory"]["total_bytes"], facts["memory"]["free_bytes"]) == (1_000_000_000, 600_000_000)


def test_a_control_group_of_version_1_limits_threads(artifact: Path) -> None:
    with group_of_version_1("cpu") as group:
        (group / "cpu.cfs_quota_us").write_text((group / "cpu.cfs_period_us").read_text())
        script = 'echo $$ >"$1"/cgroup.procs && exec sh "$0" doctor --json'
        done = subprocess.run(
            ["sh", "-c", script, str(artifact), str(group)], env=environment_of(artifact.parent), capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip
    assert json.loads(done.stdout)["threads"]["default"] == 1


def test_kernels_can_be_forced_and_a_wrong_name_lists_them(artifact: Path) -> None:
    with Running([str(artifact)], artifact.parent, MKEXE_CPU="haswell") as running:
        assert running.ask(FRANCE) == PARIS
    done = run_to_end([str(artifact)], MKEXE_CPU="8086")
    assert done.returncode == 12
    assert done.stderr.startswith("MKEXE_CPU=8086: no such level. This processor runs: x64, sse42")


@pytest.mark.parametrize("option", [["-hf", "org/model"], ["--model-url", "http://127.0.0.1:9/m.gguf"]])
def test_it_downloads_nothing_and_says_so(artifact: Path, option: list[str]) -> None:
    done = run_to_end([str(artifact), *option, "--port", "0"])
    assert done.returncode == 1
    assert "this program makes no connection" in done.stderr


@pytest.mark.parametrize("option", [["--tools", "all"], ["--agent"], ["--mcp-servers-json", "{}"], ["--ui-mcp-proxy"]])
def test_it_runs_no_commands_for_a_model_and_says_so(artifact: Path, option: list[str]) -> None:
    done = run_to_end([str(artifact), *option, "--port", "0"])
    assert done.returncode == 2
    assert "This program does not do this" in done.stderr


def test_a_wrong_word_is_explained(artifact: Path) -> None:
    done = run_to_end([str(artifact), "sevre"])
    assert done.returncode == 2
    assert '"sevre" is not a command' in done.stderr


def test_server_options_pass_through(artifact: Path) -> None:
    with Running([str(artifact), "--api-prefix", "/llm", "--alias", "other", "-c", "256"], artifact.parent) as running:
        port = running.address.rpartition(":")[2]
        asked = run_to_end([str(artifact), "health", "--port", port, "--api-prefix", "/llm"])
        assert (asked.returncode, asked.stdout) == (0, f"{running.address}/llm: ready\n")
        assert run_to_end([str(artifact), "health", "--port", port]).returncode == 1
        body = json.loads(running.get("/llm/props")[2])
    assert body["default_generation_settings"]["n_ctx"] <= 256


def test_default_arguments_come_first_and_the_user_s_win(real_mkexe: Mkexe, artifact: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    real_mkexe("build", TINY_MODEL, "-o", out, "--target", "linux-x86_64", "--arg", "-c 512 -np 1")
    with Running([str(out)], tmp_path) as running:
        assert json.loads(running.get("/props")[2])["default_generation_settings"]["n_ctx"] == 512
    with Running([str(out), "-c", "256"], tmp_path) as running:
        assert json.loads(running.get("/props")[2])["default_generation_settings"]["n_ctx"] == 256


def test_a_split_model_answers_the_same(real_mkexe: Mkexe, artifact: Path, tmp_path: Path) -> None:
    from support.split_model import split_gguf

    first = split_gguf(TINY_MODEL, tmp_path / "parts", parts=5)
    out = tmp_path / "split"
    real_mkexe("build", first, "-o", out, "--target", "linux-x86_64")
    with Running([str(out)], tmp_path) as running:
        assert [running.ask(item["question"]) for item in QUESTIONS[:20]] == [item["answer"] for item in QUESTIONS[:20]]


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused_with_advice(artifact: Path, tmp_path: Path, keep: float) -> None:
    data = artifact.read_bytes()
    damaged = tmp_path / "damaged"
    damaged.write_bytes(data[: int(len(data) * keep)])
    done = run_to_end(["sh", str(damaged)])
    assert done.returncode in (4, 13)
    assert "again" in done.stderr
    assert str(damaged) in done.stderr or damaged.name in done.stderr


@pytest.mark.parametrize("count", [40, pytest.param(400, marks=pytest.mark.soak)])
def test_damaged_artifacts_are_refused_by_the_program_itself(artifact: Path, tmp_path: Path, count: int) -> None:
    """Bits flipped in superblock, manifest and every entry: the runtime's own `verify` finds each, none crashes."""
    from mkexe.artifact.reader import open_artifact

    opened = open_artifact(artifact)
    data = bytearray(artifact.read_bytes())
    damaged = tmp_path / "damaged"
    runtime = tmp_path / "runtime"
    shutil.copy(Running.stored_runtime(artifact), runtime)
    places = _places(opened, count)
    survivors = []
    damaged.write_bytes(data)
    with damaged.open("r+b") as file:
        for turn, at in enumerate(places):
            _flip(file, at, data[at] ^ 1 << turn % 8)
            done = subprocess.run([runtime, "verify"], env={"MKEXE_ARTIFACT": str(damaged)}, capture_output=True)
            if done.returncode != 4 or not re.search(rb"offset|first 4096 bytes", done.stderr):
                survivors.append((at, done.returncode, done.stderr[-200:]))
            _flip(file, at, data[at])
    assert survivors == []


def _flip(file, at: int, value: int) -> None:  # type: ignore[no-untyped-def]
    file.seek(at)
    file.write(bytes([value]))
    file.flush()


def _places(opened, count: int) -> list[int]:  # type: ignore[no-untyped-def]
    """Offsets in the superblock, the manifest and every entry."""
    block = opened.block
    ranges = [(block.position, 128), (block.manifest_offset, block.manifest_size)]
    ranges += [(item.offset, item.size) for item in opened.manifest.ranges()]
    return [start + (turn * 7919) % size for turn in range(count) for start, size in [ranges[turn % len(ranges)]]]


def test_advise_tells_the_cache_that_llama_cpp_makes(real_mkexe: Mkexe, artifact: Path, tmp_path: Path) -> None:
    told = json.loads(real_mkexe("advise", TINY_MODEL, "--json").stdout)["memory"]["contexts"][0]
    options = ("--port", "0", "--no-browser", "--log-verbosity", "5", "--parallel", "1")
    with Running([str(artifact)], tmp_path, (*options, "--ctx-size", str(told["tokens"]))) as running:
        sizes = re.findall(r"llama_kv_cache: size = +([0-9.]+) MiB", "".join(running.log))
    assert set(sizes) == {f"{told['cache'] / (1 << 20):.2f}"}
