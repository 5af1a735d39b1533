"""Tables from raw records: Markdown and JSON. Nothing here measures, so every machine can check a claim."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.machine import OTHER_SHARE_LIMIT, STEAL_SHARE_LIMIT
from benchmarks.pairs import RATIO_CONVENTION, Row, rows_of
from benchmarks.plan import COPY, METRICS, OURS, REFERENCE

Record = dict[str, Any]
_DISTURBED_RULE = (
    f"A pair is disturbed when, during one of its runs, other processes had more than {OTHER_SHARE_LIMIT:.0%} of all "
    f"processors' time or the host withheld more than {STEAL_SHARE_LIMIT:.0%} of it (steal)."
)


@dataclass(frozen=True)
class Budget:
    """A limit for a metric (a budget of the design): for the median ratio, for ours, or for ours minus the peer's."""

    metric: str
    case_ending: str
    peer: str
    kind: str
    limit: float

    def holds(self, row: Row) -> bool:
        """Whether a row keeps the limit."""
        values = {"ratio": row.median_ratio, "ours": -row.ours, "difference": row.peer - row.ours}
        return values[self.kind] >= (self.limit if self.kind == "ratio" else -self.limit)

    def text(self) -> str:
        """The limit as text."""
        unit = METRICS[self.metric].unit
        return {
            "ratio": f"ratio at least {self.limit:.2f}",
            "ours": f"at most {self.limit:g} {unit}",
            "difference": f"at most {self.limit:g} {unit} more than the peer",
        }[self.kind]


BUDGETS = (
    *(Budget(name, "", REFERENCE, "ratio", 1.0) for name in METRICS if METRICS[name].unit == "tokens/s"),
    Budget("first_answer", "", REFERENCE, "ours", 100.0),
    Budget("ready", "", REFERENCE, "ratio", 1 / 1.05),
    Budget("rss", "", REFERENCE, "difference", 5.0),
    Budget("overhead", "", REFERENCE, "ours", 25.0),
    Budget("bundling", "first build", COPY, "ratio", 1 / 1.2),
    Budget("bundling", "repeated build", COPY, "ratio", 1 / 1.05),
)


def to_json(records: list[Record], leave_out_disturbed: bool = False) -> Record:
    """The whole report for programs: rows of metric, case, ours, peer, median ratio and pairs, and their conditions."""
    rows = rows_of(records, leave_out_disturbed)
    return {
        "ratio": RATIO_CONVENTION,
        "disturbed": _DISTURBED_RULE,
        "disturbed_pairs": "left out" if leave_out_disturbed else "used, and counted",
        "rows": [_row_json(row) for row in rows],
        "limits": limits_of(records, rows),
        "budgets": [{"budget": budget.text(), "held": held, **_row_json(row)} for row, budget, held in judged(rows)],
        "empty": _of_kind(records, "empty"),
        "machines": _of_kind(records, "machine"),
        "models": _of_kind(records, "model"),
    }


def to_markdown(records: list[Record], leave_out_disturbed: bool = False) -> str:
    """The whole report for people."""
    rows = rows_of(records, leave_out_disturbed)
    used = "left out of the medians" if leave_out_disturbed else "used in the medians, and counted in the last column"
    parts = ["# mkexe beside its peers", f"{RATIO_CONVENTION}\n\n{_DISTURBED_RULE} Here such pairs are {used}."]
    for settings, peer in dict.fromkeys((row.settings, row.peer_name) for row in rows):
        mine = [row for row in rows if (row.settings, row.peer_name) == (settings, peer)]
        parts += [f"## {peer}: {settings}", _table(_columns(peer), [_cells(row) for row in mine])]
    limits = limits_of(records, rows)
    if limits:
        parts += ["## What the machine allows", _limits_table(limits)]
    budgets = judged(rows)
    if budgets:
        parts += ["## Budgets", _budgets_table(budgets)]
    empty = _of_kind(records, "empty")
    if empty:
        parts += ["## Empty cells", "\n".join(f"* {row['peer']}, {row['metric']}: {row['reason']}" for row in empty)]
    parts += ["## Measured on", *map(_machine_text, _of_kind(records, "machine")), _models_text(records)]
    return "\n\n".join(part for part in parts if part) + "\n"


def judged(rows: list[Row]) -> list[tuple[Row, Budget, bool]]:
    """The rows with a budget, and the verdict. A program's own settings have the same budgets as the same settings."""
    return [
        (row, budget, budget.holds(row))
        for row in rows
        for budget in BUDGETS
        if (row.metric, row.peer_name) == (budget.metric, budget.peer) and row.case.endswith(budget.case_ending)
    ]


def limits_of(records: list[Record], rows: list[Row]) -> list[Record]:
    """Generation against memory bandwidth divided by the bytes read per token, bundling against the rate of `cp`.

    The first is not a limit for a model that fits into the processor's caches.
    """
    speeds = [record["bytes_per_s"] for record in records if record["kind"] == "limit"]
    read_bytes = {record["name"]: record["read_per_token_bytes"] for record in records if record["kind"] == "model"}
    found = []
    for row in rows:
        if row.metric == "generation_32" and row.case in read_bytes and speeds:
            limit = max(speeds) / read_bytes[row.case]
            found.append({
                "metric": row.metric, "case": row.case, "settings": row.settings, "peer_name": row.peer_name,
                "limit": limit, "unit": "tokens/s", "ours": row.ours, "peer": row.peer,
                "ours_share": row.ours / limit, "peer_share": row.peer / limit,
                "stands_on": f"{max(speeds) / 1e9:.2f} GB/s, {read_bytes[row.case] / 1e6:.1f} MB of weights per token",
            })  # fmt: skip
        if row.metric == "bundling":
            copies = [record for record in records if _is_copy(record, row)]
            limit = statistics.median(copy["bytes"] / copy["seconds"] for copy in copies) / 1e9
            rate = statistics.median(copy["bytes"] for copy in copies) / 1e9 / row.ours
            found.append({
                "metric": row.metric, "case": row.case, "settings": row.settings, "peer_name": row.peer_name,
                "limit": limit, "unit": "GB/s", "ours": rate, "peer": limit,
                "ours_share": rate / limit, "peer_share": 1.0,
                "stands_on": f"{copies[0]['bytes'] / 1e6:.1f} MB copied by cp",
            })  # fmt: skip
    return found


def _is_copy(record: Record, row: Row) -> bool:
    return (record["kind"], record.get("program"), record.get("case")) == ("run", COPY, row.case)


def _row_json(row: Row) -> Record:
    metric = METRICS[row.metric]
    return {
        "metric": row.metric, "case": row.case, "ours": row.ours, "peer": row.peer, "median_ratio": row.median_ratio,
        "pairs": row.pairs, "title": metric.title, "unit": metric.unit,
        "better": "higher" if metric.higher_is_better else "lower", "settings": row.settings,
        "peer_name": row.peer_name, "lowest_ratio": row.lowest_ratio, "highest_ratio": row.highest_ratio,
        "disturbed_pairs": row.disturbed, "left_out_pairs": row.left_out,
    }  # fmt: skip


def _columns(peer: str) -> tuple[str, ...]:
    return ("metric", "case", "better", OURS, peer, "median ratio", "lowest to highest", "pairs")


def _cells(row: Row) -> tuple[str, ...]:
    metric = METRICS[row.metric]
    pairs = str(row.pairs)
    if row.disturbed:
        pairs += f" ({row.disturbed} disturbed{', left out' if row.left_out else ''})"
    return (
        f"{metric.title}, {metric.unit}", row.case, "higher" if metric.higher_is_better else "lower",
        _number(row.ours), _number(row.peer), f"{row.median_ratio:.3f}",
        f"{row.lowest_ratio:.3f} to {row.highest_ratio:.3f}" if row.pairs > 1 else "", pairs,
    )  # fmt: skip


def _limits_table(limits: list[Record]) -> str:
    cells = [
        (
            f"{METRICS[row['metric']].title}, {row['unit']}", row["case"], row["settings"], _number(row["limit"]),
            f"{_number(row['ours'])} ({row['ours_share']:.0%})", row["peer_name"],
            f"{_number(row['peer'])} ({row['peer_share']:.0%})", row["stands_on"],
        )
        for row in limits
    ]  # fmt: skip
    return _table(("metric", "case", "settings", "limit", OURS, "peer", "of the peer", "stands on"), cells)


def _budgets_table(budgets: list[tuple[Row, Budget, bool]]) -> str:
    cells = [
        (METRICS[row.metric].title, row.case, row.settings, budget.text(), _number(row.ours), _number(row.peer),
         f"{row.median_ratio:.3f}", "held" if held else "MISSED")
        for row, budget, held in budgets
    ]  # fmt: skip
    return _table(("metric", "case", "settings", "budget", OURS, "peer", "median ratio", "verdict"), cells)


def _machine_text(machine: Record) -> str:
    facts = machine["facts"]
    identity = ", ".join(f"{name} {value}" for name, value in facts["processor_identity"].items())
    lines = [
        f"* {machine['date']}: {facts['processor']} ({identity}), {facts['cores']} cores"
        f"{', virtual' if facts['virtual'] else ''}, {facts['memory_bytes'] / 1e9:.1f} GB, Linux {facts['kernel']}, "
        f"{facts['c_library']}, {machine['file_system']}; {machine['threads']} threads",
        f"* features: {' '.join(facts['features'])}",
        f"* checkout: {machine['commit']}",
        *(f"* {name}: {value}" for name, value in machine["measured"].items()),
    ]
    return "\n".join(lines)


def _models_text(records: list[Record]) -> str:
    models = [
        f"* {model['name']}: {model['parameters'] / 1e9:.3f} billion parameters, {model['size_bytes'] / 1e6:.1f} MB"
        for model in _of_kind(records, "model")
    ]
    limits = [f"* {limit['name']}: {limit['bytes_per_s'] / 1e9:.2f} GB/s ({limit['method']})"
              for limit in _of_kind(records, "limit")]  # fmt: skip
    return "\n".join(models + limits)


def _of_kind(records: Iterable[Record], kind: str) -> list[Record]:
    return [{key: value for key, value in row.items() if key != "kind"} for row in records if row["kind"] == kind]


def _number(value: float) -> str:
    """A number with four digits, without an exponent."""
    digits = max(0, 3 - len(str(int(abs(value)))) + 1) if abs(value) >= 1 else 4
    return f"{value:.{digits}f}"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    all_rows = [columns, *rows]
    widths = [max(len(row[index]) for row in all_rows) for index in range(len(columns))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
             for row in all_rows]  # fmt: skip
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
