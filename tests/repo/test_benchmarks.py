"""The benchmark's arithmetic: order, ratios, medians, disturbed pairs, and tables made from raw runs again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import pairs, picture, plan, report
from benchmarks.measure import metrics_of
from benchmarks.models import type_in_file
from benchmarks.raw import RawFile, read_raw
from conftest import ROOT
from mkexe.errors import UsageError
from support.random_model import Tensor
from support.random_model import plan as plan_tensors

QUIET = {"loadavg_before": 0.1, "elapsed_s": 10.0, "other_share": 0.01, "steal_share": 0.0}
BUSY = QUIET | {"other_share": 0.4}
STOLEN = QUIET | {"steal_share": 0.1}


def a_run(
    program: str, pair: int, rate: float, ready_s: float, load: dict[str, float] = QUIET, peer: str = plan.REFERENCE
) -> dict[str, Any]:
    answer = {
        "first_token_s": 0.5, "prompt_tokens": 128, "prompt_rate": rate, "predicted_tokens": 1, "predicted_rate": rate,
    }  # fmt: skip
    memory = {"rss": 1_000_000 * pair + 5_000_000, "pss": 1, "anonymous": 1}
    requests = {step.metric: {"wall_s": 4.0, "answers": [answer] * step.parallel} for step in plan.REQUESTS}
    return {
        "settings": plan.SAME, "case": "0.5B Q4_0", "peer": peer, "pair": pair, "program": program, "seed": pair,
        "first_answer_s": None if program == plan.NODE else 0.02, "ready_s": ready_s, "memory_ready": memory,
        "memory": memory, "requests": requests, "load": load,
    }  # fmt: skip


def a_copy(program: str, pair: int, seconds: float) -> dict[str, Any]:
    return {
        "settings": plan.FILES, "case": "0.5B Q4_0, 0.28 GB, first build", "peer": plan.COPY, "pair": pair,
        "program": program, "seconds": seconds, "bytes": 280_000_000, "load": QUIET,
    }  # fmt: skip


def fill(raw: RawFile) -> None:
    facts = {
        "processor": "Made up", "processor_identity": {"model": "1"}, "cores": 2, "features": ["avx2"],
        "virtual": True, "memory_bytes": 8e9, "kernel": "6.1", "c_library": "glibc 2.36",
    }  # fmt: skip
    raw.start(
        {
            "date": "2026-01-02",
            "commit": "0abc",
            "facts": facts,
            "file_system": "ext4",
            "threads": 2,
            "measured": {"llama.cpp": "1"},
        }
    )
    raw.add("limit", name="memory read", bytes_per_s=20e9, method="made up")
    raw.add("model", name="0.5B Q4_0", file="x.gguf", size_bytes=280_000_000, parameters=5, read_per_token_bytes=2**28)
    raw.add("empty", peer=plan.NODE, metric="start to first HTTP answer", reason="no server")
    for pair, (ours, theirs) in enumerate([(11.0, 10.0), (30.0, 20.0), (9.0, 10.0)]):
        load = BUSY if pair == 1 else QUIET
        raw.add("run", **a_run(plan.OURS, pair, ours, 1.0))
        raw.add("run", **a_run(plan.REFERENCE, pair, theirs, 1.2, load))
        raw.add("run", **a_copy(plan.OURS, pair, 1.1))
        raw.add("run", **a_copy(plan.COPY, pair, 1.0))
    for program, size in ((plan.OURS, 20_000_000), (plan.REFERENCE, 10_000_000)):
        raw.add(
            "overhead", settings=plan.FILES, case="5 systems", peer=plan.REFERENCE, pair=0, program=program, bytes=size
        )


def row_of(records: list[dict[str, Any]], metric: str, leave_out: bool = False) -> pairs.Row:
    (row,) = [row for row in pairs.rows_of(records, leave_out) if row.metric == metric]
    return row


@pytest.fixture
def raw(tmp_path: Path) -> RawFile:
    file = RawFile(tmp_path / "raw.jsonl")
    fill(file)
    return file


def test_programs_alternate_who_goes_first() -> None:
    assert [word for pair in range(4) for word in pairs.order_of(pair, "cp")] == [
        "mkexe", "cp", "cp", "mkexe", "mkexe", "cp", "cp", "mkexe",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "peer", "higher_is_better", "good"),
    [(11, 10, True, True), (9, 10, True, False), (9, 10, False, True), (11, 10, False, False), (5, 5, False, True)],
)
def test_a_ratio_of_one_or_more_means_at_least_as_good(
    ours: float, peer: float, higher_is_better: bool, good: bool
) -> None:
    assert (pairs.ratio(ours, peer, higher_is_better) >= 1.0) is good


def test_every_unit_has_one_direction() -> None:
    for metric in plan.METRICS.values():
        assert metric.higher_is_better == (metric.unit == "tokens/s"), metric


def test_a_row_is_the_median_of_the_pairs_ratios(raw: RawFile) -> None:
    row = row_of(raw.records, "prompt_128")
    assert (row.ours, row.peer) == (11.0, 10.0)
    assert (row.lowest_ratio, row.median_ratio, row.highest_ratio) == pytest.approx((0.9, 1.1, 1.5))
    assert row.pairs == 3
    ready = row_of(raw.records, "ready")
    assert (ready.ours, ready.peer, ready.median_ratio) == pytest.approx((1000.0, 1200.0, 1.2))
    assert row_of(raw.records, "overhead").median_ratio == 0.5


def test_a_disturbed_pair_is_counted_and_left_out_only_when_asked(raw: RawFile) -> None:
    used = row_of(raw.records, "prompt_128")
    assert (used.pairs, used.disturbed, used.left_out) == (3, 1, 0)
    left_out = row_of(raw.records, "prompt_128", leave_out=True)
    assert (left_out.pairs, left_out.disturbed, left_out.left_out) == (2, 1, 1)
    assert left_out.median_ratio == pytest.approx(1.0)
    assert "3 (1 disturbed)" in report.to_markdown(raw.records)
    assert "2 (1 disturbed, left out)" in report.to_markdown(raw.records, leave_out_disturbed=True)


@pytest.mark.parametrize(("load", "disturbed"), [(QUIET, False), (BUSY, True), (STOLEN, True)])
def test_a_run_is_disturbed_by_other_processes_and_by_the_host(load: dict[str, float], disturbed: bool) -> None:
    assert pairs.is_disturbed({"load": load}) is disturbed


def test_half_a_pair_is_no_pair(raw: RawFile) -> None:
    raw.add("run", **a_run(plan.OURS, 3, 1000.0, 0.1))
    assert row_of(raw.records, "prompt_128").pairs == 3


def test_a_metric_that_a_peer_has_not_gives_no_row(raw: RawFile) -> None:
    raw.add("run", **a_run(plan.OURS, 0, 1.0, 1.0, peer=plan.NODE))
    raw.add("run", **a_run(plan.NODE, 0, 1.0, 1.0, peer=plan.NODE))
    rows = [row.metric for row in pairs.rows_of(raw.records, False) if row.peer_name == plan.NODE]
    assert "ready" in rows
    assert "first_answer" not in rows


def test_requests_at_once_count_all_tokens_over_the_whole_time() -> None:
    found = metrics_of(a_run(plan.OURS, 0, 77.0, 1.0))
    assert found["prompt_128"] == 77.0
    assert found["prompt_128_x4"] == 4 * 128 / 4.0
    assert found["generation_32_x4"] == 4 * 1 / 4.0


def test_an_interrupted_benchmark_goes_on_with_the_pairs_it_lacks(raw: RawFile) -> None:
    raw.add("run", **a_run(plan.OURS, 3, 1.0, 1.0))
    left = list(pairs.missing_runs(raw.records, plan.SAME, "0.5B Q4_0", plan.REFERENCE, 5))
    assert left == [(3, (plan.REFERENCE, plan.OURS)), (4, (plan.OURS, plan.REFERENCE))]


def test_raw_runs_give_the_same_tables_again(raw: RawFile, tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"
    command = [sys.executable, str(ROOT / "benchmarks/run.py"), "--from", str(raw.path), "--json", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout == report.to_markdown(raw.records)
    assert json.loads(rows.read_text()) == json.loads(json.dumps(report.to_json(raw.records)))


def test_rows_in_json_have_the_promised_keys(raw: RawFile) -> None:
    for row in report.to_json(raw.records)["rows"]:
        assert {"metric", "case", "ours", "peer", "median_ratio", "pairs"} <= row.keys()


def test_budgets_are_judged_by_their_own_rule(raw: RawFile) -> None:
    verdicts = {(row.metric, row.case): held for row, _, held in report.judged(pairs.rows_of(raw.records, False))}
    assert verdicts["prompt_128", "0.5B Q4_0"]
    assert verdicts["first_answer", "0.5B Q4_0"]
    assert verdicts["overhead", "5 systems"]  # 20 MB, however small the peer is
    assert verdicts["bundling", "0.5B Q4_0, 0.28 GB, first build"]  # 1.1 times the time of cp


def test_limits_stand_beside_generation_and_bundling(raw: RawFile) -> None:
    limits = {row["metric"]: row for row in report.to_json(raw.records)["limits"]}
    assert limits["generation_32"]["limit"] == pytest.approx(20e9 / 2**28)
    assert limits["bundling"]["ours_share"] == pytest.approx(1 / 1.1)


def test_a_line_that_was_cut_off_is_forgiven_at_the_end_only(raw: RawFile) -> None:
    whole = raw.path.read_text()
    raw.path.write_text(whole[:-20])
    assert read_raw(raw.path) == raw.records[:-1]
    raw.path.write_text(whole[20:])
    with pytest.raises(UsageError, match="line 1 is not JSON"):
        read_raw(raw.path)


def test_runs_of_something_else_are_not_added_to_a_file(raw: RawFile) -> None:
    with pytest.raises(UsageError, match=r"holds runs of llama\.cpp 1, and these would be of 2"):
        raw.start({"measured": {"llama.cpp": "2"}})


@pytest.mark.parametrize(("file_type", "types"), [("Q4_0", {"Q4_0", "Q6_K"}), ("Q4_K_M", {"Q4_K", "Q6_K"})])
def test_models_mix_types_as_quantized_files_do(file_type: str, types: set[str]) -> None:
    shape = plan.SIZES["1.2B"]
    base = "Q4_K" if file_type == "Q4_K_M" else file_type
    tensors = [tensor for tensor in plan_tensors("llama", shape, base, 1000) if tensor.fill is None]

    def type_of(tensor: Tensor) -> str:
        return type_in_file(file_type, shape, tensor)

    assert {type_of(tensor) for tensor in tensors} == types
    assert type_of(tensors[0]) == "Q6_K"
    down = [type_of(tensor) for tensor in tensors if "ffn_down" in tensor.name]
    # 16 layers: the first two, the last two, and every third between
    assert down.count("Q6_K") == (8 if file_type == "Q4_K_M" else 0)


def test_the_picture_is_what_the_raw_runs_give_and_what_the_table_says() -> None:
    drawn = picture.draw()
    assert picture.PICTURE.read_text("utf-8") == drawn, "run python -m benchmarks.picture"
    told = re.findall(r"([\d.]+B \w+) ([\d.]+) times", drawn.partition("<desc")[2].partition("</desc>")[0])
    table = (ROOT / "docs" / "performance.md").read_text("utf-8").partition("## Tokens per second")[2]
    cells = re.findall(r"^\| ([\d.]+B \w+) \| [\d.*]+, ([\d.*]+) \| ([\d.*]+) \|", table, re.MULTILINE)
    rows = {name: (float(prompt.strip("*")), float(generation)) for name, prompt, generation in cells}
    assert len(rows) == len(told) // 2 == len(plan.SIZES) * len(plan.TYPES)
    for number, (name, ratio) in enumerate(told):
        assert abs(rows[name][number // len(rows)] - float(ratio)) < 0.006, name
