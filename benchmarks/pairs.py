"""Alternating pairs, the ratio of two programs, and medians over pairs. Nothing here measures."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.machine import Load
from benchmarks.measure import metrics_of
from benchmarks.plan import METRICS, OURS

RATIO_CONVENTION = (
    "A ratio says how many times as good mkexe is: mkexe / peer where more is better (tokens/s), peer / mkexe where "
    "less is better (times, memory, bytes). 1.00 or more means at least as good."
)


@dataclass(frozen=True)
class Row:
    """One metric of one case: medians of both programs, the median of the pairs' ratios, and their range.

    `ours` and `peer` are in the metric's shown unit. `disturbed` counts the pairs that others may have slowed;
    `left_out` counts those of them that were not used.
    """

    metric: str
    settings: str
    case: str
    peer_name: str
    ours: float
    peer: float
    median_ratio: float
    lowest_ratio: float
    highest_ratio: float
    pairs: int
    disturbed: int
    left_out: int


def order_of(pair: int, peer: str) -> tuple[str, str]:
    """The order within a pair, counted from 0: A B, B A, A B, ..."""
    return (OURS, peer) if pair % 2 == 0 else (peer, OURS)


def ratio(ours: float, peer: float, higher_is_better: bool) -> float:
    """The factor by which ours is better."""
    return ours / peer if higher_is_better else peer / ours


def is_disturbed(run: dict[str, Any]) -> bool:
    """Whether other programs may have slowed a run (machine.Load)."""
    return Load(**run["load"]).disturbed


def rows_of(records: Iterable[dict[str, Any]], leave_out_disturbed: bool) -> list[Row]:
    """The table of raw records. A pair counts if both its runs exist. A fact counts as a pair with one value each."""
    rows = []
    for (settings, case, peer), pairs in _grouped(records).items():
        marked = [any(is_disturbed(run) for run in pair.values() if "load" in run) for pair in pairs]
        used = [pair for pair, bad in zip(pairs, marked, strict=True) if not (bad and leave_out_disturbed)]
        left_out = len(pairs) - len(used)
        values = [(_values(pair[OURS]), _values(pair[peer])) for pair in used]
        for name in METRICS:
            both = [(ours[name], theirs[name]) for ours, theirs in values if name in ours and name in theirs]
            if both:
                rows.append(_row(name, settings, case, peer, both, sum(marked), left_out))
    return rows


def _row(
    name: str, settings: str, case: str, peer: str, both: list[tuple[float, float]], disturbed: int, left_out: int
) -> Row:
    metric = METRICS[name]
    ratios = [ratio(ours, theirs, metric.higher_is_better) for ours, theirs in both]
    ours, theirs = (statistics.median(column) * metric.factor for column in zip(*both, strict=True))
    return Row(
        name, settings, case, peer, ours, theirs, statistics.median(ratios), min(ratios), max(ratios), len(both),
        disturbed, left_out,
    )  # fmt: skip


def _values(record: dict[str, Any]) -> dict[str, float]:
    return {"overhead": record["bytes"]} if record["kind"] == "overhead" else metrics_of(record)


def _grouped(records: Iterable[dict[str, Any]]) -> dict[tuple[str, str, str], list[dict[str, dict[str, Any]]]]:
    """Complete pairs by settings, case and peer, in the order of the records; each by program."""
    groups: dict[tuple[str, str, str], dict[int, dict[str, dict[str, Any]]]] = {}
    for record in records:
        if record["kind"] in ("run", "overhead"):
            key = (record["settings"], record["case"], record["peer"])
            groups.setdefault(key, {}).setdefault(record["pair"], {})[record["program"]] = record
    complete = {key: [pair for pair in pairs.values() if len(pair) == 2] for key, pairs in groups.items()}
    return {key: pairs for key, pairs in complete.items() if pairs}


def missing_runs(
    records: Iterable[dict[str, Any]], settings: str, case: str, peer: str, pairs: int
) -> Iterator[tuple[int, tuple[str, str]]]:
    """The pairs, with their order, that are not complete in the records."""
    done: dict[int, int] = {}
    for record in records:
        if record["kind"] == "run" and (record["settings"], record["case"], record["peer"]) == (settings, case, peer):
            done[record["pair"]] = done.get(record["pair"], 0) + 1
    for pair in range(pairs):
        if done.get(pair, 0) < 2:
            yield pair, order_of(pair, peer)
