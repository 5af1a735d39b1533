"""Every level of the CPU kernels that can run here: chosen by the processor, forced, and the answers compared.

Processors come from qemu's user emulation, which has neither AVX-512 nor AVX-VNNI nor AMX: it leaves these out of the
models that have them, so the levels above haswell are compiled, linked and looked at by mkexe.runtimes.kernels, but not
run unless this machine's own processor runs them; test_avx512.py boots one of them in Bochs.
"""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pytest

from conftest import Mkexe
from support.asking import QUESTIONS
from support.needs import need
from support.running import Running, environment_of, levels_of, run_to_end

X86_LEVELS = [
    "x64", "sse42", "sandybridge", "ivybridge", "piledriver", "haswell", "alderlake", "skylakex", "cascadelake",
    "cooperlake", "sapphirerapids",
]  # fmt: skip
ARM_LEVELS = ["armv8.0_1", "armv8.2_1", "armv8.2_2", "armv8.2_3", "armv8.6_1", "armv8.6_2"]
# qemu's models of processors, and the level that is best there
EMULATED = [
    ("x86_64", "qemu64", "x64"),
    ("x86_64", "Nehalem", "sse42"),
    ("x86_64", "SandyBridge", "sandybridge"),
    ("x86_64", "IvyBridge", "ivybridge"),
    ("x86_64", "Opteron_G5", "piledriver"),
    ("x86_64", "Haswell", "haswell"),
    ("x86_64", "Cooperlake", "haswell"),  # without AVX-512 in qemu
    ("aarch64", "cortex-a53", "armv8.0_1"),
    ("aarch64", "cortex-a72", "armv8.0_1"),
    ("aarch64", "cortex-a76", "armv8.2_2"),
    ("aarch64", "neoverse-n1", "armv8.2_2"),
    ("aarch64", "a64fx", "armv8.0_1"),  # has SVE, but not the dot products that every level with SVE asks for
    ("aarch64", "max", "armv8.6_2"),
]
# Two levels add up the same numbers in another order: of the tiny model's perplexity, a thousandth is far more than
# rounding gives, and far less than a wrong kernel
PERPLEXITY_BOUND = 1e-3


@pytest.fixture(scope="module")
def runnable(artifact: Path) -> list[str]:
    """The levels that this machine's processor runs."""
    return [name for name, score in levels_of(artifact).items() if score > 0]


@pytest.fixture(scope="module")
def extracted(real_mkexe: Mkexe, artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the runtimes of both Linux targets."""
    folder = tmp_path_factory.mktemp("runtimes")
    real_mkexe("extract", artifact, "runtimes/linux-x86_64", "runtimes/linux-aarch64", "-C", folder)
    return folder / "runtimes"


def emulated(runtime: Path, processor: str, model: str) -> list[str]:
    """The command that runs a runtime on a model of a processor; skips where the emulator is missing."""
    emulator = f"qemu-{processor}-static"
    need(emulator)
    return ["-c", 'exec "$@"', "sh", emulator, "-cpu", model, str(runtime)]


def test_the_artifact_holds_every_level(artifact: Path) -> None:
    assert list(levels_of(artifact)) == X86_LEVELS


@pytest.mark.parametrize(("processor", "model", "level"), EMULATED, ids=[row[1] for row in EMULATED])
def test_an_emulated_processor_gets_its_best_level_and_answers(
    artifact: Path, extracted: Path, processor: str, model: str, level: str
) -> None:
    command = emulated(extracted / f"linux-{processor}", processor, model)
    variables = {"MKEXE_ARTIFACT": str(artifact)}
    done = subprocess.run(
        ["sh", *command, "doctor", "--json"], env=environment_of(artifact.parent) | variables, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    kernels = json.loads(done.stdout)["kernels"]
    assert [item["name"] for item in kernels["levels"]] == (X86_LEVELS if processor == "x86_64" else ARM_LEVELS)
    assert (kernels["chosen"], kernels["why"]) == (level, "the highest score on this processor")
    with Running(command, artifact.parent, ("--port", "0", "--no-browser"), **variables) as running:
        assert running.ask(QUESTIONS[0]["question"]) == QUESTIONS[0]["answer"]


def test_the_log_names_the_level_the_scores_and_why(artifact: Path, runnable: list[str]) -> None:
    with Running([str(artifact), "--verbose"], artifact.parent, MKEXE_CPU="x64") as running:
        pass
    assert "kernels: x64, MKEXE_CPU chooses it (scores: x64 1, sse42 " in "".join(running.log)


def test_a_level_that_this_processor_lacks_is_refused(artifact: Path, runnable: list[str]) -> None:
    missing = [name for name in levels_of(artifact) if name not in runnable]
    if not missing:
        pytest.skip("this processor runs every level")
    done = run_to_end([str(artifact)], MKEXE_CPU=missing[0])
    assert done.returncode == 12
    assert f"MKEXE_CPU={missing[0]}: this processor lacks instructions of that level" in done.stderr


def perplexity(running: Running, text: str) -> float:
    """Of every token of the text but the first, each from the whole distribution after those before it."""
    tokens = json.loads(running.post("/tokenize", {"content": text, "add_special": True})[2])["tokens"]
    assert len(tokens) > 50
    total = 0.0
    for end in range(1, len(tokens)):
        # The bias makes the server answer with the text's own token: it gives no probabilities for half a character.
        # They are those before the bias.
        request = {
            "prompt": tokens[:end], "n_predict": 1, "n_probs": 5000, "temperature": 0, "cache_prompt": True,
            "logit_bias": [[tokens[end], 1000]],
        }  # fmt: skip
        found = json.loads(running.post("/completion", request)[2])["completion_probabilities"][0]["top_logprobs"]
        total -= {item["id"]: item["logprob"] for item in found}[tokens[end]]
    return math.exp(total / (len(tokens) - 1))


def test_every_level_gives_the_same_answers_and_perplexity(artifact: Path, runnable: list[str]) -> None:
    text = " ".join(item["question"] + " " + item["answer"] for item in QUESTIONS[:6])
    found = {}
    for level in runnable:
        with Running([str(artifact), "-t", "1"], artifact.parent, MKEXE_CPU=level) as running:
            assert [running.ask(item["question"]) for item in QUESTIONS[:20]] == [
                item["answer"] for item in QUESTIONS[:20]
            ], level
            found[level] = perplexity(running, text)
    lowest = found[runnable[0]]
    assert all(abs(value / lowest - 1) < PERPLEXITY_BOUND for value in found.values()), found
