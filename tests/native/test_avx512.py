"""The levels with AVX-512, on processors that Bochs emulates: neither qemu nor most machines of tests have it.

Not run anywhere: cascadelake (Linux 6.1 does not come up on Bochs 2.7's Ice Lake), and alderlake (AVX-VNNI without
AVX-512), cooperlake (BF16) and sapphirerapids (AMX), for which it has no processor.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import TINY_MODEL, Mkexe
from support.asking import QUESTIONS
from support.bochs import run_in_bochs

# Bochs' models of processors, and the level that is best there
PROCESSORS = [("corei7_skylake_x", "skylakex")]


@pytest.fixture(scope="module")
def program(real_mkexe: Mkexe, runtimes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact that needs nothing of the machine: no shell, no folder."""
    out = tmp_path_factory.mktemp("avx512") / "program"
    real_mkexe("build", TINY_MODEL, "-o", out, "--name", "tiny", "--layout", "native", "--target", "linux-x86_64")
    return out


@pytest.mark.parametrize(("processor", "level"), PROCESSORS, ids=[level for _, level in PROCESSORS])
def test_the_level_is_chosen_and_answers_exactly(program: Path, tmp_path: Path, processor: str, level: str) -> None:
    asked = QUESTIONS[:: len(QUESTIONS) // 4]
    commands = [["doctor", "--json"], *(["run", "-p", item["question"], "--temp", "0"] for item in asked)]
    doctor, *answers = run_in_bochs(tmp_path, processor, program, commands)
    assert json.loads(doctor.output)["kernels"]["chosen"] == level
    assert [(ended.output.strip(), ended.status) for ended in answers] == [(item["answer"], 0) for item in asked]
