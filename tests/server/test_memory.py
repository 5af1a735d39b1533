"""How much memory a built file takes where nobody says: chats, kept prompts; numbers that make no sense."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from support.asking import ASK, FRANCE, PARIS
from support.control_groups import UNSHARE, group_of_version_1
from support.running import Running, environment_of, run_to_end

LONG = ["--override-kv", "llama.context_length=int:10000000"]


def group_script(limit_bytes: int, used_bytes: int) -> str:
    """What lets a control group say that it allows so much memory and that so much is used (version 2)."""
    return f"""
        mount -t tmpfs none /sys/fs/cgroup && echo {limit_bytes} >/sys/fs/cgroup/memory.max &&
        echo {used_bytes} >/sys/fs/cgroup/memory.current && exec sh "$0" "$@"
    """


def in_group(artifact: Path, limit_bytes: int, used_bytes: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run it in such a group."""
    return subprocess.run(
        [*UNSHARE, "sh", "-c", group_script(limit_bytes, used_bytes), str(artifact), *words], text=True,
        env=environment_of(artifact.parent), stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
    )  # fmt: skip


def cache_limit(said: str) -> float:
    """The prompt cache's in MiB; 0 where it has none."""
    found = re.search(r"prompt cache is enabled, size limit: ([0-9]+) MiB", said)
    return float(found[1]) if found else 0


def test_a_model_trained_for_millions_of_tokens_gets_32768(artifact: Path) -> None:
    with Running([str(artifact), *LONG, "--parallel", "1"], artifact.parent) as running:
        assert json.loads(running.get("/props")[2])["default_generation_settings"]["n_ctx"] == 32768
        assert running.ask(FRANCE) == PARIS
    assert "A chat can have 32768 tokens. The model could use 10000000 (--ctx-size 0).\n" in running.log


def test_a_chat_takes_a_quarter_of_the_free_memory(artifact: Path) -> None:
    """With 2.4 KB a token: 100 MB free are 25 MB for the chat, less its buffers, and less again for kept prompts."""
    done = in_group(artifact, 200_000_000, 100_000_000, *ASK, *LONG, "--verbose", "--log-verbosity", "5")
    assert done.returncode == 0, done.stderr[-2000:]
    [tokens] = {int(found) for found in re.findall(r"llama_context: n_ctx +=  *([0-9]+)", done.stderr)} - {512, 32768}
    assert 512 < tokens < 11_000
    assert cache_limit(done.stderr) <= 25


def test_as_many_tokens_as_the_model_takes_are_cut_to_the_memory(artifact: Path) -> None:
    """A million tokens need 2.4 GB with this model; three quarters of 400 MB are free for them."""
    options = ["--override-kv", "llama.context_length=int:1000000", "--parallel", "1", "--ctx-size", "0"]
    script = f"exec {' '.join(UNSHARE)} sh -c '{group_script(400_000_000, 0)}' \"$@\""
    with Running(["-c", script, "sh", str(artifact), *options], artifact.parent) as running:
        context = json.loads(running.get("/props")[2])["default_generation_settings"]["n_ctx"]
        assert running.ask(FRANCE) == PARIS
    assert 50_000 < context < 150_000


def test_kept_prompts_take_a_share_of_what_a_group_allows(artifact: Path) -> None:
    done = in_group(artifact, 90_000_000, 30_000_000, *ASK, "--verbose", "--log-verbosity", "5")
    assert done.returncode == 0, done.stderr[-2000:]
    assert cache_limit(done.stderr) <= 15


def test_in_a_small_group_the_sixteenth_prompt_still_gets_its_answer(artifact: Path) -> None:
    """Each prompt that is kept takes 3 MB; the eleventh was the last one."""
    with group_of_version_1("memory") as group:
        (group / "memory.limit_in_bytes").write_text("50000000")
        script = f'echo $$ >"{group}"/cgroup.procs && exec sh "$@"'
        with Running(["-c", script, "sh", str(artifact)], artifact.parent) as running:
            for turn in range(16):
                prompt = [10 + (turn * 31 + place * 7) % 200 for place in range(1900)]
                status, _, body = running.post("/completion", {"prompt": prompt, "n_predict": 1})
                assert (status, json.loads(body)["tokens_evaluated"]) == (200, 1900), turn


def test_what_is_said_of_the_cache_counts(artifact: Path) -> None:
    done = in_group(artifact, 90_000_000, 30_000_000, *ASK, "--verbose", "--log-verbosity", "5", "--cache-ram", "77")
    assert cache_limit(done.stderr) == 77


@pytest.mark.parametrize("command", [["run", "-p", "Hello"], ["chat"], ["bench"]])
def test_every_command_checks_the_memory(artifact: Path, command: list[str]) -> None:
    done = in_group(artifact, 2_000_000, 0, *command)
    assert done.returncode == 14, done.stderr
    assert "This model needs more than" in done.stderr
    done = in_group(artifact, 100_000_000, 0, *command, "-c", "1000000")
    assert done.returncode == 14, done.stderr
    assert "A chat of 1000000 tokens needs" in done.stderr


def test_the_check_can_be_left_out_for_every_command(artifact: Path) -> None:
    assert in_group(artifact, 2_000_000, 0, *ASK, "--no-memory-check").stdout == PARIS + "\n"


@pytest.mark.parametrize("command", [["serve", "--port", "0", "--no-browser"], list(ASK), ["chat"], ["bench"]])
def test_numbers_out_of_their_range_are_refused(artifact: Path, command: list[str]) -> None:
    for option in ("-c 1", "-c -5", "-b 0", "-b 1", "-ub 1", "-np 0", "-t 0", "-t -5", "--keep -7", "-c 99999999999"):
        name, value = option.split()
        done = run_to_end([str(artifact), *command, name, value])
        assert done.returncode == 2, (option, done.stderr)
        assert re.search(rf'^{name}: expected .* to [0-9]+, found "{value}"\.$', done.stderr, re.MULTILINE), done.stderr
    done = run_to_end([str(artifact), *command], LLAMA_ARG_BATCH="0")
    assert (done.returncode, "LLAMA_ARG_BATCH: expected" in done.stderr) == (2, True)
    assert run_to_end([str(artifact), *command, "-ctk", "nonsense"]).returncode == 2


@pytest.mark.parametrize("options", ["-c 32", "-b 32", "-ub 32", "-t 1", "--keep -1", "-c 32 -b 32 -ub 32 -np 1"])
def test_the_least_numbers_work(artifact: Path, options: str) -> None:
    done = run_to_end([str(artifact), *ASK, *options.split()])
    assert done.returncode == 0, done.stderr
