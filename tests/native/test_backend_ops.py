"""Every level of the CPU kernels against the lowest one, operation by operation: upstream's own test-backend-ops.

It is linked from the objects that the runtime is linked from. What a level shares with the lowest one (the tables of
types that the elementwise kernels look into are the chosen level's) is the same on both sides.
"""

from __future__ import annotations

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mkexe.base.reporter import UNWATCHED
from mkexe.runtimes import build_tree, targets
from support.needs import need
from support.running import environment_of, levels_of

# Of upstream's cases those of layers of models, in small sizes: all of them take an hour for each level. Operations,
# what their parameters must match, and how many cases there are at least.
CASES = [
    ("MUL_MAT", r"type_a=(?!iq[123]).*,m=16,n=(1|16),k=256,bs=\[1,1\]", 103),
    ("MUL_MAT_ID", r"type_a=(?!iq[123]).*n_mats=4,n_used=2,b=0,m=512,n=(1|32),k=256", 50),
    ("FLASH_ATTN_EXT", "hsk=64,.*kv=113,nb=3,.*mask=1", 72),
    ("NORM,RMS_NORM,L2_NORM,GLU,SWIGLU,GEGLU,REGLU", "", 249),
    ("SOFT_MAX", "ne=.(16|200|32),", 71),
    ("ROPE", "ne_a=.(128|64),", 266),
    ("SSM_SCAN,SSM_CONV,RWKV_WKV6,RWKV_WKV7,GATED_LINEAR_ATTN,GATED_DELTA_NET", "", 109),
]
# By one thread, for which sixteen rows are enough that tinyBLAS takes them all. Four columns are four requests at once
# (native/patches/sgemm-four-columns.patch).
ONE_THREAD_CASES = [("MUL_MAT", r"type_a=(f32|f16|bf16),type_b=f32,m=16,n=[2-9],k=256,bs=\[1,1\]", 24)]
# for the highest level only: making weights of these types takes seconds each
SLOW_CASES = [
    ("MUL_MAT", r"type_a=iq1.*,type_b=f32,m=16,n=1,k=256,bs=\[1,1\],nr=\[1,1\]", 4),
    ("MUL_MAT", r"type_a=iq[23].*,type_b=f32,m=16,n=1,k=256,bs=\[1,1\],nr=\[1,1\]", 10),
]


@pytest.fixture(scope="module")
def comparison(runtimes: dict[str, Path]) -> Path:
    """The program that compares."""
    target = targets.all_targets()[targets.host_target()]
    return build_tree.build_tests(target, "mkexe-backend-ops", Path("/usr/include/doctest"), UNWATCHED)


def _compare(
    comparison: Path, home: Path, before: tuple[str, ...], level: str, operations: str, parameters: str, at_least: int
) -> None:
    done = subprocess.run(
        [*before, comparison, "test", "-b", "CPU-lowest", "-o", operations, "-p", parameters],
        env=environment_of(home) | {"MKEXE_CPU": level}, capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    report = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    found = re.search(r"(\d+)/(\d+) tests passed", report)
    assert found, f"{level}: {report[-2000:]}{done.stderr[-2000:]}"
    failed = [line for line in report.splitlines() if "FAIL" in line]
    assert (int(found[1]), done.returncode) == (int(found[2]), 0), f"{level}: {failed}"
    assert int(found[1]) >= at_least, f"{operations}: {found[0]}; did upstream change its cases?"


def test_every_level_computes_what_the_lowest_one_does(comparison: Path, artifact: Path, tmp_path: Path) -> None:
    levels = [name for name, score in levels_of(artifact).items() if score > 0]
    if len(levels) == 1:
        pytest.skip("this processor runs the lowest level only")
    need("taskset")
    one = ("taskset", "-c", str(min(os.sched_getaffinity(0))))
    # the longest first, so that no worker is left alone with it
    jobs: list[tuple[tuple[str, ...], str, str, str, int]] = [((), levels[-1], *case) for case in SLOW_CASES]
    jobs += [((), level, *case) for level in levels[1:] for case in CASES]
    jobs += [(one, level, *case) for level in levels[1:] for case in ONE_THREAD_CASES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for finished in [pool.submit(_compare, comparison, tmp_path, *job) for job in jobs]:
            finished.result()
